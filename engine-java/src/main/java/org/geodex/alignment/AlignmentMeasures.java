package org.geodex.alignment;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.activation.RowSample;
import org.geodex.backend.Backend;
import org.geodex.backend.ColumnMoments;
import org.geodex.divergence.KlGaussianDiagonal;
import org.geodex.divergence.KlGaussianFull;
import org.geodex.divergence.KlKnn;
import org.geodex.divergence.Shrinkage;
import org.geodex.entropy.EntropyEstimator;
import org.geodex.error.InputException;
import org.geodex.information.KsgParameters;
import org.geodex.information.MutualInformationGaussian;
import org.geodex.information.MutualInformationGeodesicKsg;
import org.geodex.information.MutualInformationInfoNce;
import org.geodex.information.MutualInformationKsg;
import org.geodex.information.MutualInformationMine;
import org.geodex.information.NeuralParameters;
import org.geodex.information.PrincipalComponents;
import org.geodex.matrix.Matrix;
import org.geodex.scale.LayerKernel;
import org.geodex.similarity.CanonicalCorrelation;
import org.geodex.similarity.CkaDebiased;
import org.geodex.similarity.DistanceCorrelation;

/**
 * What held-out rows say about a map: how far the mapped rows are from their targets as a
 * distribution, how much they tell about them, how alike the two are, and whether they collapsed.
 *
 * <p>No map of x can raise the true I(x; y) (data-processing inequality); a mutual information that
 * grows shows that an estimator finds the mapped rows easier.
 */
public final class AlignmentMeasures {
  /** Added to each variance of the diagonal Gaussian KL, as the published code does. */
  public static final double KL_EPSILON = 1e-6;

  private static final int COMPONENTS = 8;
  private static final int KSG_COMPONENTS = 4;
  private static final int KNN = 5;
  private static final KsgParameters KSG = KsgParameters.of(4, KsgParameters.Variant.ONE);
  private static final int REFERENCE_ROWS = 1024;
  private static final int REFERENCE_COMPONENTS = 32;
  private static final int REFERENCE_BINS = 64;

  /**
   * Which measures are taken beside the others.
   *
   * @param neural MINE and InfoNCE, which train a critic each and take most of the time
   * @param reference the published code's formulas
   */
  public record Extent(boolean neural, boolean reference) {}

  /** Each measure with its unit, in the order of the tables. */
  public static final Map<String, String> UNITS = units();

  private final Backend backend;
  private final Map<String, Double> values = new LinkedHashMap<>();

  private AlignmentMeasures(Backend backend) {
    this.backend = backend;
  }

  private static Map<String, String> units() {
    Map<String, String> units = new LinkedHashMap<>();
    units.put("kl_gaussian_diag", "nats");
    units.put("kl_gaussian_full", "nats");
    units.put("kl_knn", "nats");
    units.put("mi_gaussian", "nats");
    units.put("mi_ksg", "nats");
    units.put("mi_geodesic_ksg", "nats");
    units.put("mi_mine", "nats");
    units.put("mi_infonce", "nats");
    units.put("distance_correlation", "");
    units.put("cca", "");
    units.put("cka_debiased", "");
    units.put("stress", "");
    units.put("residual", "share");
    units.put("effective_rank_ratio", "ratio");
    units.put("variance_ratio", "ratio");
    units.put("reference_kl", "nats");
    units.put("reference_mi", "nats");
    units.put("reference_distance_correlation", "");
    units.put("reference_cca", "");
    return units;
  }

  /**
   * All measures by name; NaN for one that these rows do not allow (too few of them, or no
   * variance).
   *
   * @param mapped [n,d]
   * @param target [n,d], row i belonging to row i of {@code mapped}
   * @param geodesic [n,n], distances between the targets
   * @param neighbours of the geodesic graph
   */
  public static Map<String, Double> of(
      Backend backend,
      Matrix mapped,
      Matrix target,
      Matrix geodesic,
      int neighbours,
      Extent extent,
      long seed) {
    AlignmentMeasures measures = new AlignmentMeasures(backend);
    measures.divergence(mapped, target);
    measures.information(mapped, target, geodesic, neighbours);
    if (extent.neural()) {
      measures.neural(mapped, target, seed);
    }
    measures.similarity(mapped, target, geodesic);
    measures.guards(mapped, target);
    if (extent.reference()) {
      measures.reference(mapped, target, seed);
    }
    return measures.values;
  }

