package org.geodex.geodesic;

import org.geodex.backend.Backend;
import org.geodex.backend.Geometry;
import org.geodex.error.InputException;
import org.geodex.error.MemoryBudgetException;
import org.geodex.matrix.Matrix;

/**
 * The matrix of distances between the rows of x[n,d] and of y[m,d], or of x and itself; then it is
 * symmetric with a diagonal of zeros. f32 out, f64 or refined f32 inside ({@link Precision}).
 */
public final class PairwiseDistances {
  /** A block of this size keeps the disk busy; a larger one gains nothing. */
  private static final long BLOCK_BYTES = 256L << 20;

  private static final int MIN_ROWS = 16;

  private PairwiseDistances() {}

  /** The whole matrix; the caller closes it. {@code y} null: x against itself. */
  public static Matrix.Owned of(Backend backend, Matrix x, Matrix y, Metric metric) {
    Matrix other = y == null ? x : y;
    Matrix.Owned out = Matrix.allocate(x.rows(), other.intRows());
    try {
      backend.geometry().pairwise(x, other, metric, out);
      return out;
    } catch (Throwable e) {
      out.close();
      throw e;
    }
  }

  /** Refuses rows of different lengths, empty matrices and rows outside the metric's domain. */
  public static void check(Matrix x, String xName, Matrix y, String yName, Metric metric) {
    checkNotEmpty(x, xName);
    MetricDomain.check(metric, x, xName);
    if (y != null) {
      MetricDomain.checkColumns(x, xName, y, yName);
      checkNotEmpty(y, yName);
      MetricDomain.check(metric, y, yName);
    }
  }

  private static void checkNotEmpty(Matrix x, String name) {
    if (x.rows() == 0 || x.columns() == 0) {
      throw new InputException("%s: is empty (%d rows of %d columns)", name, x.rows(), x.columns());
    }
  }

  /**
   * The matrix in blocks of rows that fit the backend's memory budget beside the data and its
   * working copies. A symmetric matrix that fits as a whole is one block and costs half.
   *
   * @param y null: x against itself
   * @throws MemoryBudgetException when not even a few rows fit
   */
  public static void stream(
      Backend backend, Matrix x, Matrix y, Metric metric, Precision precision, RowBlocks out) {
    Matrix other = y == null ? x : y;
    int m = other.intRows();
    long rowBytes = 4L * m;
    long dataBytes = 2 * (x.bytes() + (y == null ? 0 : y.bytes()));
    long free = backend.memoryBudget() - dataBytes;
    if (free < MIN_ROWS * rowBytes) {
      throw new MemoryBudgetException(
          "%,d bytes for the data, its working copy and %d rows of the result, but"
              + " --memory-budget is %,d: raise it",
          dataBytes + MIN_ROWS * rowBytes, MIN_ROWS, backend.memoryBudget());
    }
    boolean whole = y == null && x.rows() <= free / rowBytes;
    long rows = whole ? x.rows() : Math.max(MIN_ROWS, Math.min(free / 2, BLOCK_BYTES) / rowBytes);
    try (Geometry.DistanceRows distances =
            backend.geometry().pairwiseRows(x, other, metric, precision);
        Matrix.Owned block = Matrix.allocate(Math.min(rows, x.rows()), m)) {
      for (long from = 0; from < x.rows(); from += block.rows()) {
        Matrix part = block.rows(0, Math.min(block.rows(), x.rows() - from));
        distances.compute(from, part);
        out.accept(from, part);
      }
    }
  }
}
