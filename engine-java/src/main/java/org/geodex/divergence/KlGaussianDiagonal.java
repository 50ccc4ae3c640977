package org.geodex.divergence;

import org.geodex.backend.Backend;
import org.geodex.backend.ColumnMoments;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;

/**
 * KL(P‖Q) = ½·Σⱼ [v_p/v_q + (μ_p − μ_q)²/v_q + ln(v_q/v_p) − 1] between the normal distributions
 * with diagonal covariance fitted to p[n,d] and q[m,d], in nats. A sum over the columns: it grows
 * with d.
 *
 * <p>Variances with the divisor n − 1 plus {@code epsilon}, f64. A column of variance 0 is refused.
 * {@link #reference} is the form of the published MSMA code. The same bits for any number of
 * threads.
 */
public final class KlGaussianDiagonal {
  /** What the published code adds to each variance. */
  private static final double REFERENCE_EPSILON = 1e-6;

  private KlGaussianDiagonal() {}

  /**
   * The textbook value.
   *
   * @param epsilon added to every variance, at least 0
   * @throws InputException when the columns differ in number, a side has fewer than two rows, or a
   *     column is constant and epsilon is 0
   */
  public static double of(Backend backend, Matrix p, Matrix q, double epsilon) {
    check(p, q, 2);
    if (!(epsilon >= 0)) {
      throw new UsageException("--eps %s: expected at least 0", epsilon);
    }
    return of(
        backend.information().columnMoments(p), backend.information().columnMoments(q), epsilon);
  }

  /** The textbook value from moments that the caller has. */
  public static double of(ColumnMoments p, ColumnMoments q, double epsilon) {
    double sum = 0;
    for (int j = 0; j < p.means().length; j++) {
      double variance = positive("P", j, p.variance(j) + epsilon);
      double other = positive("Q", j, q.variance(j) + epsilon);
      sum += term(p.means()[j] - q.means()[j], variance, other);
    }
    return sum / 2;
  }

  /**
   * The published code's value: population variances plus 1e-6 and never below it.
   *
   * @throws InputException when the columns differ in number or a side has no rows
   */
  public static double reference(Backend backend, Matrix p, Matrix q) {
    check(p, q, 1);
    ColumnMoments left = backend.information().columnMoments(p);
    ColumnMoments right = backend.information().columnMoments(q);
    double sum = 0;
    for (int j = 0; j < p.columns(); j++) {
      double variance = Math.max(left.populationVariance(j) + REFERENCE_EPSILON, REFERENCE_EPSILON);
      double other = Math.max(right.populationVariance(j) + REFERENCE_EPSILON, REFERENCE_EPSILON);
      sum += term(left.means()[j] - right.means()[j], variance, other);
    }
    return sum / 2;
  }

  private static double term(double shift, double variance, double other) {
    double ratio = variance / other;
    return ratio - 1 - Math.log(ratio) + shift * shift / other;
  }

  private static double positive(String name, int column, double variance) {
    if (Double.isNaN(variance)) {
      throw InputException.notFinite("in column %d of %s".formatted(column, name));
    }
    if (!(variance > 0)) {
      throw new InputException(
          "%s: column %d is constant, so its variance is 0 and the divergence undefined; drop it or"
              + " use --eps",
          name, column);
    }
    return variance;
  }

  private static void check(Matrix p, Matrix q, int rows) {
    Rows.checkColumns(p, q);
    Rows.checkCount("P", p, rows, "a variance");
    Rows.checkCount("Q", q, rows, "a variance");
  }
}
