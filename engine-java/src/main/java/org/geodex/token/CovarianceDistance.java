package org.geodex.token;

import java.util.function.DoubleUnaryOperator;
import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * Distances between sentences as sets of tokens, through the covariances of their token rows:
 *
 * <ul>
 *   <li>Bures–Wasserstein: √(tr A + tr B − 2·tr (A^½BA^½)^½)
 *   <li>affine-invariant: ‖ln(A^−½BA^−½)‖, unchanged by any common linear map
 *   <li>log-Euclidean: ‖ln A − ln B‖
 * </ul>
 *
 * Frobenius norms. The two logarithmic ones need positive definite covariances: give them shrunk
 * ones. Source: Bhatia, Jain, Lim, Expo. Math. 37 (2019); Pennec, Fillard, Ayache, IJCV 66 (2006);
 * Arsigny et al., SIAM J. Matrix Anal. 29 (2007). Precision: f64.
 */
public final class CovarianceDistance {
  private CovarianceDistance() {}

  /**
   * Covariance (over n − 1) of rows, shrunk towards a multiple of the identity: (1 − s)·C + s·(tr
   * C/d)·I.
   *
   * @param shrinkage s in [0, 1]
   * @return [d,d]; the caller closes it
   */
  public static Matrix64 covariance(Backend backend, Matrix x, double shrinkage) {
    if (x.rows() < 2) {
      throw new InputException("the covariance of %d row is not defined", x.rows());
    }
    Matrix64 c = backend.algebra().scatter(x, backend.algebra().means(x));
    double mean = c.trace() / (x.rows() - 1) / x.columns();
    for (int i = 0; i < c.rows(); i++) {
      for (int j = 0; j < c.columns(); j++) {
        double value = (1 - shrinkage) * c.get(i, j) / (x.rows() - 1);
        c.set(i, j, i == j ? value + shrinkage * mean : value);
      }
    }
    return c;
  }

  /** Bures–Wasserstein distance of two positive semidefinite matrices. */
  public static double buresWasserstein(Backend backend, Matrix64 a, Matrix64 b) {
    Algebra algebra = backend.algebra();
    try (Matrix64 root = function(algebra, a, v -> Math.sqrt(Math.max(0, v)));
        Matrix64 middle = sandwich(algebra, root, b)) {
      double cross = 0;
      for (double value : algebra.eigenvalues(middle)) {
        cross += Math.sqrt(Math.max(0, value));
      }
      return Math.sqrt(Math.max(0, a.trace() + b.trace() - 2 * cross));
    }
  }

  /** Affine-invariant distance of two positive definite matrices. */
  public static double affineInvariant(Backend backend, Matrix64 a, Matrix64 b) {
    Algebra algebra = backend.algebra();
    try (Matrix64 root = function(algebra, a, v -> 1 / Math.sqrt(positive(v)));
        Matrix64 middle = sandwich(algebra, root, b)) {
      double sum = 0;
      for (double value : algebra.eigenvalues(middle)) {
        double log = Math.log(positive(value));
        sum += log * log;
      }
      return Math.sqrt(sum);
    }
  }

  /** Log-Euclidean distance of two positive definite matrices. */
  public static double logEuclidean(Backend backend, Matrix64 a, Matrix64 b) {
    Algebra algebra = backend.algebra();
    try (Matrix64 logA = function(algebra, a, v -> Math.log(positive(v)));
        Matrix64 logB = function(algebra, b, v -> Math.log(positive(v)))) {
      double sum = 0;
      for (int i = 0; i < a.rows(); i++) {
        for (int j = 0; j < a.columns(); j++) {
          double difference = logA.get(i, j) - logB.get(i, j);
          sum += difference * difference;
        }
      }
      return Math.sqrt(sum);
    }
  }

  private static double positive(double eigenvalue) {
    if (!(eigenvalue > 0)) {
      throw new InputException(
          "a covariance has the eigenvalue %.3g: shrink it to make it positive definite",
          eigenvalue);
    }
    return eigenvalue;
  }

  /** V·f(Λ)·Vᵀ of a symmetric matrix. */
  private static Matrix64 function(Algebra algebra, Matrix64 a, DoubleUnaryOperator f) {
    try (Matrix64 vectors = a.copy();
        Matrix64 scaled = Matrix64.allocate(a.rows(), a.columns())) {
      double[] values = algebra.eigenvectors(vectors);
      for (int j = 0; j < values.length; j++) {
        double value = f.applyAsDouble(values[j]);
        for (int i = 0; i < values.length; i++) {
          scaled.set(i, j, value * vectors.get(i, j));
        }
      }
      return algebra.multiply(scaled, false, vectors, true);
    }
  }

  private static Matrix64 sandwich(Algebra algebra, Matrix64 root, Matrix64 b) {
    try (Matrix64 left = algebra.multiply(root, false, b, false)) {
      return algebra.multiply(left, false, root, false);
    }
  }
}
