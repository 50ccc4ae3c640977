package org.geodex.token;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntBinaryOperator;
import java.util.function.Supplier;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.information.PrincipalComponents;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Vectors;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.TokenBatch;
import org.geodex.statistics.Bootstrap;
import org.geodex.statistics.Interval;

/**
 * Sentences as sets of token rows: does the nearest other sentence come from the same document, and
 * where topics are known, is the nearest sentence of another document about the same topic?
 *
 * <p>Distances between sentences: euclidean and cosine between their mean rows, and the three of
 * {@link CovarianceDistance} between their covariances, shrunk by {@value #SHRINKAGE}; the latter
 * once in all columns ({@code full_…}) and once in the first {@value #COMPONENTS} principal
 * components of all token rows, since covariances of a few tokens in many columns are hardly more
 * than their shrinkage.
 *
 * @param most sentences that take part, the first ones: their pairs are looked at one by one
 * @param seed of the bootstrap over sentences
 */
public record SentenceStudy(int most, long seed) {
  private static final int COMPONENTS = 16;
  private static final double SHRINKAGE = 0.5;

  /** A covariance needs two rows; fewer than three say nothing. */
  private static final int SHORTEST = 3;

  /**
   * Adds what a study gives under {@code sentences}; a text of one document, or of documents of one
   * sentence, has nothing to retrieve, which becomes a warning.
   */
  public static void addTo(Map<String, Object> result, Supplier<Map<String, Object>> study) {
    try {
      result.put("sentences", study.get());
    } catch (InputException e) {
      result.put("warnings", List.of("no sentence retrieval: " + e.getMessage()));
    }
  }

  /**
   * Runs a model over the first windows of a text and compares their sentences.
   *
   * @param windows how many, at most
   * @param layer hidden state to look at
   * @param topics topic of each document, or null
   */
  public Map<String, Object> run(
      Backend backend, Model model, TokenTable table, int windows, int layer, int[] topics) {
    List<TokenTable.Window> used =
        table.windows().subList(0, Math.min(windows, table.windows().size()));
    int n = used.getLast().first() + used.getLast().length();
    try (Matrix.Owned rows = Matrix.allocate(n, model.config().width())) {
      for (TokenTable.Window window : used) {
        int end = window.first() + window.length();
        int[] ids = Arrays.copyOfRange(table.tokens(), window.first(), end);
        try (Activations run =
            model.forward(TokenBatch.of(ids), Keep.layers(layer), LayerHook.NONE)) {
          Matrix hidden = run.get(model.config().reader().hiddenName(layer));
          rows.rows(window.first(), end).copyFrom(hidden);
        }
      }
      int[] documents = Arrays.copyOf(table.documents(), n);
      return run(backend, rows, documents, Arrays.copyOf(table.sentences(), n), topics);
    }
  }

  /**
   * Compares sentences of at least three tokens whose document has another one.
   *
   * @param x token rows [n,d]
   * @param documents the document of each row
   * @param sentences the sentence of each row within its document
   * @param topics topic of each document, or null
   * @return keys for JSON: for each distance the share of sentences whose nearest other sentence is
   *     of the same document, with an interval over the sentences, and the share by chance; under
   *     {@code same_topic} the same for topics, with the sentences of other documents alone
   * @throws InputException when no document has two such sentences, or only one document has
   */
  public Map<String, Object> run(
      Backend backend, Matrix x, int[] documents, int[] sentences, int[] topics) {
    List<int[]> ranges = ranges(documents, sentences);
    int[] labels = ranges.stream().mapToInt(range -> documents[range[0]]).toArray();
    if (Arrays.stream(labels).distinct().count() < 2) {
      throw new InputException(
          "sentences of one document only: retrieval needs two documents with two sentences of %d"
              + " tokens each",
          SHORTEST);
    }
    Map<String, double[][]> distances = distances(backend, x, ranges);
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("sentences", labels.length);
    result.put("components", components(x));
    result.put("shrinkage", SHRINKAGE);
    result.putAll(
        retrieval(distances, labels.length, (a, b) -> a == b ? -1 : same(labels[a], labels[b])));
    if (topics != null) {
      IntBinaryOperator sameTopic =
          (a, b) -> labels[a] == labels[b] ? -1 : same(topics[labels[a]], topics[labels[b]]);
      result.put("same_topic", retrieval(distances, labels.length, sameTopic));
    }
    return result;
  }

  private static int same(int a, int b) {
    return a == b ? 1 : 0;
  }

  private static int components(Matrix x) {
    return (int) Math.min(COMPONENTS, Math.min(x.columns(), x.rows() - 1));
  }

  private static Map<String, double[][]> distances(Backend backend, Matrix x, List<int[]> ranges) {
    Map<String, double[][]> distances = new LinkedHashMap<>();
    int components = components(x);
    try (Matrix.Owned scores = PrincipalComponents.scores(backend, x, components)) {
      addMeans(scores, ranges, distances);
      addCovariances(backend, scores, ranges, "", distances);
    }
    if (components < x.columns()) {
      addCovariances(backend, x, ranges, "full_", distances);
    }
    return distances;
  }

