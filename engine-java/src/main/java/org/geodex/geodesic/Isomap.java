package org.geodex.geodesic;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * Coordinates in which straight distances come near given geodesic ones: classical multidimensional
 * scaling of a distance matrix (Isomap: Tenenbaum, de Silva, Langford 2000). With S the squared
 * distances and J the centring, the coordinates are the leading eigenvectors of −½·J·S·J times the
 * roots of their eigenvalues; of each column the entry of largest size is positive.
 *
 * <p>Subspace iteration with Rayleigh–Ritz steps finds the few eigenvectors that are wanted: one n
 * × n by n × (c + 10) product a step in f32, small matrices in f64, until the residuals are below
 * 1e-5 of the largest eigenvalue. The start is seeded by a constant, so the result is reproducible.
 */
public final class Isomap {
  private static final int EXTRA = 10;
  private static final int MAX_STEPS = 300;
  private static final double TOLERANCE = 1e-5;
  private static final int BLOCK = 64;

  private Isomap() {}

  /**
   * An embedding; closing it frees the coordinates.
   *
   * @param coordinates [n,c]
   * @param eigenvalues c values, descending
   * @param residualVariance entry i: 1 − R² between geodesic distances and those of the first i + 1
   *     coordinates, over all pairs (of landmarks with all rows in the landmark form)
   */
  public record Embedding(Matrix.Owned coordinates, double[] eigenvalues, double[] residualVariance)
      implements AutoCloseable {
    @Override
    public void close() {
      coordinates.close();
    }
  }

  /**
   * Embeds all rows.
   *
   * @param distances [n,n] finite and symmetric; overwritten by its squares and back
   * @param dimensions 1 … n − 1
   */
  public static Embedding classical(Backend backend, Matrix distances, int dimensions) {
    int n = distances.intRows();
    check(n, dimensions);
    square(backend, distances);
    Vectors vectors = leading(backend, distances, dimensions);
    try (Matrix.Owned basis = vectors.basis()) {
      Matrix.Owned coordinates = Matrix.allocate(n, dimensions);
      for (int i = 0; i < n; i++) {
        for (int c = 0; c < dimensions; c++) {
          double root = Math.sqrt(Math.max(0, vectors.values()[c]));
          coordinates.set(i, c, (float) (basis.get(i, c) * root));
        }
      }
      root(backend, distances);
      int[] all = new int[n];
      Arrays.setAll(all, i -> i);
      double[] residual = residualVariance(backend, distances, all, coordinates);
      return new Embedding(coordinates, vectors.values(), residual);
    }
  }

  /**
   * Embeds landmarks by classical scaling and every row by its distances to them (de Silva and
   * Tenenbaum 2004): ½·Λ^−½·Vᵀ·(mean of the landmarks' squared distances − the row's).
   *
   * @param distances [L,n] from the landmarks to all rows, finite
   * @param landmarks their rows
   * @param dimensions 1 … L − 1
   */
  public static Embedding landmark(
      Backend backend, Matrix distances, int[] landmarks, int dimensions) {
    int l = landmarks.length;
    int n = distances.columns();
    check(l, dimensions);
    try (Matrix.Owned squares = Matrix.allocate(l, l)) {
      double[] means = new double[l];
      for (int a = 0; a < l; a++) {
        for (int b = 0; b < l; b++) {
          double value = distances.get(a, landmarks[b]);
          squares.set(a, b, (float) (value * value));
          means[a] += value * value / l;
        }
      }
      Vectors vectors = leading(backend, squares, dimensions);
      try (Matrix.Owned basis = vectors.basis()) {
        Matrix.Owned coordinates = Matrix.allocate(n, dimensions);
        backend
            .parallel()
            .forEach(
                Math.ceilDiv(n, BLOCK),
                block -> {
                  for (int i = (int) block * BLOCK; i < Math.min((block + 1) * BLOCK, n); i++) {
                    place(distances, i, means, vectors, basis, coordinates);
                  }
                });
        double[] residual = residualVariance(backend, distances, landmarks, coordinates);
        return new Embedding(coordinates, vectors.values(), residual);
      }
    }
  }

  private static void place(
      Matrix distances, int i, double[] means, Vectors vectors, Matrix basis, Matrix coordinates) {
    for (int c = 0; c < coordinates.columns(); c++) {
      double sum = 0;
      for (int a = 0; a < means.length; a++) {
        double value = distances.get(a, i);
        sum += basis.get(a, c) * (means[a] - value * value);
      }
      double eigenvalue = vectors.values()[c];
      coordinates.set(i, c, eigenvalue > 0 ? (float) (sum / (2 * Math.sqrt(eigenvalue))) : 0);
    }
  }

