package org.geodex.corpus;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.geodex.error.InputException;

/**
 * Recovers from text alone the labels that the {@linkplain Language generator} knew: topic,
 * discourse roles, entities, sentence frames, word classes, heads and depths. A recursive descent
 * with one word of look-ahead; shares no rule with the generator.
 *
 * <p>{@link #parseDocument} expects a whole document. {@link #parseSentence} takes any single
 * sentence, for scoring text that a model wrote: grammar and agreement must hold, while topic,
 * collocations and entities are not looked at.
 *
 * <p>An object serves one thread.
 */
public final class DocumentParser {
  private static final int INTRODUCTIONS = 3;

  private final Lexicon words = Lexicon.get();
  private final WordScanner scanner = new WordScanner(words);
  private final Vocabulary vocabulary = new Vocabulary(words);
  private LabelledDocument document;
  private int at;

  /** Whether the noun phrase just read is a plural. */
  private boolean plural;

  private Frame frame;

  // Who is who, known after the introduction.
  private boolean whole;
  private final int[] names = new int[2];
  private final int[] roles = new int[2];
  private boolean firstIsWoman;
  private int thing;

  /** The text does not follow the grammar at word {@link #at}. */
  private static final class Mismatch extends RuntimeException {
    private static final long serialVersionUID = 1;

    Mismatch(String expected) {
      super(expected, null, false, false);
    }
  }

  /**
   * Parses one document.
   *
   * @throws InputException when the text is none of the language, with the place
   */
  public LabelledDocument parseDocument(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return parseDocument(bytes, 0, bytes.length, new LabelledDocument());
  }

  /** Topics of texts, as indices into {@link Lexicon#topicNames()}; null unless all have one. */
  public static int[] topics(List<String> texts) {
    DocumentParser parser = new DocumentParser();
    try {
      int[] topics = texts.stream().mapToInt(text -> parser.parseDocument(text).topic()).toArray();
      return Arrays.stream(topics).allMatch(topic -> topic >= 0) ? topics : null;
    } catch (InputException e) {
      return null;
    }
  }

  /** Parses a sentence with its final mark; empty when it is none of the language's. */
  public Optional<LabelledDocument> parseSentence(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    scanner.scan(bytes, 0, bytes.length);
    document = new LabelledDocument();
    at = 0;
    whole = false;
    try {
      sentence(DiscourseRole.ELABORATION);
      return at == scanner.count ? Optional.of(document) : Optional.empty();
    } catch (Mismatch e) {
      return Optional.empty();
    }
  }

  LabelledDocument parseDocument(byte[] text, int from, int to, LabelledDocument into) {
    scanner.scan(text, from, to);
    document = into;
    document.clear();
    at = 0;
    whole = true;
    names[0] = names[1] = roles[0] = roles[1] = thing = -1;
    try {
      document();
    } catch (Mismatch e) {
      int byteAt = at < scanner.count ? scanner.starts[at] - from : to - from;
      throw new InputException(
          "no text of the language: sentence %d, byte %d: expected %s",
          document.sentences() + 1, byteAt, e.getMessage());
    }
    return document;
  }

  private void document() {
    DiscourseRole role = DiscourseRole.INTRODUCTION;
    while (at < scanner.count || document.sentences() < INTRODUCTIONS) {
      if (document.sentences() == INTRODUCTIONS) {
        role = DiscourseRole.ELABORATION;
      }
      if (document.sentences() >= INTRODUCTIONS) {
        role = vocabulary.roleOpened(peek(), role);
      }
      sentence(role);
    }
  }

  // ---- Sentences.

