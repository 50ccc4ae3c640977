package org.geodex.information;

import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;
import org.geodex.matrix.UnitScale;

/**
 * Matrix-based Rényi mutual information: S_α(A) + S_α(B) − S_α(A∘B / tr(A∘B)), in nats, after
 * Sánchez Giraldo, Rao, Príncipe, IEEE Trans. Inform. Theory 61 (2015) 535. No densities are
 * estimated and no dimension enters.
 *
 * <p>A is the kernel matrix of x divided by its trace, S_α(A) = ln(Σλᵢ^α)/(1 − α), and −Σλᵢ ln λᵢ
 * at α = 1. The kernel is exp(−‖a − b‖²/(2σ²)); σ is the median distance between two rows unless
 * given. The value depends on the kernel and grows towards ln n as σ falls: compare values of one
 * kernel and one n only.
 *
 * <p>Distances f32, everything after them f64. Work n³ but for α = 2, which needs no eigenvalues;
 * memory five n × n f64 matrices. The same bits for any number of threads.
 */
public final class MutualInformationMatrix {
  private MutualInformationMatrix() {}

  /**
   * I_α(x; y) of x[n,dx], y[n,dy].
   *
   * @param alpha order, more than 0
   * @param sigma bandwidth of both kernels, or 0 for each one's median distance
   * @throws InputException when the rows differ in number or are all equal
   */
  public static double of(Backend backend, Matrix x, Matrix y, double alpha, double sigma) {
    try (PairedEstimator estimator = estimator(backend, x, y, alpha, sigma)) {
      return estimator.value(null);
    }
  }

  /** Kernels and marginal entropies computed once for any number of pairings; close it. */
  public static PairedEstimator estimator(
      Backend backend, Matrix x, Matrix y, double alpha, double sigma) {
    Observations.check(x, y, 2, "a kernel matrix");
    if (!(alpha > 0)) {
      throw new UsageException("--alpha %s: expected more than 0", alpha);
    }
    if (!(sigma >= 0)) {
      throw new UsageException("--bandwidth %s: expected more than 0", sigma);
    }
    backend.requireMemory(
        40.0 * x.rows() * x.rows(),
        "kernel matrices of %d rows".formatted(x.rows()),
        "take fewer rows");
    Matrix64 a = kernel(backend, "X", x, sigma);
    try {
      return new Kernels(backend, a, kernel(backend, "Y", y, sigma), alpha);
    } catch (Throwable e) {
      a.close();
      throw e;
    }
  }

  /** Kernel matrix with trace 1. */
  private static Matrix64 kernel(Backend backend, String name, Matrix x, double sigma) {
    int n = x.intRows();
    try (UnitScale scale = UnitScale.of(x);
        Matrix.Owned distances = Matrix.allocate(n, n)) {
      Matrix unit = scale.matrix();
      backend.geometry().pairwise(unit, unit, Metric.EUCLIDEAN, distances);
      double width = sigma > 0 ? Math.scalb(sigma, -scale.exponent()) : median(backend, name, unit);
      Matrix64 kernel = Matrix64.allocate(n, n);
      backend
          .parallel()
          .forEach(
              n,
              i -> {
                float[] row = new float[n];
                distances.copyRow(i, row);
                for (int j = 0; j < n; j++) {
                  double scaled = row[j] / width;
                  kernel.set((int) i, j, Math.exp(-scaled * scaled / 2) / n);
                }
              });
      return kernel;
    }
  }

  private static double median(Backend backend, String name, Matrix x) {
    double median = backend.pairs().medianDistance(x);
    if (Double.isNaN(median)) {
      throw InputException.notFinite("in the distances between the rows of " + name);
    }
    if (!(median > 0)) {
      throw new InputException(
          "more than half of the pairs of rows of %s are equal, so the median distance is 0: give"
              + " --bandwidth",
          name);
    }
    return median;
  }

  private static double entropy(Backend backend, Matrix64 a, double alpha) {
    if (alpha == 2) {
      double sum = 0;
      for (int i = 0; i < a.rows(); i++) {
        for (int j = 0; j < a.columns(); j++) {
          sum += a.get(i, j) * a.get(i, j);
        }
      }
      return -Math.log(sum);
    }
    double sum = 0;
    for (double value : backend.algebra().eigenvalues(a)) {
      if (value > 0) {
        sum += alpha == 1 ? -value * Math.log(value) : Math.pow(value, alpha);
      }
    }
    return alpha == 1 ? sum : Math.log(sum) / (1 - alpha);
  }

  private static final class Kernels implements PairedEstimator {
    private final Backend backend;
    private final Matrix64 a;
    private final Matrix64 b;
    private final double alpha;
    private final double marginals;

    Kernels(Backend backend, Matrix64 a, Matrix64 b, double alpha) {
      this.backend = backend;
      this.a = a;
      this.b = b;
      this.alpha = alpha;
      this.marginals = entropy(backend, a, alpha) + entropy(backend, b, alpha);
    }

    /** The product's trace is 1/n, since both diagonals are. */
    @Override
    public double value(int[] pairing) {
      int n = a.rows();
      try (Matrix64 joint = Matrix64.allocate(n, n)) {
        for (int i = 0; i < n; i++) {
          int row = pairing == null ? i : pairing[i];
          for (int j = 0; j < n; j++) {
            int column = pairing == null ? j : pairing[j];
            joint.set(i, j, a.get(i, j) * b.get(row, column) * n);
          }
        }
        return marginals - entropy(backend, joint, alpha);
      }
    }

    @Override
    public void close() {
      a.close();
      b.close();
    }
  }
}
