package org.geodex.token;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.information.PrincipalComponents;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.Stack;
import org.geodex.model.TokenBatch;
import org.geodex.statistics.Bootstrap;
import org.geodex.statistics.Interval;

/**
 * Sentences as sets of token rows: does the nearest other sentence come from the same document, and
 * so is about the same thing?
 *
 * <p>Distances between sentences: euclidean and cosine between their mean rows, and the three of
 * {@link CovarianceDistance} between their covariances, shrunk by {@value #SHRINKAGE}. Everything
 * looks at the first {@value #COMPONENTS} principal components of all token rows (all columns where
 * there are fewer): covariances of a few tokens in many columns are hardly more than their
 * shrinkage.
 *
 * @param seed of the bootstrap over sentences
 */
public record SentenceStudy(long seed) {
  private static final int COMPONENTS = 16;
  private static final double SHRINKAGE = 0.5;

  /** A covariance needs two rows; fewer than three say nothing. */
  private static final int SHORTEST = 3;

  /** A distance between sentences a and b. */
  @FunctionalInterface
  private interface Distance {
    double between(int a, int b);
  }

  /**
   * Runs a model over the first windows of a text and compares their sentences.
   *
   * @param windows how many, at most
   * @param layer hidden state to look at
   */
  public Map<String, Object> run(
      Backend backend, Model model, TokenTable table, int windows, int layer) {
    List<TokenTable.Window> used =
        table.windows().subList(0, Math.min(windows, table.windows().size()));
    int n = used.getLast().first() + used.getLast().length();
    Stack stack = model.config().decoderLayers() > 0 ? Stack.ENCODER : Stack.ONLY;
    try (Matrix.Owned rows = Matrix.allocate(n, model.config().width())) {
      for (TokenTable.Window window : used) {
        int end = window.first() + window.length();
        int[] ids = Arrays.copyOfRange(table.tokens(), window.first(), end);
        try (Activations run =
            model.forward(TokenBatch.of(ids), Keep.layers(layer), LayerHook.NONE)) {
          Matrix hidden = run.get(stack.hiddenName(layer));
          rows.rows(window.first(), end).segment().copyFrom(hidden.segment());
        }
      }
      return run(
          backend, rows, Arrays.copyOf(table.documents(), n), Arrays.copyOf(table.sentences(), n));
    }
  }

  /**
   * Compares all sentences of at least three tokens whose document has another one.
   *
   * @param x token rows [n,d]
   * @param documents the document of each row
   * @param sentences the sentence of each row within its document
   * @return keys for JSON: for each distance the share of sentences whose nearest other sentence is
   *     of the same document, with an interval over the sentences, and the share by chance
   * @throws InputException when no document has two such sentences, or only one document has
   */
  public Map<String, Object> run(Backend backend, Matrix x, int[] documents, int[] sentences) {
    List<int[]> ranges = ranges(documents, sentences);
    int[] labels = ranges.stream().mapToInt(range -> documents[range[0]]).toArray();
    if (Arrays.stream(labels).distinct().count() < 2) {
      throw new InputException(
          "sentences of one document only: retrieval needs two documents with two sentences of %d"
              + " tokens each",
          SHORTEST);
    }
    int components = (int) Math.min(COMPONENTS, Math.min(x.columns(), x.rows() - 1));
    List<Matrix64> covariances = new ArrayList<>();
    try (Matrix.Owned scores = PrincipalComponents.scores(backend, x, components)) {
      double[][] means = new double[labels.length][];
      for (int s = 0; s < labels.length; s++) {
        Matrix rows = scores.rows(ranges.get(s)[0], ranges.get(s)[1]);
        means[s] = backend.algebra().means(rows);
        covariances.add(CovarianceDistance.covariance(backend, rows, SHRINKAGE));
      }
      return summary(backend, labels, means, covariances, components);
    } finally {
      covariances.forEach(Matrix64::close);
    }
  }

  private Map<String, Object> summary(
      Backend backend, int[] labels, double[][] means, List<Matrix64> covariances, int components) {
    Map<String, Distance> distances = new LinkedHashMap<>();
    distances.put("mean_euclidean", (a, b) -> Vectors.euclidean(means[a], means[b]));
    distances.put("mean_cosine", (a, b) -> 1 - Vectors.cosine(means[a], means[b]));
    distances.put(
        "bures_wasserstein",
        (a, b) ->
            CovarianceDistance.buresWasserstein(backend, covariances.get(a), covariances.get(b)));
    distances.put(
        "affine_invariant",
        (a, b) ->
            CovarianceDistance.affineInvariant(backend, covariances.get(a), covariances.get(b)));
    distances.put(
        "log_euclidean",
        (a, b) -> CovarianceDistance.logEuclidean(backend, covariances.get(a), covariances.get(b)));
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("sentences", labels.length);
    result.put("components", components);
    result.put("shrinkage", SHRINKAGE);
    result.put("chance", chance(labels));
    distances.forEach(
        (name, distance) -> {
          Interval interval = Bootstrap.of(seed).mean(hits(backend, labels, distance));
          Map<String, Object> map = new LinkedHashMap<>();
          map.put("mean", interval.value());
          map.put("low", interval.low());
          map.put("high", interval.high());
          result.put(name, map);
        });
    return result;
  }

  /** First and one past the last row of each sentence that takes part. */
  private static List<int[]> ranges(int[] documents, int[] sentences) {
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
    return all.stream()
        .filter(
            range ->
                all.stream().anyMatch(o -> o != range && documents[o[0]] == documents[range[0]]))
        .toList();
  }

  /** 1 where the nearest other sentence has the same label, ties by lower number. */
  private static double[] hits(Backend backend, int[] labels, Distance distance) {
    double[] hits = new double[labels.length];
    backend
        .parallel()
        .forEach(
            labels.length,
            a -> {
              int nearest = -1;
              double least = Double.POSITIVE_INFINITY;
              for (int b = 0; b < labels.length; b++) {
                double value = b == a ? Double.NaN : distance.between((int) a, b);
                if (value < least) {
                  least = value;
                  nearest = b;
                }
              }
              hits[(int) a] = nearest >= 0 && labels[nearest] == labels[(int) a] ? 1 : 0;
            });
    return hits;
  }

  /** Mean share of the other sentences that have the same label. */
  private static double chance(int[] labels) {
    double sum = 0;
    for (int label : labels) {
      long same = Arrays.stream(labels).filter(other -> other == label).count() - 1;
      sum += (double) same / (labels.length - 1);
    }
    return sum / labels.length;
  }
}