  private void sentence(DiscourseRole role) {
    document.beginSentence();
    int start = at;
    if (at < scanner.count && !scanner.capital[at] && !vocabulary.isName(peek())) {
      throw new Mismatch("a capital");
    }
    if (vocabulary.isOpening(peek())) {
      take(WordClass.CONNECTIVE);
      take(words.comma, WordClass.PUNCTUATION);
    }
    int root = body();
    if (peek() == words.comma && (frame == Frame.DECLARATIVE || frame == Frame.COPULA)) {
      int comma = take(WordClass.PUNCTUATION);
      int and = take(WordClass.CONNECTIVE);
      int second = clause();
      attach(second, comma, and);
      attach(root, second);
      frame = Frame.COORDINATION;
    }
    take(frame == Frame.QUESTION ? words.questionMark : words.period, WordClass.PUNCTUATION);
    for (int i = start + 1; i < at; i++) {
      if (scanner.capital[i]) {
        at = i;
        throw new Mismatch("no capital");
      }
    }
    document.endSentence(frame, role, root);
  }

  /** The sentence up to its mark; sets {@link #frame} and returns the root. */
  private int body() {
    int first = peek();
    if (first == words.there) {
      return existential();
    }
    if (vocabulary.isSubordinator(first)) {
      return conditional();
    }
    if (first == words.does || first == words.doBase) {
      return doQuestion();
    }
    if (first == words.is || first == words.are) {
      return beQuestion();
    }
    int noun = nounPhrase(true);
    boolean many = plural;
    if (peek() == words.who) {
      frame = Frame.RELATIVE;
      int who = take(WordClass.RELATIVIZER);
      int inner = predicate(many);
      attach(inner, who);
      attach(noun, inner);
      int verb = predicate(many);
      attach(verb, noun);
      return verb;
    }
    if (peek() == words.which || peek() == words.that) {
      return objectRelative(noun, many);
    }
    if (peek() == words.is || peek() == words.are) {
      return afterBe(noun, be(many));
    }
    int adverb = optional(WordClass.ADVERB);
    if (vocabulary.isReport(peek())) {
      return report(noun, adverb, many);
    }
    if (vocabulary.isGive(peek())) {
      return dative(noun, adverb, many);
    }
    frame = Frame.DECLARATIVE;
    int verb = afterAdverb(adverb, many);
    attach(verb, noun);
    return verb;
  }

  private int existential() {
    frame = Frame.EXISTENTIAL;
    int there = take(WordClass.PRONOUN_SUBJECT);
    boolean many = peek() == words.are;
    int be = be(many);
    int noun = nounPhrase(false);
    agree(many);
    attach(be, there, noun);
    if (document.sentences() == INTRODUCTIONS - 1 && whole) {
      thing = document.form(noun);
      document.entity(noun, Entity.THING);
    }
    return be;
  }

  private int conditional() {
    int mark = take(WordClass.SUBORDINATOR);
    int condition = clause();
    int comma = take(words.comma, WordClass.PUNCTUATION);
    attach(condition, mark, comma);
    int verb = clause();
    attach(verb, condition);
    frame = Frame.CONDITIONAL;
    return verb;
  }

  private int doQuestion() {
    boolean many = peek() == words.doBase;
    int auxiliary = take(WordClass.AUXILIARY);
    int who = nounPhrase(true);
    agree(many);
    int verb = predicate(true);
    attach(verb, auxiliary, who);
    frame = Frame.QUESTION;
    return verb;
  }

  private int beQuestion() {
    boolean many = peek() == words.are;
    int be = take(WordClass.AUXILIARY);
    int noun = nounPhrase(true);
    agree(many);
    int adjective = adjective(noun, be, optional(WordClass.ADVERB));
    frame = Frame.QUESTION;
    return adjective;
  }

  private int objectRelative(int noun, boolean many) {
    int relativizer = take(WordClass.RELATIVIZER);
    int who = nounPhrase(true);
    boolean subjectPlural = plural;
    int adverb = optional(WordClass.ADVERB);
    int inner = verb(subjectPlural);
    attach(inner, relativizer, who, adverb);
    attach(noun, inner);
    int be = be(many);
    int adjective = adjective(noun, be, optional(WordClass.ADVERB));
    frame = Frame.RELATIVE;
    return adjective;
  }