  private interface Measure {
    double value();
  }

  private void put(String name, Measure measure) {
    double value;
    try {
      value = measure.value();
    } catch (InputException e) {
      value = Double.NaN;
    }
    values.put(name, value);
  }

  private void divergence(Matrix p, Matrix q) {
    put("kl_gaussian_diag", () -> KlGaussianDiagonal.of(backend, p, q, KL_EPSILON));
    put("kl_gaussian_full", () -> KlGaussianFull.of(backend, p, q, Shrinkage.LEDOIT_WOLF));
    put("kl_knn", () -> KlKnn.of(backend, p, q, KNN, KlKnn.Bias.FIXED_ORDER).value());
  }

  private void information(Matrix x, Matrix y, Matrix geodesic, int neighbours) {
    int r = LayerKernel.usableComponents(COMPONENTS, x.intRows(), x.columns());
    try (Matrix.Owned a = PrincipalComponents.scores(backend, x, r);
        Matrix.Owned b = PrincipalComponents.scores(backend, y, r)) {
      put("mi_gaussian", () -> MutualInformationGaussian.of(backend, a, b, null, Shrinkage.NONE));
    }
    int few = LayerKernel.usableComponents(KSG_COMPONENTS, x.intRows(), x.columns());
    try (Matrix.Owned a = PrincipalComponents.scores(backend, x, few);
        Matrix.Owned b = PrincipalComponents.scores(backend, y, few)) {
      put("mi_ksg", () -> MutualInformationKsg.of(backend, a, b, KSG));
    }
    try (Matrix.Owned own = GeodesicStress.distances(backend, x, neighbours)) {
      put(
          "mi_geodesic_ksg",
          () -> MutualInformationGeodesicKsg.ofDistances(backend, own, geodesic, null, KSG));
    }
  }

  private void neural(Matrix x, Matrix y, long seed) {
    NeuralParameters neural = NeuralParameters.defaults(seed);
    put("mi_mine", () -> MutualInformationMine.of(backend, x, y, null, neural).value());
    put("mi_infonce", () -> MutualInformationInfoNce.of(backend, x, y, null, neural).value());
  }

  private void similarity(Matrix x, Matrix y, Matrix geodesic) {
    put("distance_correlation", () -> new DistanceCorrelation(false).of(backend, x, y));
    int r = LayerKernel.usableComponents(COMPONENTS, x.intRows(), x.columns());
    try (Matrix.Owned a = PrincipalComponents.scores(backend, x, r);
        Matrix.Owned b = PrincipalComponents.scores(backend, y, r)) {
      put("cca", () -> new CanonicalCorrelation(CanonicalCorrelation.Form.CCA).of(backend, a, b));
    }
    put("cka_debiased", () -> new CkaDebiased().of(backend, x, y));
    try (Matrix.Owned rows = x.copy()) {
      put("stress", () -> GeodesicStress.of(backend, rows, geodesic));
    }
    put("residual", () -> residual(x, y));
  }

  /** Mean over the columns that vary of Σ (x − y)²/Σ (y − ȳ)². */
  private double residual(Matrix x, Matrix y) {
    ColumnMoments moments = backend.information().columnMoments(y);
    double[] squares = new double[y.columns()];
    float[] left = new float[y.columns()];
    float[] right = new float[y.columns()];
    for (long i = 0; i < y.rows(); i++) {
      x.copyRow(i, left);
      y.copyRow(i, right);
      for (int j = 0; j < left.length; j++) {
        double difference = (double) left[j] - right[j];
        squares[j] += difference * difference;
      }
    }
    double sum = 0;
    int columns = 0;
    for (int j = 0; j < squares.length; j++) {
      if (moments.variance(j) > 0) {
        sum += squares[j] / (moments.variance(j) * (y.rows() - 1));
        columns++;
      }
    }
    return sum / columns;
  }

