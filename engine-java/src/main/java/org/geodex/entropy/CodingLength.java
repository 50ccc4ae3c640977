package org.geodex.entropy;

import org.geodex.backend.Backend;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * Lossy coding length of n rows in d dimensions up to the distortion ε, in nats:
 *
 * <pre>L = (n + d)/2 · ln det(I + d/(n·ε²) · ZᵀZ)</pre>
 *
 * By Cholesky of the d×d matrix, or of the n×n Gram form when n &lt; d. For rows of length 1 the
 * largest value, at ZᵀZ = n/d·I, is (n + d)/2 · d · ln(1 + 1/ε²); {@link #normalized} divides by
 * it, so it is 1 for rows spread evenly over all directions (which needs n ≥ d). Rows without a
 * direction are left out of n.
 *
 * <p>Source: Ma, Derksen, Hong, Wright, IEEE TPAMI 29 (2007), eq. 8; Tan, Li, Huang, arXiv
 * 2402.03471. They leave ε open; 0.5 is our default.
 */
public final class CodingLength {
  /** Distortion when none is given: a quarter of a unit row's energy. */
  public static final double DEFAULT_EPS = 0.5;

  private CodingLength() {}

  /** Coding length in nats of rows at unit length about the origin. */
  public static double of(Backend backend, Matrix x, double eps) {
    try (SecondMoment moment = SecondMoment.of(backend, x, RowForm.UNIT)) {
      return of(backend, moment, eps);
    }
  }

  /**
   * Coding length in nats.
   *
   * @throws UsageException when ε is not a positive number
   */
  public static double of(Backend backend, SecondMoment moment, double eps) {
    return (moment.directions() + moment.columns()) / 2.0 * logDeterminant(backend, moment, eps);
  }

  /** L over its largest value for unit rows: ln det(…) / (d·ln(1 + 1/ε²)). */
  public static double normalized(Backend backend, SecondMoment moment, double eps) {
    double largest = moment.columns() * Math.log1p(1 / (eps * eps));
    return logDeterminant(backend, moment, eps) / largest;
  }

  private static double logDeterminant(Backend backend, SecondMoment moment, double eps) {
    if (!(eps > 0) || Double.isInfinite(eps)) {
      throw new UsageException("--eps %s: expected a positive number", eps);
    }
    double c = moment.columns() / (moment.directions() * eps * eps);
    try (Matrix64 a = moment.matrix().identityPlus(c)) {
      int minor = backend.algebra().cholesky(a);
      if (minor != 0) {
        throw new IllegalStateException("I + c·ZᵀZ lost its positive minor " + minor);
      }
      double sum = 0;
      for (int i = 0; i < a.rows(); i++) {
        sum += 2 * Math.log(a.get(i, i));
      }
      return sum;
    }
  }
}
