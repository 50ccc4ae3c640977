package org.geodex.intervention;

import java.util.Locale;

/** What is measured on a generated text; {@code docs/estimators.md} has every definition. */
public enum Measure {
  WORDS("words"),
  TYPE_TOKEN_RATIO("type-token ratio"),
  MTLD("MTLD"),
  DISTINCT_1("distinct-1"),
  DISTINCT_2("distinct-2"),
  REPETITION("repetition"),
  SENTENCES("sentences"),
  SENTENCE_LENGTH("sentence length"),
  SENTENCE_LENGTH_VARIANCE("sentence length variance"),
  GRAMMATICAL("grammatical"),
  DEPTH_MAX("dependency depth, max"),
  DEPTH_MEAN("dependency depth, mean"),
  COHERENCE("coherence"),
  ENTITY_CONTINUITY("entity continuity"),
  TOPIC_CONSISTENCY("topic consistency"),
  SENTIMENT("sentiment"),
  SENTIMENT_CONSISTENCY("sentiment consistency"),
  PERPLEXITY("perplexity");

  private final String words;

  Measure(String words) {
    this.words = words;
  }

  /** The name in a table. */
  public String words() {
    return words;
  }

  /** The key in JSON. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