  private int report(int who, int adverb, boolean many) {
    int verb = verb(many);
    int that = take(words.that, WordClass.SUBORDINATOR);
    int inner = clause();
    attach(inner, that);
    attach(verb, who, adverb, inner);
    frame = Frame.REPORT;
    return verb;
  }

  private int dative(int who, int adverb, boolean many) {
    int verb = verb(many);
    int first = nounPhrase(false);
    if (peek() == words.to) {
      int to = take(WordClass.PREPOSITION);
      int receiver = nounPhrase(false);
      attach(receiver, to);
      attach(verb, who, adverb, first, receiver);
    } else {
      attach(verb, who, adverb, first, nounPhrase(false));
    }
    frame = Frame.DATIVE;
    return verb;
  }

  /** Passive, adjective or noun after a form of be. */
  private int afterBe(int noun, int be) {
    if (vocabulary.isArticle(peek())) {
      return nominal(noun, be);
    }
    int adverb = optional(WordClass.ADVERB);
    if (!canBe(WordClass.PARTICIPLE)) {
      frame = Frame.COPULA;
      return adjective(noun, be, adverb);
    }
    frame = Frame.PASSIVE;
    int participle = take(WordClass.PARTICIPLE);
    attach(participle, noun, be, adverb);
    if (peek() == words.by) {
      int by = take(WordClass.PREPOSITION);
      int agent = nounPhrase(false);
      attach(agent, by);
      attach(participle, agent);
    }
    adjunct(participle);
    return participle;
  }

  /** Anna is a happy baker in the kitchen. */
  private int nominal(int name, int be) {
    int sentence = document.sentences();
    int noun = nounPhrase(false);
    if (whole && sentence < 2) {
      introduce(sentence, name, noun);
    }
    attach(noun, name, be);
    adjunct(noun);
    frame = Frame.COPULA;
    return noun;
  }

  private void introduce(int index, int name, int noun) {
    if (document.wordClass(name) != WordClass.NAME) {
      throw new Mismatch("a name");
    }
    names[index] = document.form(name);
    roles[index] = document.form(noun);
    if (index == 0) {
      firstIsWoman = vocabulary.isWoman(names[0]);
      document.topic(vocabulary.topic(roles[0]));
    }
    Entity entity = index == 0 ? Entity.FIRST : Entity.SECOND;
    document.entity(name, entity);
    document.entity(noun, entity);
  }

  // ---- Clauses.

  private int clause() {
    int noun = nounPhrase(true);
    boolean many = plural;
    if (peek() != words.is && peek() != words.are) {
      int verb = predicate(many);
      attach(verb, noun);
      return verb;
    }
    return adjective(noun, be(many), optional(WordClass.ADVERB));
  }

  private int predicate(boolean base) {
    return afterAdverb(optional(WordClass.ADVERB), base);
  }

  private int afterAdverb(int adverb, boolean base) {
    int verb = verb(base);
    attach(verb, adverb, nounPhrase(false));
    adjunct(verb);
    return verb;
  }

  private int adjective(int noun, int be, int degree) {
    int adjective = take(WordClass.ADJECTIVE);
    attach(adjective, noun, be, degree);
    return adjective;
  }

  private void adjunct(int head) {
    if (peek() == words.with || vocabulary.isAt(peek())) {
      int preposition = take(WordClass.PREPOSITION);
      int noun = nounPhrase(false);
      attach(noun, preposition);
      attach(head, noun);
    }
  }

  private int be(boolean many) {
    return take(many ? words.are : words.is, WordClass.AUXILIARY);
  }

  private int verb(boolean base) {
    return take(base ? WordClass.VERB_BASE : WordClass.VERB_SINGULAR);
  }

  private void agree(boolean many) {
    if (plural != many) {
      throw new Mismatch(many ? "a plural" : "a singular");
    }
  }

  // ---- Noun phrases.