  private static void check(int n, int dimensions) {
    if (dimensions < 1 || dimensions >= n) {
      throw new InputException("%d dimensions of %d rows: expected 1 to %d", dimensions, n, n - 1);
    }
  }

  /** Leading eigenpairs; the caller closes the basis, of which the first columns are wanted. */
  private record Vectors(double[] values, Matrix.Owned basis) {}

  private static Vectors leading(Backend backend, Matrix squares, int wanted) {
    int n = squares.intRows();
    int width = Math.min(n, 2 * wanted + EXTRA);
    Matrix.Owned basis = Matrix.allocate(n, width);
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < n; i++) {
      for (int c = 0; c < width; c++) {
        basis.set(i, c, (float) (random.nextDouble() - 0.5));
      }
    }
    double[] values = new double[width];
    try (Matrix.Owned product = Matrix.allocate(n, width)) {
      centre(backend, basis);
      orthonormalize(backend, basis);
      double best = Double.POSITIVE_INFINITY;
      int stale = 0;
      for (int step = 0; step < MAX_STEPS && stale < 8; step++) {
        backend.algebra().gemm(squares, false, basis, false, product);
        scale(product, -0.5f);
        centre(backend, product);
        values = rotate(backend, basis, product);
        double residual = residual(basis, product, values, wanted);
        if (residual <= TOLERANCE * Math.abs(values[0])) {
          break;
        }
        // In f32 the residual ends at rounding: stop when it no longer falls.
        stale = residual < 0.9 * best ? 0 : stale + 1;
        best = Math.min(best, residual);
        basis.segment().copyFrom(product.segment());
        orthonormalize(backend, basis);
      }
      fixSigns(basis, wanted);
      return new Vectors(Arrays.copyOf(values, wanted), basis);
    } catch (Throwable e) {
      basis.close();
      throw e;
    }
  }

  /** Rayleigh–Ritz: turns basis and product to the eigenvectors of basisᵀ·product. */
  private static double[] rotate(Backend backend, Matrix basis, Matrix product) {
    int width = basis.columns();
    try (Matrix64 small = backend.algebra().crossScatter(basis, null, product, null)) {
      if (!Double.isFinite(small.get(0, 0))) {
        throw new InputException("some distances are not finite, so that there are no coordinates");
      }
      for (int a = 0; a < width; a++) {
        for (int b = 0; b < a; b++) {
          double mean = (small.get(a, b) + small.get(b, a)) / 2;
          small.set(a, b, mean);
          small.set(b, a, mean);
        }
      }
      double[] ascending = backend.algebra().eigenvectors(small);
      double[] values = new double[width];
      double[][] turn = new double[width][width];
      for (int c = 0; c < width; c++) {
        values[c] = ascending[width - 1 - c];
        for (int r = 0; r < width; r++) {
          turn[r][c] = small.get(r, width - 1 - c);
        }
      }
      multiply(backend, basis, turn);
      multiply(backend, product, turn);
      return values;
    }
  }

  /** Columns of length 1 at right angles: v ← v·L^−ᵀ for the Cholesky factor of vᵀv, twice. */
  private static void orthonormalize(Backend backend, Matrix basis) {
    for (int round = 0; round < 2; round++) {
      int width = basis.columns();
      normalizeColumns(basis);
      try (Matrix64 gram = backend.algebra().scatter(basis, null)) {
        for (int c = 0; c < width; c++) {
          gram.set(c, c, gram.get(c, c) + 1e-10);
        }
        backend.algebra().cholesky(gram);
        multiply(backend, basis, inverseTransposed(gram));
      }
    }
  }

  private static void normalizeColumns(Matrix basis) {
    int width = basis.columns();
    double[] norms = new double[width];
    for (int i = 0; i < basis.intRows(); i++) {
      for (int c = 0; c < width; c++) {
        norms[c] += (double) basis.get(i, c) * basis.get(i, c);
      }
    }
    for (int i = 0; i < basis.intRows(); i++) {
      for (int c = 0; c < width; c++) {
        basis.set(i, c, norms[c] > 0 ? (float) (basis.get(i, c) / Math.sqrt(norms[c])) : 0);
      }
    }
  }

  /** L^−ᵀ of a lower triangular L, by back substitution. */
  private static double[][] inverseTransposed(Matrix64 l) {
    int width = l.rows();
    double[][] inverse = new double[width][width];
    for (int c = 0; c < width; c++) {
      for (int r = c; r < width; r++) {
        double sum = r == c ? 1 : 0;
        for (int k = c; k < r; k++) {
          sum -= l.get(r, k) * inverse[c][k];
        }
        inverse[c][r] = sum / l.get(r, r);
      }
    }
    return inverse;
  }

  /** basis ← basis · turn. */
  private static void multiply(Backend backend, Matrix basis, double[][] turn) {
    int width = basis.columns();
    int n = basis.intRows();
    backend
        .parallel()
        .forEach(
            Math.ceilDiv(n, BLOCK),
            block -> {
              float[] row = new float[width];
              float[] turned = new float[width];
              for (int i = (int) block * BLOCK; i < Math.min((block + 1) * BLOCK, n); i++) {
                basis.copyRow(i, row);
                for (int c = 0; c < width; c++) {
                  double sum = 0;
                  for (int r = 0; r < width; r++) {
                    sum += row[r] * turn[r][c];
                  }
                  turned[c] = (float) sum;
                }
                basis.setRow(i, turned);
              }
            });
  }

  private static void centre(Backend backend, Matrix columns) {
    double[] means = backend.algebra().means(columns);
    for (int i = 0; i < columns.intRows(); i++) {
      for (int c = 0; c < means.length; c++) {
        columns.set(i, c, (float) (columns.get(i, c) - means[c]));
      }
    }
  }

  private static void scale(Matrix columns, float by) {
    for (int i = 0; i < columns.intRows(); i++) {
      for (int c = 0; c < columns.columns(); c++) {
        columns.set(i, c, columns.get(i, c) * by);
      }
    }
  }

  /** The largest ‖B·v − λ·v‖ of the wanted pairs. */
  private static double residual(Matrix basis, Matrix product, double[] values, int wanted) {
    double largest = 0;
    for (int c = 0; c < wanted; c++) {
      double sum = 0;
      for (int i = 0; i < basis.intRows(); i++) {
        double difference = product.get(i, c) - values[c] * basis.get(i, c);
        sum += difference * difference;
      }
      largest = Math.max(largest, Math.sqrt(sum));
    }
    return largest;
  }

  private static void fixSigns(Matrix basis, int wanted) {
    for (int c = 0; c < wanted; c++) {
      float extreme = 0;
      for (int i = 0; i < basis.intRows(); i++) {
        extreme = Math.abs(basis.get(i, c)) > Math.abs(extreme) ? basis.get(i, c) : extreme;
      }
      for (int i = 0; extreme < 0 && i < basis.intRows(); i++) {
        basis.set(i, c, -basis.get(i, c));
      }
    }
  }

  @FunctionalInterface
  private interface Change {
    float of(float value);
  }

  private static void square(Backend backend, Matrix x) {
    each(backend, x, value -> value * value);
  }

  private static void root(Backend backend, Matrix x) {
    each(backend, x, value -> (float) Math.sqrt(value));
  }

  private static void each(Backend backend, Matrix x, Change change) {
    backend
        .parallel()
        .forEach(
            x.rows(),
            i -> {
              float[] row = new float[x.columns()];
              x.copyRow(i, row);
              for (int j = 0; j < row.length; j++) {
                row[j] = change.of(row[j]);
              }
              x.setRow(i, row);
            });
  }

  /** Sums of a correlation between given and embedded distances, for 1 … c coordinates. */
  private static double[] residualVariance(
      Backend backend, Matrix distances, int[] rows, Matrix coordinates) {
    int dimensions = coordinates.columns();
    double[][][] partial = new double[rows.length][dimensions][];
    float[][] y = coordinates.toArray();
    backend
        .parallel()
        .forEach(
            rows.length,
            a -> {
              float[] given = new float[distances.columns()];
              distances.copyRow(a, given);
              partial[(int) a] = sums(given, y, rows[(int) a]);
            });
    double[] residual = new double[dimensions];
    double count = (double) rows.length * distances.columns();
    for (int c = 0; c < dimensions; c++) {
      double[] total = new double[5];
      for (double[][] row : partial) {
        for (int s = 0; s < total.length; s++) {
          total[s] += row[c][s];
        }
      }
      double cov = total[4] / count - total[0] / count * (total[1] / count);
      double varX = total[2] / count - total[0] / count * (total[0] / count);
      double varY = total[3] / count - total[1] / count * (total[1] / count);
      residual[c] = 1 - cov * cov / (varX * varY);
    }
    return residual;
  }

  private static double[][] sums(float[] given, float[][] y, int i) {
    int dimensions = y[i].length;
    double[][] sums = new double[dimensions][5];
    for (int j = 0; j < given.length; j++) {
      double squares = 0;
      for (int c = 0; c < dimensions; c++) {
        double difference = (double) y[i][c] - y[j][c];
        squares += difference * difference;
        double embedded = Math.sqrt(squares);
        double[] s = sums[c];
        s[0] += given[j];
        s[1] += embedded;
        s[2] += (double) given[j] * given[j];
        s[3] += embedded * embedded;
        s[4] += given[j] * embedded;
      }
    }
    return sums;
  }
}
