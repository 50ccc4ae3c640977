package org.geodex.intervention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.geodex.corpus.Corpus;
import org.geodex.corpus.LabelledDocument;
import org.geodex.corpus.WordClass;
import org.junit.jupiter.api.Test;

/** Counted by hand, and against what the generator of the language knows. */
class TextMeasuresTest {
  private static final double EXACT = 1e-12;
  private final TextMeasures measures = new TextMeasures(SentenceParser.ofLanguage());

  private double of(Measure measure, String text) {
    return measures.of(text).get(measure);
  }

  @Test
  void lexicalMeasuresByHand() {
    String text = "The cat saw the dog. The dog, she ran. An";
    // the cat saw the dog the dog she ran an: 10 words, 7 types.
    assertEquals(10, of(Measure.WORDS, text));
    assertEquals(7.0 / 10, of(Measure.TYPE_TOKEN_RATIO, text), EXACT);
    // The cat saw the dog . The dog , she ran . An: 13 tokens; The, cat, saw, the, dog, ., ",",
    // she, ran, An are 10.
    assertEquals(10.0 / 13, of(Measure.DISTINCT_1, text), EXACT);
    // No pair of neighbours comes twice.
    assertEquals(1, of(Measure.DISTINCT_2, text), EXACT);
    assertEquals(0, of(Measure.REPETITION, text), EXACT);
    // "An" is cut off, so two sentences of five and four words.
    assertEquals(2, of(Measure.SENTENCES, text));
    assertEquals(4.5, of(Measure.SENTENCE_LENGTH, text), EXACT);
    assertEquals(0.5, of(Measure.SENTENCE_LENGTH_VARIANCE, text), EXACT);
  }

  /** a b c d a b c d: five runs of four words, four of them different. */
  @Test
  void repetitionByHand() {
    assertEquals(1 - 4.0 / 5, of(Measure.REPETITION, "a b c d a b c d"), EXACT);
  }

  /**
   * a b a | b a b: the ratio falls to 2/3 at every third word, two factors in six words either way.
   * a b c a: 3/4 is above 0.72 and makes 0.25/0.28 of a factor; backwards alike. a b a | b: one
   * factor and a run of ratio 1, which adds nothing.
   */
  @Test
  void mtldByHand() {
    assertEquals(3, TextMeasures.mtld(List.of("a", "b", "a", "b", "a", "b")), EXACT);
    assertEquals(4 / (0.25 / 0.28), TextMeasures.mtld(List.of("a", "b", "c", "a")), EXACT);
    assertEquals(Double.NaN, TextMeasures.mtld(List.of("a", "b", "c")));
    assertEquals(4, TextMeasures.mtld(List.of("a", "b", "a", "b")), EXACT);
  }

  /** Valences of VADER: happy 2.7, proud 2.1, angry −2.3; the third sentence has none. */
  @Test
  void sentimentByHand() {
    String text = "Anna is happy. Ben is angry. There is a cake. Anna is proud and happy.";
    assertEquals((2.7 - 2.3 + 2.4) / 3, of(Measure.SENTIMENT, text), EXACT);
    assertEquals(0, of(Measure.SENTIMENT_CONSISTENCY, text), EXACT);
    assertEquals(1, of(Measure.SENTIMENT_CONSISTENCY, "Anna is happy. Ben is proud."), EXACT);
  }

  /**
   * "Anna stirs the soup." has depths Anna 1, stirs 0, the 2, soup 1; "Anna is happy." 1, 1, 0. The
   * entities anna, soup and anna share one of two.
   */
  @Test
  void structureByHand() {
    String text = "Anna stirs the soup. Anna is happy. Soup the stirs.";
    assertEquals(2.0 / 3, of(Measure.GRAMMATICAL, text), EXACT);
    assertEquals(2, of(Measure.DEPTH_MAX, text));
    assertEquals((4 + 2) / 7.0, of(Measure.DEPTH_MEAN, text), EXACT);
    assertEquals(0.5, of(Measure.ENTITY_CONTINUITY, text), EXACT);
  }

  @Test
  void aTextOfNothingHasNoMeasures() {
    Map<Measure, Double> values = measures.of("");
    assertEquals(0, values.get(Measure.WORDS));
    assertEquals(0, values.get(Measure.SENTENCES));
    assertEquals(Double.NaN, values.get(Measure.TYPE_TOKEN_RATIO));
    assertEquals(Double.NaN, values.get(Measure.DEPTH_MEAN));
    assertFalse(new TextMeasures(null).of("Anna runs.").containsKey(Measure.DEPTH_MAX));
  }

  @Test
  void measuresEqualWhatTheGeneratorKnows() {
    for (LabelledDocument document : new Corpus(4321, 1000).documents()) {
      Map<Measure, Double> values = measures.of(document.text());
      List<String> words = new ArrayList<>();
      int[] lengths = new int[document.sentences()];
      int deepest = 0;
      long depths = 0;
      List<Set<String>> entities = new ArrayList<>();
      for (int s = 0; s < document.sentences(); s++) {
        entities.add(new HashSet<>());
      }
      for (int i = 0; i < document.size(); i++) {
        WordClass wordClass = document.wordClass(i);
        if (wordClass == WordClass.PUNCTUATION) {
          continue;
        }
        String word = document.word(i).toLowerCase(Locale.ROOT);
        words.add(word);
        lengths[document.sentence(i)]++;
        deepest = Math.max(deepest, document.depth(i));
        depths += document.depth(i);
        if (Set.of(WordClass.NAME, WordClass.NOUN_SINGULAR, WordClass.NOUN_PLURAL)
            .contains(wordClass)) {
          entities.get(document.sentence(i)).add(word);
        }
      }
      double mean = Arrays.stream(lengths).average().orElseThrow();
      double variance =
          Arrays.stream(lengths).mapToDouble(n -> (n - mean) * (n - mean)).sum()
              / (lengths.length - 1);
      String text = document.text();
      assertEquals(words.size(), values.get(Measure.WORDS), text);
      assertEquals(
          new HashSet<>(words).size() / (double) words.size(),
          values.get(Measure.TYPE_TOKEN_RATIO),
          EXACT);
      assertEquals(document.sentences(), values.get(Measure.SENTENCES), text);
      assertEquals(mean, values.get(Measure.SENTENCE_LENGTH), 1e-9, text);
      assertEquals(variance, values.get(Measure.SENTENCE_LENGTH_VARIANCE), 1e-9, text);
      assertEquals(1, values.get(Measure.GRAMMATICAL), text);
      assertEquals(deepest, values.get(Measure.DEPTH_MAX), text);
      assertEquals(depths / (double) words.size(), values.get(Measure.DEPTH_MEAN), 1e-9, text);
      assertEquals(continuity(entities), values.get(Measure.ENTITY_CONTINUITY), EXACT, text);
    }
  }

  private static double continuity(List<Set<String>> grid) {
    int both = 0;
    int either = 0;
    for (int i = 1; i < grid.size(); i++) {
      for (String entity : grid.get(i)) {
        both += grid.get(i - 1).contains(entity) ? 1 : 0;
        either += grid.get(i - 1).contains(entity) ? 0 : 1;
      }
      either += grid.get(i - 1).size();
    }
    return both / (double) either;
  }
}
