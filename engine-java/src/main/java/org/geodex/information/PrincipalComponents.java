package org.geodex.information;

import org.geodex.backend.Backend;
import org.geodex.entropy.SecondMoment;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * Scores on the leading principal components: the centred rows times the eigenvectors of their
 * covariance, largest first. Moments and eigenvectors f64, scores f32. With fewer rows than columns
 * the scores come from the n × n Gram matrix, which has the same ones.
 *
 * <p>A component's sign is free; it is chosen so that the largest weight (or score) is positive.
 */
public final class PrincipalComponents {
  private PrincipalComponents() {}

  /**
   * The scores of x[n,d] on {@code count} components; the caller closes them.
   *
   * @param name what to call the rows in an error
   * @param count at most min(n − 1, d)
   */
  public static Matrix.Owned scores(Backend backend, String name, Matrix x, int count) {
    long most = Math.min(x.rows() - 1, x.columns());
    if (most < 1) {
      throw new InputException(
          "%s: %d row and %d columns have no principal components", name, x.rows(), x.columns());
    }
    if (count < 1 || count > most) {
      throw new UsageException(
          "--pca %d: %s has %d rows and %d columns, so from 1 to %d components",
          count, name, x.rows(), x.columns(), most);
    }
    return scores(backend, x, count);
  }

  /**
   * The scores of x[n,d], those beyond its rank being 0; the caller closes them.
   *
   * @param count 1 … d
   */
  public static Matrix.Owned scores(Backend backend, Matrix x, int count) {
    if (count < 1 || count > x.columns()) {
      throw new UsageException(
          "%d principal components of %d columns: expected 1 to %d",
          count, x.columns(), x.columns());
    }
    requireMemory(backend, x);
    double[] mean = backend.algebra().means(x);
    boolean byGram = count <= x.rows() && x.rows() < x.columns();
    try (Matrix64 matrix =
        byGram ? backend.algebra().gram(x, mean) : backend.algebra().scatter(x, mean)) {
      return scores(backend, x, mean, matrix, count);
    }
  }

  /**
   * As {@link #scores(Backend, Matrix, int)}, from the second moment of the centred rows that the
   * caller has already.
   *
   * @param count at most min(n, d)
   */
  public static Matrix.Owned scores(Backend backend, Matrix x, SecondMoment centred, int count) {
    requireMemory(backend, x);
    try (Matrix64 matrix = centred.matrix().copy()) {
      return scores(backend, x, backend.algebra().means(x), matrix, count);
    }
  }

  private static void requireMemory(Backend backend, Matrix x) {
    double side = Math.min(x.rows(), x.columns());
    backend.requireMemory(
        40 * side * side + 8.0 * x.rows() * x.columns(),
        "the principal components of %d x %d values".formatted(x.rows(), x.columns()),
        "take fewer rows");
  }

  /** From the d × d moment, or the n × n Gram matrix; its place takes the eigenvectors. */
  private static Matrix.Owned scores(
      Backend backend, Matrix x, double[] mean, Matrix64 matrix, int count) {
    double[] values = backend.algebra().eigenvectors(matrix);
    return matrix.rows() == x.columns()
        ? onAxes(backend, x, mean, matrix, count)
        : scaled(matrix, values, count);
  }

  private static Matrix.Owned onAxes(
      Backend backend, Matrix x, double[] mean, Matrix64 vectors, int count) {
    int d = x.columns();
    try (Matrix.Owned axes = Matrix.allocate(d, count);
        Matrix.Owned centred = centred(backend, x, mean)) {
      for (int c = 0; c < count; c++) {
        double sign = sign(vectors, d - 1 - c);
        for (int j = 0; j < d; j++) {
          axes.set(j, c, (float) (sign * vectors.get(j, d - 1 - c)));
        }
      }
      Matrix.Owned scores = Matrix.allocate(x.rows(), count);
      backend.algebra().gemm(centred, false, axes, false, scores);
      return scores;
    }
  }

  private static Matrix.Owned scaled(Matrix64 vectors, double[] values, int count) {
    int n = vectors.rows();
    Matrix.Owned scores = Matrix.allocate(n, count);
    for (int c = 0; c < count; c++) {
      double length = sign(vectors, n - 1 - c) * Math.sqrt(Math.max(0, values[n - 1 - c]));
      for (int i = 0; i < n; i++) {
        scores.set(i, c, (float) (length * vectors.get(i, n - 1 - c)));
      }
    }
    return scores;
  }

  private static Matrix.Owned centred(Backend backend, Matrix x, double[] mean) {
    Matrix.Owned copy = x.copy();
    backend
        .parallel()
        .forEach(
            x.rows(),
            i -> {
              float[] row = new float[mean.length];
              x.copyRow(i, row);
              for (int j = 0; j < row.length; j++) {
                row[j] = (float) (row[j] - mean[j]);
              }
              copy.setRow(i, row);
            });
    return copy;
  }

  private static double sign(Matrix64 vectors, int column) {
    double largest = 0;
    for (int j = 0; j < vectors.rows(); j++) {
      double value = vectors.get(j, column);
      largest = Math.abs(value) > Math.abs(largest) ? value : largest;
    }
    return largest < 0 ? -1 : 1;
  }
}
