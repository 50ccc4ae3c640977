package org.geodex.divergence;

import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * KL(P‖Q) = ½·[tr(Σ_q⁻¹Σ_p) + (μ_q − μ_p)ᵀΣ_q⁻¹(μ_q − μ_p) − d + ln det Σ_q − ln det Σ_p] between
 * the normal distributions fitted to p[n,d] and q[m,d], in nats.
 *
 * <p>Means and covariances (divisor n − 1) in f64; tr(Σ_q⁻¹Σ_p) = ‖L_q⁻¹L_p‖² by the Cholesky
 * factors. Never negative but for rounding. A singular covariance is refused. Memory: six d² f64
 * matrices beside the backend's partial sums. The same bits for any number of threads.
 */
public final class KlGaussianFull {
  private KlGaussianFull() {}

  /**
   * Fits both and compares them.
   *
   * @throws InputException when the columns differ in number or a covariance is singular
   */
  public static double of(Backend backend, Matrix p, Matrix q, Shrinkage shrinkage) {
    Rows.checkColumns(p, q);
    try (Gaussian left = Gaussian.fit(backend, "P", p, shrinkage);
        Gaussian right = Gaussian.fit(backend, "Q", q, shrinkage)) {
      return of(backend, left, right);
    }
  }

  /** Compares distributions that the caller has fitted. */
  public static double of(Backend backend, Gaussian p, Gaussian q) {
    int d = p.d();
    factorBoth(backend, p, q);
    double trace = traceOfQuotient(backend, p, q);
    return (trace
            + squaredShift(backend, p, q)
            - d
            + q.logDeterminant(backend)
            - p.logDeterminant(backend))
        / 2;
  }

  /** The two factorizations do not depend on each other. */
  private static void factorBoth(Backend backend, Gaussian p, Gaussian q) {
    backend
        .parallel()
        .forEach(
            2,
            side -> {
              Matrix64 factor = (side == 0 ? p : q).factor(backend);
              assert factor.rows() == p.d();
            });
  }

  private static double traceOfQuotient(Backend backend, Gaussian p, Gaussian q) {
    try (Matrix64 quotient = p.factor(backend).copy()) {
      backend.algebra().solveLower(q.factor(backend), false, quotient);
      double sum = 0;
      for (int i = 0; i < quotient.rows(); i++) {
        for (int j = 0; j <= i; j++) {
          sum += quotient.get(i, j) * quotient.get(i, j);
        }
      }
      return sum;
    }
  }

  private static double squaredShift(Backend backend, Gaussian p, Gaussian q) {
    try (Matrix64 shift = Matrix64.allocate(p.d(), 1)) {
      for (int j = 0; j < p.d(); j++) {
        shift.set(j, 0, q.mean(j) - p.mean(j));
      }
      backend.algebra().solveLower(q.factor(backend), false, shift);
      double sum = 0;
      for (int j = 0; j < p.d(); j++) {
        sum += shift.get(j, 0) * shift.get(j, 0);
      }
      return sum;
    }
  }
}
