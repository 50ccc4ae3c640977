package org.geodex.backend.cpu;

import org.geodex.backend.Parallel;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;

/**
 * Rows made ready for distances by matrix products: brought to the form in which the metric is a
 * function of ‖x−y‖² alone (as they are; at unit length; square roots of probabilities at unit
 * length), shifted by a common centre and scaled by a common power of two, so that neither an
 * offset of the data nor its unit costs digits or range.
 *
 * <p>Rounding to f32 moves a row by at most 2⁻²⁴ of its length. 4·n·d bytes.
 */
final class PreparedRows implements AutoCloseable {
  private static final int BLOCK = 256;

  private final Matrix.Owned rows;
  private final float[] squaredNorms;
  private final boolean finite;

  private PreparedRows(Matrix.Owned rows, float[] squaredNorms, boolean finite) {
    this.rows = rows;
    this.squaredNorms = squaredNorms;
    this.finite = finite;
  }

  /** Whether {@link Form} and products can serve the metric at all. */
  static boolean serves(Metric metric) {
    return switch (metric) {
      case EUCLIDEAN, SQEUCLIDEAN, COSINE, ANGULAR, FISHER_RAO_CATEGORICAL -> true;
      case CHEBYSHEV, FISHER_RAO_NORMAL -> false;
    };
  }

  /**
   * The common shift and scale of all rows that take part.
   *
   * @param centre subtracted from each row
   * @param scale a power of two that rows are multiplied with after the shift
   */
  record Form(Metric metric, double[] centre, double scale) {

    /** The form that has {@code y} around the origin, its largest value near 1. */
    static Form of(Matrix y, Metric metric, Parallel parallel) {
      int d = y.columns();
      int blocks = Math.ceilDiv(y.intRows(), BLOCK);
      double[][] sums = new double[blocks][d];
      eachBlock(
          y,
          parallel,
          (block, i, row) -> {
            normalize(metric, row);
            for (int j = 0; j < d; j++) {
              sums[block][j] += row[j];
            }
          });
      double[] centre = new double[d];
      for (double[] sum : sums) {
        for (int j = 0; j < d; j++) {
          centre[j] += sum[j];
        }
      }
      for (int j = 0; j < d; j++) {
        centre[j] /= y.rows();
      }
      return new Form(metric, centre, scale(y, metric, centre, parallel));
    }

    private static double scale(Matrix y, Metric metric, double[] centre, Parallel parallel) {
      double[] largest = new double[Math.ceilDiv(y.intRows(), BLOCK)];
      eachBlock(
          y,
          parallel,
          (block, i, row) -> {
            normalize(metric, row);
            double max = largest[block];
            for (int j = 0; j < row.length; j++) {
              max = Math.max(max, Math.abs(row[j] - centre[j]));
            }
            largest[block] = max;
          });
      double max = 0;
      for (double value : largest) {
        max = Math.max(max, value);
      }
      return max > 0 && max < Double.POSITIVE_INFINITY
          ? Math.scalb(1.0, -Math.getExponent(max))
          : 1;
    }
  }

  @FunctionalInterface
  private interface RowTask {
    void accept(int block, int i, double[] row);
  }

  private static void eachBlock(Matrix x, Parallel parallel, RowTask task) {
    int n = x.intRows();
    parallel.forEach(
        Math.ceilDiv(n, BLOCK),
        block -> {
          double[] row = new double[x.columns()];
          for (int i = (int) block * BLOCK; i < Math.min((block + 1) * BLOCK, n); i++) {
            x.copyRow(i, row);
            task.accept((int) block, i, row);
          }
        });
  }

  private static void normalize(Metric metric, double[] row) {
    switch (metric) {
      case COSINE, ANGULAR -> toUnitLength(row);
      case FISHER_RAO_CATEGORICAL -> {
        for (int j = 0; j < row.length; j++) {
          row[j] = Math.sqrt(row[j]);
        }
        toUnitLength(row);
      }
      default -> {}
    }
  }

  private static void toUnitLength(double[] row) {
    double sum = 0;
    for (double value : row) {
      sum += value * value;
    }
    double inverse = 1 / Math.sqrt(sum);
    for (int j = 0; j < row.length; j++) {
      row[j] *= inverse;
    }
  }

  static PreparedRows of(Matrix x, Form form, Parallel parallel) {
    Matrix.Owned rows = Matrix.allocate(x.rows(), x.columns());
    float[] squaredNorms = new float[x.intRows()];
    boolean[] finite = new boolean[Math.ceilDiv(x.intRows(), BLOCK)];
    java.util.Arrays.fill(finite, true);
    try {
      eachBlock(
          x,
          parallel,
          (block, i, row) -> {
            normalize(form.metric(), row);
            float[] prepared = new float[row.length];
            double norm = 0;
            for (int j = 0; j < row.length; j++) {
              prepared[j] = (float) ((row[j] - form.centre()[j]) * form.scale());
              norm += (double) prepared[j] * prepared[j];
            }
            rows.setRow(i, prepared);
            squaredNorms[i] = (float) norm;
            finite[block] &= norm <= 1e37;
          });
    } catch (Throwable e) {
      rows.close();
      throw e;
    }
    boolean all = true;
    for (boolean block : finite) {
      all &= block;
    }
    return new PreparedRows(rows, squaredNorms, all);
  }

  Matrix rows() {
    return rows;
  }

  /** ‖row‖² of the prepared rows, each rounded once. */
  float[] squaredNorms() {
    return squaredNorms;
  }

  /** False where NaN, infinity or a row far outside the others' range rules products out. */
  boolean finite() {
    return finite;
  }

  @Override
  public void close() {
    rows.close();
  }
}
