package org.geodex.geodesic;

import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/**
 * Coordinates in which straight distances come near given geodesic ones: classical multidimensional
 * scaling of a distance matrix (Isomap: Tenenbaum, de Silva, Langford 2000). With S the squared
 * distances and J the centring, the coordinates are the leading eigenvectors of −½·J·S·J times the
 * roots of their eigenvalues; of each column the entry of largest size is positive.
 *
 * <p>{@link LeadingEigenvectors} finds the few that are wanted, from a start that is seeded by a
 * constant, so the result is reproducible.
 */
public final class Isomap {
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

  /** Bytes that an embedding of n rows, or from n landmarks, holds beside the distances. */
  public static long bytes(long n, int dimensions) {
    return LeadingEigenvectors.bytes(n, dimensions);
  }

  /**
   * Embeds all rows.
   *
   * @param distances [n,n] finite and symmetric; overwritten by their squares
   * @param dimensions 1 … n − 1
   */
  public static Embedding classical(Backend backend, Matrix distances, int dimensions) {
    int n = distances.intRows();
    check(n, dimensions);
    each(backend, distances, (i, row) -> distances.setRow(i, square(row)));
    LeadingEigenvectors leading = LeadingEigenvectors.of(backend, distances, dimensions);
    Matrix.Owned coordinates = Matrix.allocate(n, dimensions);
    for (int c = 0; c < dimensions; c++) {
      double root = Math.sqrt(Math.max(0, leading.values()[c]));
      for (int i = 0; i < n; i++) {
        coordinates.set(i, c, (float) (leading.vectors()[c][i] * root));
      }
    }
    double[][] sums = new double[n][];
    float[][] columns = columns(coordinates);
    each(backend, distances, (i, row) -> sums[i] = sums(root(row), i, columns, i));
    return new Embedding(coordinates, leading.values(), residualVariance(sums, 0.5 * n * n));
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
      LeadingEigenvectors leading = LeadingEigenvectors.of(backend, squares, dimensions);
      Matrix.Owned coordinates = Matrix.allocate(n, dimensions);
      backend
          .parallel()
          .forEach(
              Math.ceilDiv(n, BLOCK),
              block -> {
                for (int i = (int) block * BLOCK; i < Math.min((block + 1) * BLOCK, n); i++) {
                  place(distances, i, means, leading, coordinates);
                }
              });
      double[][] sums = new double[l][];
      float[][] columns = columns(coordinates);
      each(backend, distances, (a, row) -> sums[a] = sums(row, n, columns, landmarks[a]));
      double[] residual = residualVariance(sums, (double) l * n);
      return new Embedding(coordinates, leading.values(), residual);
    }
  }

  private static void place(
      Matrix distances, int i, double[] means, LeadingEigenvectors leading, Matrix coordinates) {
    for (int c = 0; c < coordinates.columns(); c++) {
      double sum = 0;
      for (int a = 0; a < means.length; a++) {
        double value = distances.get(a, i);
        sum += leading.vectors()[c][a] * (means[a] - value * value);
      }
      double eigenvalue = leading.values()[c];
      coordinates.set(i, c, eigenvalue > 0 ? (float) (sum / (2 * Math.sqrt(eigenvalue))) : 0);
    }
  }

  private static void check(int n, int dimensions) {
    if (dimensions < 1 || dimensions >= n) {
      throw new InputException("%d dimensions of %d rows: expected 1 to %d", dimensions, n, n - 1);
    }
  }

  @FunctionalInterface
  private interface RowTask {
    void accept(int i, float[] row);
  }

  /** Gives a copy of each row to a task. */
  private static void each(Backend backend, Matrix x, RowTask task) {
    backend
        .parallel()
        .forEach(
            x.rows(),
            i -> {
              float[] row = new float[x.columns()];
              x.copyRow(i, row);
              task.accept((int) i, row);
            });
  }

  private static float[] square(float[] row) {
    for (int j = 0; j < row.length; j++) {
      row[j] *= row[j];
    }
    return row;
  }

  private static float[] root(float[] row) {
    for (int j = 0; j < row.length; j++) {
      row[j] = (float) Math.sqrt(row[j]);
    }
    return row;
  }

  private static float[][] columns(Matrix coordinates) {
    float[][] columns = new float[coordinates.columns()][coordinates.intRows()];
    for (int i = 0; i < coordinates.intRows(); i++) {
      for (int c = 0; c < columns.length; c++) {
        columns[c][i] = coordinates.get(i, c);
      }
    }
    return columns;
  }

  /**
   * Over the first {@code count} of the given distances g from row i: Σg, Σg², then Σe, Σe², Σge
   * with the distance e in 1 … c coordinates.
   */
  private static double[] sums(float[] given, int count, float[][] columns, int i) {
    double[] sums = new double[2 + 3 * columns.length];
    float[] squares = new float[count];
    for (int j = 0; j < count; j++) {
      sums[0] += given[j];
      sums[1] += (double) given[j] * given[j];
    }
    for (int c = 0; c < columns.length; c++) {
      addSquares(columns[c], columns[c][i], squares);
      addMoments(given, root(squares.clone()), sums, 2 + 3 * c);
    }
    return sums;
  }

  private static void addSquares(float[] column, float origin, float[] squares) {
    for (int j = 0; j < squares.length; j++) {
      float difference = column[j] - origin;
      squares[j] += difference * difference;
    }
  }

  private static void addMoments(float[] given, float[] embedded, double[] sums, int at) {
    double sum = 0;
    double squares = 0;
    double products = 0;
    for (int j = 0; j < embedded.length; j++) {
      double e = embedded[j];
      sum += e;
      squares += e * e;
      products += given[j] * e;
    }
    sums[at] = sum;
    sums[at + 1] = squares;
    sums[at + 2] = products;
  }

  /** 1 − R² for 1 … c coordinates. The pairs of a symmetric table are summed once. */
  private static double[] residualVariance(double[][] rows, double count) {
    double[] mean = new double[rows[0].length];
    for (double[] row : rows) {
      for (int s = 0; s < mean.length; s++) {
        mean[s] += row[s] / count;
      }
    }
    double varGiven = mean[1] - mean[0] * mean[0];
    double[] residual = new double[(mean.length - 2) / 3];
    for (int c = 0; c < residual.length; c++) {
      double e = mean[2 + 3 * c];
      double varEmbedded = mean[3 + 3 * c] - e * e;
      double cov = mean[4 + 3 * c] - mean[0] * e;
      residual[c] = 1 - cov * cov / (varGiven * varEmbedded);
    }
    return residual;
  }
}
