package org.geodex.geodesic;

import java.util.Arrays;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Vectors;

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
    float[][] columns = new float[dimensions][n];
    for (int c = 0; c < dimensions; c++) {
      double root = Math.sqrt(Math.max(0, leading.values()[c]));
      for (int i = 0; i < n; i++) {
        columns[c][i] = (float) (leading.vectors()[c][i] * root);
      }
    }
    double[][] sums = new double[n][];
    ThreadLocal<PairSums> pairs = ThreadLocal.withInitial(() -> new PairSums(columns));
    each(backend, distances, (i, row) -> sums[i] = pairs.get().ofSquares(row, i, i));
    return embedding(columns, leading, residualVariance(sums, 0.5 * n * n));
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
      float[][] columns = new float[dimensions][n];
      backend
          .parallel()
          .forEach(
              Math.ceilDiv(n, BLOCK),
              block -> {
                for (int i = (int) block * BLOCK; i < Math.min((block + 1) * BLOCK, n); i++) {
                  place(distances, i, means, leading, columns);
                }
              });
      double[][] sums = new double[l][];
      ThreadLocal<PairSums> pairs = ThreadLocal.withInitial(() -> new PairSums(columns));
      each(backend, distances, (a, row) -> sums[a] = pairs.get().ofDistances(row, n, landmarks[a]));
      return embedding(columns, leading, residualVariance(sums, (double) l * n));
    }
  }

  private static void place(
      Matrix distances, int i, double[] means, LeadingEigenvectors leading, float[][] columns) {
    for (int c = 0; c < columns.length; c++) {
      double sum = 0;
      for (int a = 0; a < means.length; a++) {
        double value = distances.get(a, i);
        sum += leading.vectors()[c][a] * (means[a] - value * value);
      }
      double eigenvalue = leading.values()[c];
      columns[c][i] = eigenvalue > 0 ? (float) (sum / (2 * Math.sqrt(eigenvalue))) : 0;
    }
  }

  private static Embedding embedding(
      float[][] columns, LeadingEigenvectors leading, double[] residualVariance) {
    Matrix.Owned coordinates = Matrix.allocate(columns[0].length, columns.length);
    for (int c = 0; c < columns.length; c++) {
      for (int i = 0; i < columns[c].length; i++) {
        coordinates.set(i, c, columns[c][i]);
      }
    }
    return new Embedding(coordinates, leading.values(), residualVariance);
  }

  private static void check(int n, int dimensions) {
    if (dimensions < 1) {
      throw new UsageException("--dimensions %d: expected at least 1", dimensions);
    }
    if (dimensions >= n) {
      throw new InputException("%d dimensions of %d rows: expected 1 to %d", dimensions, n, n - 1);
    }
  }

  @FunctionalInterface
  private interface RowTask {
    void accept(int i, float[] row);
  }

  /** Gives a copy of each row to a task, which may keep it until it returns. */
  private static void each(Backend backend, Matrix x, RowTask task) {
    ThreadLocal<float[]> rows = ThreadLocal.withInitial(() -> new float[x.columns()]);
    backend
        .parallel()
        .forEach(
            x.rows(),
            i -> {
              x.copyRow(i, rows.get());
              task.accept((int) i, rows.get());
            });
  }

  private static float[] square(float[] row) {
    for (int j = 0; j < row.length; j++) {
      row[j] *= row[j];
    }
    return row;
  }

  /** Sums over pairs of a given distance g and the distance e of the same rows in coordinates. */
  private static final class PairSums {
    private final float[][] columns;
    private final double[] given;
    private final double[] embedded;
    private final float[] squares;

    PairSums(float[][] columns) {
      int n = columns[0].length;
      this.columns = columns;
      this.given = new double[n];
      this.embedded = new double[n];
      this.squares = new float[n];
    }

    /** Of row i with the first {@code count}: Σg, Σg², then Σe, Σe², Σge in 1 … c coordinates. */
    double[] ofDistances(float[] row, int count, int i) {
      for (int j = 0; j < count; j++) {
        given[j] = row[j];
      }
      return sums(count, i);
    }

    double[] ofSquares(float[] row, int count, int i) {
      root(row, count, given);
      return sums(count, i);
    }

    private double[] sums(int count, int i) {
      double[] sums = new double[2 + 3 * columns.length];
      sums[0] = Vectors.sum(given, count);
      sums[1] = Vectors.dot(given, given, count);
      Arrays.fill(squares, 0, count, 0);
      for (int c = 0; c < columns.length; c++) {
        addSquares(columns[c], columns[c][i], count);
        root(squares, count, embedded);
        sums[2 + 3 * c] = Vectors.sum(embedded, count);
        sums[3 + 3 * c] = Vectors.dot(embedded, embedded, count);
        sums[4 + 3 * c] = Vectors.dot(given, embedded, count);
      }
      return sums;
    }

    private void addSquares(float[] column, float origin, int count) {
      for (int j = 0; j < count; j++) {
        float difference = column[j] - origin;
        squares[j] += difference * difference;
      }
    }

    private static void root(float[] squares, int count, double[] roots) {
      for (int j = 0; j < count; j++) {
        roots[j] = (float) Math.sqrt(squares[j]);
      }
    }
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
