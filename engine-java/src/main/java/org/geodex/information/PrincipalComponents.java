package org.geodex.information;

import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * Scores of the first r principal components: (xᵢ − μ)·V, V[d,r] the eigenvectors of the covariance
 * with the largest eigenvalues, largest first. Covariance and eigenvectors in f64, scores f32. The
 * sign of each axis is the one in which its largest entry is positive, so the same data gives the
 * same scores everywhere.
 */
public final class PrincipalComponents {
  private PrincipalComponents() {}

  /**
   * Scores of x.
   *
   * @param x [n,d]
   * @param r 1 … d
   * @return [n,r]; the caller closes it
   */
  public static Matrix.Owned scores(Backend backend, Matrix x, int r) {
    int d = x.columns();
    if (r < 1 || r > d) {
      throw new UsageException("%d principal components of %d columns: expected 1 to %d", r, d, d);
    }
    Algebra algebra = backend.algebra();
    double[] means = algebra.means(x);
    try (Matrix64 axes = algebra.scatter(x, means)) {
      algebra.eigenvectors(axes);
      Matrix.Owned scores = Matrix.allocate(x.rows(), r);
      backend
          .parallel()
          .forEach(
              x.rows(),
              i -> {
                double[] row = new double[d];
                x.copyRow(i, row);
                for (int c = 0; c < r; c++) {
                  scores.set(i, c, (float) score(row, means, axes, d - 1 - c));
                }
              });
      for (int c = 0; c < r; c++) {
        orient(scores, c, axes, d - 1 - c);
      }
      return scores;
    }
  }

  private static double score(double[] row, double[] means, Matrix64 axes, int column) {
    double sum = 0;
    for (int j = 0; j < row.length; j++) {
      sum += (row[j] - means[j]) * axes.get(j, column);
    }
    return sum;
  }

  private static void orient(Matrix scores, int c, Matrix64 axes, int column) {
    double largest = 0;
    for (int j = 0; j < axes.rows(); j++) {
      if (Math.abs(axes.get(j, column)) > Math.abs(largest)) {
        largest = axes.get(j, column);
      }
    }
    if (largest < 0) {
      for (long i = 0; i < scores.rows(); i++) {
        scores.set(i, c, -scores.get(i, c));
      }
    }
  }
}
