package org.geodex.intervention;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import org.geodex.corpus.DocumentParser;
import org.geodex.corpus.LabelledDocument;
import org.geodex.corpus.WordClass;

/**
 * A dependency parser of single sentences. An object serves one thread. One of English is a
 * service: the profile {@code corenlp} builds it around Stanford CoreNLP, whose licence, GPL, keeps
 * it out of every other build.
 */
public interface SentenceParser {
  /** The parse of a sentence with its final mark; empty when there is none. */
  Optional<Parse> parse(String sentence);

  /** Whether it parses only what is grammatical, so that a parse is a judgement. */
  default boolean judges() {
    return true;
  }

  /**
   * A sentence's tree.
   *
   * @param depths heads above each word, punctuation left out; 0 for the root
   * @param entities its nouns and names, in lower case
   */
  record Parse(int[] depths, List<String> entities) {}

  /** The parser of the {@linkplain org.geodex.corpus.Language demo's language}. */
  static SentenceParser ofLanguage() {
    DocumentParser parser = new DocumentParser();
    return sentence -> parser.parseSentence(sentence).map(SentenceParser::of);
  }

  /** The parser of English on the class path; null where this build has none. */
  static SentenceParser ofEnglish() {
    return ServiceLoader.load(SentenceParser.class).findFirst().orElse(null);
  }

  private static Parse of(LabelledDocument sentence) {
    List<Integer> depths = new ArrayList<>();
    List<String> entities = new ArrayList<>();
    for (int i = 0; i < sentence.size(); i++) {
      WordClass wordClass = sentence.wordClass(i);
      if (wordClass != WordClass.PUNCTUATION) {
        depths.add(sentence.depth(i));
      }
      if (wordClass == WordClass.NAME
          || wordClass == WordClass.NOUN_SINGULAR
          || wordClass == WordClass.NOUN_PLURAL) {
        entities.add(sentence.word(i).toLowerCase(java.util.Locale.ROOT));
      }
    }
    return new Parse(depths.stream().mapToInt(Integer::intValue).toArray(), entities);
  }
}