  private static void addMeans(Matrix x, List<int[]> ranges, Map<String, double[][]> distances) {
    int n = ranges.size();
    double[][] means = ranges.stream().map(r -> mean(rows(x, r))).toArray(double[][]::new);
    double[][] euclidean = new double[n][n];
    double[][] cosine = new double[n][n];
    for (int a = 0; a < n; a++) {
      for (int b = 0; b < n; b++) {
        euclidean[a][b] = Vectors.euclidean(means[a], means[b]);
        cosine[a][b] = 1 - Vectors.cosine(means[a], means[b]);
      }
    }
    distances.put("mean_euclidean", euclidean);
    distances.put("mean_cosine", cosine);
  }

  private static void addCovariances(
      Backend backend,
      Matrix x,
      List<int[]> ranges,
      String prefix,
      Map<String, double[][]> distances) {
    int n = ranges.size();
    double[][][] rows = ranges.stream().map(r -> centred(rows(x, r))).toArray(double[][][]::new);
    double[][] bures = new double[n][n];
    double[][] affine = new double[n][n];
    double[][] logs = new double[n][n];
    backend
        .parallel()
        .forEach(
            n,
            a -> {
              int i = (int) a;
              for (int j = 0; j < i; j++) {
                var distance = CovarianceDistance.between(backend, rows[i], rows[j], SHRINKAGE);
                bures[i][j] = bures[j][i] = distance.buresWasserstein();
                affine[i][j] = affine[j][i] = distance.affineInvariant();
                logs[i][j] = logs[j][i] = distance.logEuclidean();
              }
            });
    distances.put(prefix + "bures_wasserstein", bures);
    distances.put(prefix + "affine_invariant", affine);
    distances.put(prefix + "log_euclidean", logs);
  }

  private static double[][] rows(Matrix x, int... range) {
    double[][] rows = new double[range[1] - range[0]][x.columns()];
    for (int i = 0; i < rows.length; i++) {
      x.copyRow(range[0] + i, rows[i]);
    }
    return rows;
  }

  private static double[] mean(double[][] rows) {
    double[] mean = new double[rows[0].length];
    for (double[] row : rows) {
      for (int j = 0; j < mean.length; j++) {
        mean[j] += row[j] / rows.length;
      }
    }
    return mean;
  }

  private static double[][] centred(double[][] rows) {
    double[] mean = mean(rows);
    for (double[] row : rows) {
      for (int j = 0; j < mean.length; j++) {
        row[j] -= mean[j];
      }
    }
    return rows;
  }

  /** First and one past the last row of each sentence that takes part. */
  private List<int[]> ranges(int[] documents, int[] sentences) {
    List<int[]> all = new ArrayList<>();
    int start = 0;
    for (int i = 1; i <= documents.length; i++) {
      if (i == documents.length
          || documents[i] != documents[start]
          || sentences[i] != sentences[start]) {
        if (i - start >= SHORTEST) {
          all.add(new int[] {start, i});
        }
        start = i;
      }
    }
    List<int[]> first = all.subList(0, Math.min(most, all.size()));
    return first.stream()
        .filter(
            range ->
                first.stream().anyMatch(o -> o != range && documents[o[0]] == documents[range[0]]))
        .toList();
  }

  /**
   * How often the nearest sentence is a right one, ties by lower number.
   *
   * @param right of two sentences: 1 right, 0 wrong, −1 not to be compared
   */
  private Map<String, Object> retrieval(
      Map<String, double[][]> distances, int n, IntBinaryOperator right) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("chance", chance(n, right));
    distances.forEach(
        (name, distance) -> {
          Interval interval = Bootstrap.of(seed).mean(hits(distance, right));
          Map<String, Object> map = new LinkedHashMap<>();
          map.put("mean", interval.value());
          map.put("low", interval.low());
          map.put("high", interval.high());
          result.put(name, map);
        });
    return result;
  }

  private static double[] hits(double[][] distance, IntBinaryOperator right) {
    double[] hits = new double[distance.length];
    for (int a = 0; a < hits.length; a++) {
      double least = Double.POSITIVE_INFINITY;
      for (int b = 0; b < hits.length; b++) {
        int is = right.applyAsInt(a, b);
        if (is >= 0 && distance[a][b] < least) {
          least = distance[a][b];
          hits[a] = is;
        }
      }
    }
    return hits;
  }

  /** Mean share of the compared sentences that are right. */
  private static double chance(int n, IntBinaryOperator right) {
    double sum = 0;
    for (int a = 0; a < n; a++) {
      int compared = 0;
      int found = 0;
      for (int b = 0; b < n; b++) {
        int is = right.applyAsInt(a, b);
        compared += is >= 0 ? 1 : 0;
        found += Math.max(0, is);
      }
      sum += compared == 0 ? 0 : (double) found / compared;
    }
    return sum / n;
  }
}