  private int nounPhrase(boolean isSubject) {
    plural = false;
    if (canBe(WordClass.NAME)) {
      return takeNamed(WordClass.NAME);
    }
    if (canBe(isSubject ? WordClass.PRONOUN_SUBJECT : WordClass.PRONOUN_OBJECT)
        && !possessiveAhead(isSubject)) {
      plural = peek() == words.they || peek() == words.them;
      return takeNamed(isSubject ? WordClass.PRONOUN_SUBJECT : WordClass.PRONOUN_OBJECT);
    }
    boolean one = vocabulary.isSingular(peek());
    boolean several = vocabulary.isPlural(peek());
    int determiner = determiner();
    int attribute = optional(WordClass.ADJECTIVE);
    boolean many = several || !one && canBe(WordClass.NOUN_PLURAL);
    int noun = takeNamed(many ? WordClass.NOUN_PLURAL : WordClass.NOUN_SINGULAR);
    attach(noun, determiner, attribute);
    if (vocabulary.isNear(peek())) {
      int preposition = take(WordClass.PREPOSITION);
      int place = nounPhrase(false);
      attach(place, preposition);
      attach(noun, place);
    }
    plural = many;
    return noun;
  }

  /** Whether {@code her} begins "her soup": only then a noun or its adjective follows. */
  private boolean possessiveAhead(boolean isSubject) {
    if (isSubject || peek() != words.her || at + 1 >= scanner.count) {
      return false;
    }
    int next = scanner.forms[at + 1];
    return next >= 0
        && (words.can(next, WordClass.ADJECTIVE)
            || words.can(next, WordClass.NOUN_SINGULAR)
            || words.can(next, WordClass.NOUN_PLURAL));
  }

  private int determiner() {
    if (canBe(WordClass.POSSESSIVE)) {
      return takeNamed(WordClass.POSSESSIVE);
    }
    if (peek() == words.the) {
      return take(WordClass.DEFINITE);
    }
    if (!vocabulary.isArticle(peek())) {
      return take(WordClass.QUANTIFIER);
    }
    int next = at + 1 < scanner.count ? scanner.forms[at + 1] : -1;
    boolean vowel = next >= 0 && "aeiou".indexOf(words.text(next).charAt(0)) >= 0;
    return take(vowel ? words.an : words.a, WordClass.INDEFINITE);
  }

  /** Takes a word that may refer to an entity. */
  private int takeNamed(WordClass wordClass) {
    int word = take(wordClass);
    if (whole) {
      document.entity(word, entity(document.form(word)));
    }
    return word;
  }

  private Entity entity(int form) {
    if (form == names[0] || form == roles[0]) {
      return Entity.FIRST;
    }
    if (form == names[1] || form == roles[1]) {
      return Entity.SECOND;
    }
    if (form == thing || form == words.it) {
      return Entity.THING;
    }
    if (form == words.they
        || form == words.them
        || form == words.their
        || vocabulary.isGroup(form, document.topic())) {
      return Entity.GROUP;
    }
    boolean woman = form == words.she || form == words.her;
    boolean man = form == words.he || form == words.him || form == words.his;
    return woman || man ? (woman == firstIsWoman ? Entity.FIRST : Entity.SECOND) : Entity.NONE;
  }

  // ---- Words.

  private int peek() {
    return at < scanner.count ? scanner.forms[at] : -1;
  }

  private boolean canBe(WordClass wordClass) {
    int form = peek();
    return form >= 0 && words.can(form, wordClass);
  }

  private int optional(WordClass wordClass) {
    return canBe(wordClass) ? take(wordClass) : -1;
  }

  private int take(int form, WordClass wordClass) {
    if (peek() != form) {
      throw new Mismatch("'" + words.text(form) + "'");
    }
    return take(wordClass);
  }

  private int take(WordClass wordClass) {
    if (!canBe(wordClass)) {
      throw new Mismatch(wordClass.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '));
    }
    return document.add(scanner.forms[at++], wordClass, Entity.NONE, Double.NaN);
  }

  private void attach(int head, int... dependents) {
    for (int dependent : dependents) {
      if (dependent >= 0) {
        document.attach(dependent, head);
      }
    }
  }
}