  private void guards(Matrix x, Matrix y) {
    put("effective_rank_ratio", () -> effectiveRank(x) / effectiveRank(y));
    put("variance_ratio", () -> variance(x) / variance(y));
  }

  private double effectiveRank(Matrix x) {
    EntropyEstimator rank = EntropyEstimator.EFFECTIVE_RANK;
    return rank.of(backend, x, rank.defaults()).value();
  }

  private double variance(Matrix x) {
    ColumnMoments moments = backend.information().columnMoments(x);
    double sum = 0;
    for (int j = 0; j < x.columns(); j++) {
      sum += moments.variance(j);
    }
    return sum;
  }

  /**
   * The published code's formulas on all held-out rows: population variances + 1e-6; a 64 × 64
   * histogram of all entries, which is no mutual information of vectors; the distance correlation
   * of at most 1 024 rows; the first canonical pair of 32 principal components. Its rounding
   * through f16 and its random half of the rows are left out.
   */
  private void reference(Matrix x, Matrix y, long seed) {
    put("reference_kl", () -> KlGaussianDiagonal.reference(backend, x, y));
    put("reference_mi", () -> histogram(x, y));
    RowSample sample = RowSample.of(x.intRows(), REFERENCE_ROWS, seed);
    try (Matrix.Owned a = sample.of(x);
        Matrix.Owned b = sample.of(y)) {
      put("reference_distance_correlation", () -> new DistanceCorrelation(false).of(backend, a, b));
    }
    int r = Math.min(Math.min(REFERENCE_COMPONENTS, x.columns()), x.intRows() - 1);
    try (Matrix.Owned a = PrincipalComponents.scores(backend, x, r);
        Matrix.Owned b = PrincipalComponents.scores(backend, y, r)) {
      put(
          "reference_cca",
          () ->
              new CanonicalCorrelation(CanonicalCorrelation.Form.CCA)
                  .correlations(backend, a, b)
                  .correlations()[0]);
    }
  }

  /** Plug-in mutual information of entry (i,j) of x and of y over equal-width bins, nats. */
  static double histogram(Matrix x, Matrix y) {
    double[] rangeX = range(x);
    double[] rangeY = range(y);
    int bins = REFERENCE_BINS;
    long[][] joint = new long[bins][bins];
    for (long i = 0; i < x.rows(); i++) {
      for (int j = 0; j < x.columns(); j++) {
        joint[bin(x.get(i, j), rangeX)][bin(y.get(i, j), rangeY)]++;
      }
    }
    double[] left = new double[bins];
    double[] right = new double[bins];
    double total = (double) x.rows() * x.columns();
    for (int a = 0; a < bins; a++) {
      for (int b = 0; b < bins; b++) {
        left[a] += joint[a][b] / total;
        right[b] += joint[a][b] / total;
      }
    }
    double sum = 0;
    for (int a = 0; a < bins; a++) {
      for (int b = 0; b < bins; b++) {
        double p = joint[a][b] / total;
        sum += p > 0 ? p * Math.log(p / (left[a] * right[b])) : 0;
      }
    }
    return sum;
  }

  private static double[] range(Matrix x) {
    double[] range = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
    for (long i = 0; i < x.rows(); i++) {
      for (int j = 0; j < x.columns(); j++) {
        range[0] = Math.min(range[0], x.get(i, j));
        range[1] = Math.max(range[1], x.get(i, j));
      }
    }
    return range;
  }

  private static int bin(double value, double[] range) {
    double width = range[1] - range[0];
    int bin = width > 0 ? (int) ((value - range[0]) / width * REFERENCE_BINS) : 0;
    return Math.min(bin, REFERENCE_BINS - 1);
  }

  /** The measures' names, for tables that need a fixed set of columns. */
  public static List<String> names() {
    return List.copyOf(UNITS.keySet());
  }
}
