package org.geodex.corpus;

/** The local scale: the class of a word in its sentence. */
public enum WordClass {
  DEFINITE,
  INDEFINITE,
  QUANTIFIER,
  POSSESSIVE,
  NOUN_SINGULAR,
  NOUN_PLURAL,
  NAME,
  PRONOUN_SUBJECT,
  PRONOUN_OBJECT,
  ADJECTIVE,
  ADVERB,
  VERB_SINGULAR,
  /** Plural and bare form: {@code they stir}, {@code does she stir}. */
  VERB_BASE,
  PARTICIPLE,
  AUXILIARY,
  PREPOSITION,
  RELATIVIZER,
  SUBORDINATOR,
  CONNECTIVE,
  PUNCTUATION;

  /** Whether its words name, describe or act: nouns, names, adjectives, adverbs, full verbs. */
  public boolean isContent() {
    return switch (this) {
      case NOUN_SINGULAR,
          NOUN_PLURAL,
          NAME,
          ADJECTIVE,
          ADVERB,
          VERB_SINGULAR,
          VERB_BASE,
          PARTICIPLE ->
          true;
      default -> false;
    };
  }

  /** This class as one bit of a set of classes. */
  int bit() {
    return 1 << ordinal();
  }
}
