package org.geodex.token;

import java.util.function.DoubleUnaryOperator;
import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix64;
import org.geodex.matrix.Vectors;

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
 *
 * @param buresWasserstein in the rows' unit
 * @param affineInvariant a number
 * @param logEuclidean a number
 */
public record CovarianceDistance(
    double buresWasserstein, double affineInvariant, double logEuclidean) {
  /** Eigenvalues of the Gram matrix under this share of the largest are rounding. */
  private static final double NO_DIRECTION = 1e-12;

  /**
   * Distances between the covariances (over n − 1) of two sets of centred rows, each shrunk towards
   * a multiple of the identity: (1 − s)·C + s·(tr C/d)·I. With fewer rows than columns everything
   * happens in the span of both sets' rows, found from their Gram matrix; outside of it both
   * covariances are multiples of the identity, so the result is the same.
   *
   * @param x rows [n,d], n ≥ 2, their mean subtracted
   * @param y rows [m,d] likewise
   * @param shrinkage s in [0, 1]
   * @throws InputException when a covariance has the eigenvalue 0
   */
  public static CovarianceDistance between(
      Backend backend, double[][] x, double[][] y, double shrinkage) {
    int d = x[0].length;
    double restX = shrinkage * meanVariance(x);
    double restY = shrinkage * meanVariance(y);
    double[][] rows = joined(x, y);
    double[][] inside = rows.length < d ? coordinates(backend.algebra(), rows) : rows;
    int outside = d - inside[0].length;
    try (Matrix64 a = covariance(inside, 0, x.length, shrinkage, restX);
        Matrix64 b = covariance(inside, x.length, rows.length, shrinkage, restY)) {
      double roots = Math.sqrt(restX) - Math.sqrt(restY);
      double logs = outside > 0 ? Math.log(positive(restX) / positive(restY)) : 0;
      double root = Math.sqrt(outside);
      CovarianceDistance within = of(backend, a, b);
      return new CovarianceDistance(
          Math.hypot(within.buresWasserstein, root * roots),
          Math.hypot(within.affineInvariant, root * logs),
          Math.hypot(within.logEuclidean, root * logs));
    }
  }

  private static double meanVariance(double[][] rows) {
    if (rows.length < 2) {
      throw new InputException("the covariance of %d row is not defined", rows.length);
    }
    double sum = 0;
    for (double[] row : rows) {
      sum += Vectors.dot(row, row);
    }
    return sum / (rows.length - 1) / rows[0].length;
  }

  private static double[][] joined(double[][] x, double[][] y) {
    double[][] rows = java.util.Arrays.copyOf(x, x.length + y.length);
    System.arraycopy(y, 0, rows, x.length, y.length);
    return rows;
  }

  /** The rows in an orthonormal basis of their span: VΛ^½ of their Gram matrix VΛVᵀ. */
  private static double[][] coordinates(Algebra algebra, double[][] rows) {
    int n = rows.length;
    try (Matrix64 vectors = Matrix64.allocate(n, n)) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j <= i; j++) {
          double product = Vectors.dot(rows[i], rows[j]);
          vectors.set(i, j, product);
          vectors.set(j, i, product);
        }
      }
      double[] values = algebra.eigenvectors(vectors);
      int first = 0;
      while (first < n - 1 && values[first] <= NO_DIRECTION * values[n - 1]) {
        first++;
      }
      double[][] coordinates = new double[n][n - first];
      for (int i = 0; i < n; i++) {
        for (int k = first; k < n; k++) {
          coordinates[i][k - first] = vectors.get(i, k) * Math.sqrt(Math.max(0, values[k]));
        }
      }
      return coordinates;
    }
  }

  /** (1 − s)·C + rest·I of rows [from, to). */
  private static Matrix64 covariance(
      double[][] rows, int from, int to, double shrinkage, double rest) {
    int d = rows[0].length;
    double weight = (1 - shrinkage) / (to - from - 1);
    Matrix64 c = Matrix64.allocate(d, d);
    for (int i = 0; i < d; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = 0;
        for (int r = from; r < to; r++) {
          sum += rows[r][i] * rows[r][j];
        }
        c.set(i, j, weight * sum + (i == j ? rest : 0));
        c.set(j, i, c.get(i, j));
      }
    }
    return c;
  }

  /** The three distances of two positive definite matrices. */
  static CovarianceDistance of(Backend backend, Matrix64 a, Matrix64 b) {
    Algebra algebra = backend.algebra();
    try (Eigen eigenA = Eigen.of(algebra, a);
        Eigen eigenB = Eigen.of(algebra, b)) {
      return new CovarianceDistance(
          buresWasserstein(algebra, eigenA, a, b),
          affineInvariant(algebra, eigenA, b),
          logEuclidean(algebra, eigenA, eigenB));
    }
  }

  private static double buresWasserstein(Algebra algebra, Eigen eigenA, Matrix64 a, Matrix64 b) {
    try (Matrix64 root = eigenA.function(algebra, v -> Math.sqrt(Math.max(0, v)));
        Matrix64 middle = sandwich(algebra, root, b)) {
      double cross = 0;
      for (double value : algebra.eigenvalues(middle)) {
        cross += Math.sqrt(Math.max(0, value));
      }
      return Math.sqrt(Math.max(0, a.trace() + b.trace() - 2 * cross));
    }
  }

  private static double affineInvariant(Algebra algebra, Eigen eigenA, Matrix64 b) {
    try (Matrix64 root = eigenA.function(algebra, v -> 1 / Math.sqrt(positive(v)));
        Matrix64 middle = sandwich(algebra, root, b)) {
      double sum = 0;
      for (double value : algebra.eigenvalues(middle)) {
        double log = Math.log(positive(value));
        sum += log * log;
      }
      return Math.sqrt(sum);
    }
  }

  private static double logEuclidean(Algebra algebra, Eigen eigenA, Eigen eigenB) {
    try (Matrix64 logA = eigenA.function(algebra, v -> Math.log(positive(v)));
        Matrix64 logB = eigenB.function(algebra, v -> Math.log(positive(v)))) {
      double sum = 0;
      for (int i = 0; i < logA.rows(); i++) {
        for (int j = 0; j < logA.columns(); j++) {
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

  /** VΛVᵀ of a symmetric matrix. */
  private record Eigen(double[] values, Matrix64 vectors) implements AutoCloseable {
    static Eigen of(Algebra algebra, Matrix64 a) {
      Matrix64 vectors = a.copy();
      return new Eigen(algebra.eigenvectors(vectors), vectors);
    }

    /** V·f(Λ)·Vᵀ. */
    Matrix64 function(Algebra algebra, DoubleUnaryOperator f) {
      try (Matrix64 scaled = Matrix64.allocate(values.length, values.length)) {
        for (int j = 0; j < values.length; j++) {
          double value = f.applyAsDouble(values[j]);
          for (int i = 0; i < values.length; i++) {
            scaled.set(i, j, value * vectors.get(i, j));
          }
        }
        return algebra.multiply(scaled, false, vectors, true);
      }
    }

    @Override
    public void close() {
      vectors.close();
    }
  }

  private static Matrix64 sandwich(Algebra algebra, Matrix64 root, Matrix64 b) {
    try (Matrix64 left = algebra.multiply(root, false, b, false)) {
      return algebra.multiply(left, false, root, false);
    }
  }
}
