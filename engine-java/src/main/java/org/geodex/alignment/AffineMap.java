package org.geodex.alignment;

import java.util.Arrays;
import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * f(x) = ((x − c)·W)⊙g + b with W[d,d], and the four that have a closed form:
 *
 * <ul>
 *   <li>{@link #identity}: x itself, the baseline
 *   <li>{@link #moments}: each column's mean and variance brought to the target's. It knows nothing
 *       of which row belongs to which.
 *   <li>{@link #procrustes}: W = U·Vᵀ of the singular value decomposition of the cross moments, the
 *       rotation or reflection that minimizes ‖(x − x̄)W − (y − ȳ)‖ (Schönemann, Psychometrika 31,
 *       1966)
 *   <li>{@link #ridge}: the minimizer of ‖z·B − v‖²/n + α‖B‖² over standardized columns z and v, α
 *       out of {@link #PENALTIES} by the residual on validation rows
 * </ul>
 *
 * <p>Fitted in f64, applied in f32. Owns W. The same bits for any number of threads.
 */
public final class AffineMap implements ScaleMap {
  /** What {@link #ridge} chooses from. */
  static final double[] PENALTIES = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1, 3};

  private final float[] centre;
  private final Matrix.Owned weight;
  private final float[] gain;
  private final float[] shift;
  private final double penalty;

  private AffineMap(
      float[] centre, Matrix.Owned weight, float[] gain, float[] shift, double penalty) {
    this.centre = centre;
    this.weight = weight;
    this.gain = gain;
    this.shift = shift;
    this.penalty = penalty;
  }

  /** F(x) = x. */
  public static AffineMap identity(int d) {
    return new AffineMap(new float[d], null, ones(d), new float[d], Double.NaN);
  }

  /** Column means and variances of y. */
  public static AffineMap moments(Backend backend, Matrix x, Matrix y) {
    ColumnScale from = ColumnScale.of(backend, x);
    ColumnScale to = ColumnScale.of(backend, y);
    float[] gain = new float[x.columns()];
    for (int j = 0; j < gain.length; j++) {
      gain[j] = to.deviation()[j] / from.deviation()[j];
    }
    return new AffineMap(from.mean(), null, gain, to.mean(), Double.NaN);
  }

  /**
   * The best rotation or reflection, between the means.
   *
   * @param x [n,d]
   * @param y [n,d], row i belonging to row i of x
   */
  public static AffineMap procrustes(Backend backend, Matrix x, Matrix y) {
    Algebra algebra = backend.algebra();
    double[] a = algebra.means(x);
    double[] b = algebra.means(y);
    try (Matrix64 cross = algebra.crossScatter(x, a, y, b);
        Algebra.Svd svd = algebra.svd(cross);
        Matrix64 rotation = algebra.multiply(svd.u(), false, svd.vt(), false)) {
      return new AffineMap(floats(a), narrowed(rotation), ones(x.columns()), floats(b), Double.NaN);
    }
  }

  /**
   * Ridge regression.
   *
   * @param x [n,d]
   * @param y [n,d], row i belonging to row i of x
   * @param xHeldOut rows that choose the penalty
   * @param yHeldOut theirs
   * @throws InputException with fewer than two rows
   */
  public static AffineMap ridge(
      Backend backend, Matrix x, Matrix y, Matrix xHeldOut, Matrix yHeldOut) {
    if (x.rows() < 2) {
      throw new InputException("%d row(s) to fit a ridge regression: expected 2", x.rows());
    }
    ColumnScale from = ColumnScale.of(backend, x);
    ColumnScale to = ColumnScale.of(backend, y);
    try (Matrix.Owned z = from.standardize(backend, x);
        Matrix.Owned v = to.standardize(backend, y);
        Matrix.Owned zHeldOut = from.standardize(backend, xHeldOut);
        Matrix.Owned vHeldOut = to.standardize(backend, yHeldOut);
        RidgePath path = new RidgePath(backend, z, v)) {
      double best = Double.NaN;
      double least = Double.POSITIVE_INFINITY;
      for (double penalty : PENALTIES) {
        double residual = path.residual(zHeldOut, vHeldOut, penalty);
        if (residual < least) {
          least = residual;
          best = penalty;
        }
      }
      try (Matrix64 coefficients = path.coefficients(best)) {
        Matrix.Owned weight = narrowed(coefficients);
        for (int i = 0; i < weight.rows(); i++) {
          for (int j = 0; j < weight.columns(); j++) {
            weight.set(i, j, weight.get(i, j) / from.deviation()[i]);
          }
        }
        return new AffineMap(from.mean(), weight, to.deviation(), to.mean(), best);
      }
    }
  }

  /** Ridge solutions for any penalty from one eigendecomposition of ZᵀZ/n. */
  private static final class RidgePath implements AutoCloseable {
    private final Algebra algebra;
    private final Matrix64 vectors;
    private final double[] values;
    private final Matrix64 projected;

    RidgePath(Backend backend, Matrix z, Matrix v) {
      algebra = backend.algebra();
      double[] zero = new double[z.columns()];
      vectors = algebra.scatter(z, null);
      scale(vectors, 1.0 / z.rows());
      values = algebra.eigenvectors(vectors);
      try (Matrix64 cross = algebra.crossScatter(z, zero, v, zero)) {
        scale(cross, 1.0 / z.rows());
        projected = algebra.multiply(vectors, true, cross, false);
      }
    }

    private static void scale(Matrix64 a, double factor) {
      for (int i = 0; i < a.rows(); i++) {
        for (int j = 0; j < a.columns(); j++) {
          a.set(i, j, a.get(i, j) * factor);
        }
      }
    }

    /** B = Q·(Λ + α)⁻¹·Qᵀ·ZᵀV/n. */
    Matrix64 coefficients(double penalty) {
      try (Matrix64 damped = projected.copy()) {
        for (int i = 0; i < damped.rows(); i++) {
          double factor = 1 / (Math.max(0, values[i]) + penalty);
          for (int j = 0; j < damped.columns(); j++) {
            damped.set(i, j, damped.get(i, j) * factor);
          }
        }
        return algebra.multiply(vectors, false, damped, false);
      }
    }

    double residual(Matrix z, Matrix v, double penalty) {
      try (Matrix64 coefficients = coefficients(penalty);
          Matrix.Owned weight = narrowed(coefficients);
          Matrix.Owned mapped = Matrix.allocate(z.rows(), v.columns())) {
        algebra.gemm(z, false, weight, false, mapped);
        double sum = 0;
        for (long i = 0; i < v.rows(); i++) {
          for (int j = 0; j < v.columns(); j++) {
            double difference = mapped.get(i, j) - v.get(i, j);
            sum += difference * difference;
          }
        }
        return sum;
      }
    }

    @Override
    public void close() {
      vectors.close();
      projected.close();
    }
  }

  @Override
  public Matrix.Owned apply(Backend backend, Matrix x) {
    Matrix.Owned mapped = Matrix.allocate(x.rows(), shift.length);
    try (Matrix.Owned centred = Matrix.allocate(x.rows(), x.columns())) {
      Matrix to = weight == null ? mapped : centred;
      Rows.forEach(
          backend,
          x,
          (i, row) -> {
            for (int j = 0; j < row.length; j++) {
              row[j] -= centre[j];
            }
            to.setRow(i, row);
          });
      if (weight != null) {
        backend.algebra().gemm(centred, false, weight, false, mapped);
      }
    }
    Rows.forEach(
        backend,
        mapped,
        (i, row) -> {
          for (int j = 0; j < row.length; j++) {
            row[j] = row[j] * gain[j] + shift[j];
          }
          mapped.setRow(i, row);
        });
    return mapped;
  }

  /** The ridge penalty that was chosen, NaN for the others. */
  double penalty() {
    return penalty;
  }

  private static float[] ones(int d) {
    float[] ones = new float[d];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static float[] floats(double[] values) {
    float[] narrowed = new float[values.length];
    for (int j = 0; j < narrowed.length; j++) {
      narrowed[j] = (float) values[j];
    }
    return narrowed;
  }

  private static Matrix.Owned narrowed(Matrix64 a) {
    Matrix.Owned narrowed = Matrix.allocate(a.rows(), a.columns());
    for (int i = 0; i < a.rows(); i++) {
      for (int j = 0; j < a.columns(); j++) {
        narrowed.set(i, j, (float) a.get(i, j));
      }
    }
    return narrowed;
  }

  @Override
  public void close() {
    if (weight != null) {
      weight.close();
    }
  }
}
