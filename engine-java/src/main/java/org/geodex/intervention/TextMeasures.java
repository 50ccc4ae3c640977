package org.geodex.intervention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.geodex.activation.TextDocuments;

/**
 * Measures that the text alone gives. NaN where a text does not define one, such as the variance of
 * fewer than two sentence lengths. An object serves one thread.
 */
public final class TextMeasures {
  /** TTR at which MTLD ends a factor (McCarthy, Jarvis 2010). */
  private static final double MTLD_THRESHOLD = 0.72;

  private static final int REPEATED_WORDS = 4;
  private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}]+(?:['’-][\\p{L}\\p{N}]+)*");
  private static final Pattern TOKEN = Pattern.compile(WORD.pattern() + "|[^\\s\\p{L}\\p{N}]");
  private static final Pattern FINISHED = Pattern.compile(".*[.!?][\"'”’)]*\\s*", Pattern.DOTALL);

  private final SentenceParser parser;

  /**
   * Prepares.
   *
   * @param parser of the text's language; null where there is none, which leaves the measures of
   *     structure and entities out
   */
  public TextMeasures(SentenceParser parser) {
    this.parser = parser;
  }

  /** Every measure of a text; those that could not be measured at all are absent. */
  public Map<Measure, Double> of(String text) {
    Map<Measure, Double> values = new EnumMap<>(Measure.class);
    List<String> words = words(text);
    List<String> tokens = matches(TOKEN, text);
    values.put(Measure.WORDS, (double) words.size());
    values.put(Measure.TYPE_TOKEN_RATIO, distinct(words, 1));
    values.put(Measure.MTLD, mtld(words));
    values.put(Measure.DISTINCT_1, distinct(tokens, 1));
    values.put(Measure.DISTINCT_2, distinct(tokens, 2));
    values.put(Measure.REPETITION, 1 - distinct(words, REPEATED_WORDS));
    List<String> sentences = sentences(text);
    double[] lengths = sentences.stream().mapToDouble(s -> words(s).size()).toArray();
    values.put(Measure.SENTENCES, (double) lengths.length);
    values.put(Measure.SENTENCE_LENGTH, Arrays.stream(lengths).average().orElse(Double.NaN));
    values.put(Measure.SENTENCE_LENGTH_VARIANCE, variance(lengths));
    structure(sentences, values);
    sentiment(sentences, values);
    return values;
  }

  /** Runs of letters and digits, with apostrophes and hyphens inside, in lower case. */
  public static List<String> words(String text) {
    return matches(WORD, text.toLowerCase(Locale.ROOT));
  }

  private static List<String> matches(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(MatchResult::group).toList();
  }

  /**
   * Sentences that end in a full stop, question or exclamation mark; what is cut off is not one.
   */
  public static List<String> sentences(String text) {
    int[] starts = TextDocuments.sentenceStarts(text);
    List<String> sentences = new ArrayList<>();
    for (int i = 0; i < starts.length; i++) {
      String piece =
          text.substring(starts[i], i + 1 < starts.length ? starts[i + 1] : text.length());
      if (FINISHED.matcher(piece).matches() && !words(piece).isEmpty()) {
        sentences.add(piece.strip());
      }
    }
    return sentences;
  }

  /** Different n-grams over all n-grams; NaN when there is none. */
  static double distinct(List<String> tokens, int n) {
    int count = tokens.size() - n + 1;
    if (count < 1) {
      return Double.NaN;
    }
    Set<List<String>> different = new HashSet<>();
    for (int i = 0; i < count; i++) {
      different.add(tokens.subList(i, i + n));
    }
    return (double) different.size() / count;
  }

  /**
   * Measure of textual lexical diversity: words over the number of factors, runs whose type–token
   * ratio falls to 0.72, the unfinished last one counted in part; mean of reading forwards and
   * backwards. NaN where no word repeats.
   */
  static double mtld(List<String> words) {
    double forwards = words.size() / factors(words);
    double backwards = words.size() / factors(words.reversed());
    double mean = (forwards + backwards) / 2;
    return Double.isInfinite(mean) ? Double.NaN : mean;
  }

  private static double factors(List<String> words) {
    double factors = 0;
    Set<String> types = new HashSet<>();
    int length = 0;
    double ratio = 1;
    for (String word : words) {
      types.add(word);
      length++;
      ratio = (double) types.size() / length;
      if (ratio <= MTLD_THRESHOLD) {
        factors++;
        types.clear();
        length = 0;
        ratio = 1;
      }
    }
    return factors + (1 - ratio) / (1 - MTLD_THRESHOLD);
  }

  /** With divisor n − 1. */
  private static double variance(double[] values) {
    double mean = Arrays.stream(values).average().orElse(0);
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return values.length < 2 ? Double.NaN : squares / (values.length - 1);
  }

  private void structure(List<String> sentences, Map<Measure, Double> values) {
    if (parser == null) {
      return;
    }
    int parsed = 0;
    int deepest = 0;
    long depths = 0;
    long words = 0;
    List<Set<String>> grid = new ArrayList<>();
    for (String sentence : sentences) {
      var parse = parser.parse(sentence);
      grid.add(parse.<Set<String>>map(p -> new HashSet<>(p.entities())).orElse(null));
      if (parse.isPresent()) {
        parsed++;
        for (int depth : parse.get().depths()) {
          deepest = Math.max(deepest, depth);
          depths += depth;
          words++;
        }
      }
    }
    if (parser.judges()) {
      values.put(Measure.GRAMMATICAL, ratio(parsed, sentences.size()));
    }
    values.put(Measure.DEPTH_MAX, parsed == 0 ? Double.NaN : deepest);
    values.put(Measure.DEPTH_MEAN, ratio(depths, words));
    values.put(Measure.ENTITY_CONTINUITY, continuity(grid));
  }

  /** Share of entities in both of two neighbouring sentences among those in either, pooled. */
  private static double continuity(List<Set<String>> grid) {
    long both = 0;
    long either = 0;
    for (int i = 1; i < grid.size(); i++) {
      if (grid.get(i - 1) != null && grid.get(i) != null) {
        Set<String> union = new HashSet<>(grid.get(i - 1));
        union.addAll(grid.get(i));
        either += union.size();
        both += grid.get(i - 1).size() + grid.get(i).size() - union.size();
      }
    }
    return ratio(both, either);
  }

  private static void sentiment(List<String> sentences, Map<Measure, Double> values) {
    double[] valences =
        sentences.stream()
            .map(sentence -> SentimentLexicon.get().valence(words(sentence)))
            .filter(OptionalDouble::isPresent)
            .mapToDouble(OptionalDouble::getAsDouble)
            .toArray();
    int same = 0;
    for (int i = 1; i < valences.length; i++) {
      same += Math.signum(valences[i]) == Math.signum(valences[i - 1]) ? 1 : 0;
    }
    values.put(Measure.SENTIMENT, Arrays.stream(valences).average().orElse(Double.NaN));
    values.put(Measure.SENTIMENT_CONSISTENCY, ratio(same, valences.length - 1L));
  }

  /** NaN where there is nothing to have a share in. */
  private static double ratio(long part, long all) {
    return all <= 0 ? Double.NaN : (double) part / all;
  }
}
