package org.geodex.similarity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.entropy.EntropyEstimator;
import org.geodex.entropy.EntropyEstimator.Settings;
import org.geodex.entropy.RowForm;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;
import org.geodex.similarity.CanonicalCorrelation.Form;
import org.geodex.similarity.RepresentationalSimilarity.Correlation;
import org.junit.jupiter.api.Test;

/** Every estimator and measure against {@code goldens/similarity.json}; the script is beside it. */
class GoldenTest {
  /** f64 on both sides; only the median distance and rank sums pass through f32. */
  private static final double RTOL = 1e-9;

  private static final double RTOL_PAIRS = 2e-6;

  private static final Map<String, Similarity> MEASURES =
      Map.ofEntries(
          Map.entry("cka", new CkaLinear()),
          Map.entry("cka-debiased", new CkaDebiased()),
          Map.entry("cka-rbf", new CkaRbf()),
          Map.entry("cca", new CanonicalCorrelation(Form.CCA)),
          Map.entry("pwcca", new CanonicalCorrelation(Form.PWCCA)),
          Map.entry("svcca-0.8", new CanonicalCorrelation(Form.SVCCA, 0.8)),
          Map.entry("procrustes", new Procrustes()),
          Map.entry("distance-correlation", new DistanceCorrelation(false)),
          Map.entry("distance-correlation-unbiased", new DistanceCorrelation(true)),
          Map.entry("rsa-spearman", new RepresentationalSimilarity(Correlation.SPEARMAN)),
          Map.entry("rsa-pearson", new RepresentationalSimilarity(Correlation.PEARSON)),
          Map.entry("mutual-knn", new MutualNeighbours(5, Metric.COSINE)));

  private static JsonNode goldens() throws IOException {
    try (InputStream in = GoldenTest.class.getResourceAsStream("/goldens/similarity.json")) {
      return new ObjectMapper().readTree(in).get("cases");
    }
  }

  /** Knuth's MMIX generator, its upper 24 bits in [-1, 1), as in the script. */
  private static float[][] uniform(long seed, int n, int d) {
    float[][] rows = new float[n][d];
    long state = seed;
    for (float[] row : rows) {
      for (int j = 0; j < d; j++) {
        state = state * 6364136223846793005L + 1442695040888963407L;
        row[j] = (float) ((state >>> 40) / 0x1p23 - 1);
      }
    }
    return rows;
  }

  private record Pair(float[][] x, float[][] y) {}

  private static Pair pair(JsonNode golden) {
    int n = golden.get("n").asInt();
    int dx = golden.get("dx").asInt();
    float[][] x = uniform(golden.get("seed").asLong(), n, dx);
    float[][] y = uniform(golden.get("seed").asLong() + 1, n, golden.get("dy").asInt());
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < y[i].length; j++) {
        y[i][j] = (float) (x[i][j % dx] + 0.5 * y[i][j]);
      }
      for (int j = 0; j < dx; j++) {
        x[i][j] = (float) ((double) x[i][j] + golden.get("offset").asInt());
      }
    }
    return new Pair(x, y);
  }

  private static List<Backend> backends() {
    return List.of(new CpuBackend(2, 1 << 30), new ScalarBackend(1 << 30));
  }

  @Test
  void similaritiesEqualNumpy() throws IOException {
    for (JsonNode golden : goldens()) {
      Pair pair = pair(golden);
      for (Backend backend : backends()) {
        try (backend;
            Matrix.Owned x = Matrix.of(pair.x());
            Matrix.Owned y = Matrix.of(pair.y())) {
          golden
              .get("similarity")
              .properties()
              .forEach(
                  entry -> {
                    Similarity measure = MEASURES.get(entry.getKey());
                    double expected = entry.getValue().asDouble();
                    boolean pairs =
                        measure instanceof CkaRbf
                            || measure instanceof DistanceCorrelation
                            || measure instanceof RepresentationalSimilarity;
                    assertEquals(
                        expected,
                        measure.of(backend, x, y),
                        pairs ? RTOL_PAIRS : RTOL,
                        () -> backend.name() + " " + entry.getKey() + " n=" + golden.get("n"));
                  });
        }
      }
    }
  }

  @Test
  void entropiesEqualNumpy() throws IOException {
    Map<String, Function<Backend, Function<Matrix, Double>>> forms =
        Map.ofEntries(
            Map.entry("coding-length", estimator(EntropyEstimator.CODING_LENGTH, 2, false)),
            Map.entry(
                "coding-length-normalized", estimator(EntropyEstimator.CODING_LENGTH, 2, true)),
            Map.entry("matrix", estimator(EntropyEstimator.MATRIX, 2, false)),
            Map.entry("effective-rank", estimator(EntropyEstimator.EFFECTIVE_RANK, 2, false)),
            Map.entry("renyi-2", estimator(EntropyEstimator.RENYI, 2, false)),
            Map.entry("renyi-0.5", estimator(EntropyEstimator.RENYI, 0.5, false)),
            Map.entry("rankme", estimator(EntropyEstimator.RANKME, 2, false)),
            Map.entry(
                "participation-ratio", estimator(EntropyEstimator.PARTICIPATION_RATIO, 2, false)),
            Map.entry("isoscore", estimator(EntropyEstimator.ISOSCORE, 2, false)));
    for (JsonNode golden : goldens()) {
      for (Backend backend : backends()) {
        try (backend;
            Matrix.Owned x = Matrix.of(pair(golden).x())) {
          golden
              .get("entropy")
              .properties()
              .forEach(
                  entry -> {
                    double expected = entry.getValue().asDouble();
                    // √λ of a zero eigenvalue is 1e-8, and Σ√p sums n of them where n < d
                    double tolerance =
                        entry.getKey().equals("renyi-0.5") ? 1e-5 : RTOL * Math.max(1, expected);
                    assertEquals(
                        expected,
                        forms.get(entry.getKey()).apply(backend).apply(x),
                        tolerance,
                        () -> backend.name() + " " + entry.getKey() + " n=" + golden.get("n"));
                  });
        }
      }
    }
    assertTrue(goldens().size() > 2);
  }

  private static Function<Backend, Function<Matrix, Double>> estimator(
      EntropyEstimator estimator, double alpha, boolean normalize) {
    RowForm form = estimator.form(null, null);
    Settings settings = new Settings(0.5, alpha, normalize, form);
    return backend -> x -> estimator.of(backend, x, settings).value();
  }
}
