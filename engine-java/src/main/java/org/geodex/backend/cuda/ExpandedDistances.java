package org.geodex.backend.cuda;

import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.geodesic.Metric;

/**
 * Squared euclidean distances of prepared rows by matrix products, ‖x‖² + ‖y‖² − 2x·y. Rows are
 * prepared so that this orders like the metric: shifted by the mean of y, at unit length, or roots
 * of probabilities.
 *
 * @param x [n,d] prepared
 * @param xx [n] squared norms, f32
 * @param y [m,d] prepared
 * @param yy [m]
 * @param same x and y are one matrix
 */
record ExpandedDistances(
    DeviceBuffer x,
    DeviceBuffer xx,
    long n,
    DeviceBuffer y,
    DeviceBuffer yy,
    long m,
    int d,
    boolean root,
    boolean same) {

  private static final int CENTRED = 0;
  private static final int UNIT = 1;
  private static final int ROOTS = 2;
  private static final int MAX_GRID_Y = 65535;
  private static final int COLUMNS_A_BLOCK = 1024;

  /** Whether the metric has this form. */
  static boolean has(Metric metric) {
    return switch (metric) {
      case EUCLIDEAN, SQEUCLIDEAN, COSINE, ANGULAR, FISHER_RAO_CATEGORICAL -> true;
      case FISHER_RAO_NORMAL, CHEBYSHEV -> false;
    };
  }

  static ExpandedDistances of(Job job, PreparedRows left, PreparedRows right, Metric metric) {
    int kind =
        switch (metric) {
          case COSINE, ANGULAR -> UNIT;
          case FISHER_RAO_CATEGORICAL -> ROOTS;
          default -> CENTRED;
        };
    Object centre =
        kind == CENTRED ? ColumnSums.means(job, right.rows(), right.n(), right.d()) : 0L;
    DeviceBuffer yy = job.floats(right.n());
    DeviceBuffer y = prepare(job, right, kind, centre, yy);
    boolean same = left == right;
    DeviceBuffer xx = same ? yy : job.floats(left.n());
    DeviceBuffer x = same ? y : prepare(job, left, kind, centre, xx);
    return new ExpandedDistances(
        x, xx, left.n(), y, yy, right.n(), left.d(), metric == Metric.EUCLIDEAN, same);
  }

  private static DeviceBuffer prepare(
      Job job, PreparedRows rows, int kind, Object centre, DeviceBuffer squares) {
    DeviceBuffer prepared = job.floats(rows.n() * rows.d());
    job.launch(
        "gx_rows_prepare_f32",
        Job.warpARow(rows.n()),
        rows.rows(),
        rows.n(),
        rows.d(),
        kind,
        centre,
        prepared,
        squares);
    return prepared;
  }

  /** Enqueues x·y for rows [from, from + rows) and columns [first, first + columns). */
  void products(Job job, long from, int rows, long first, int columns, DeviceBuffer into) {
    job.product(
        false, true, rows, columns, d, Job.row(x, from, d), d, Job.row(y, first, d), d, into);
  }

  /** Enqueues the distances of rows [from, from + rows) to all rows of y. */
  void distances(Job job, long from, int rows, DeviceBuffer into) {
    products(job, from, rows, 0, Math.toIntExact(m), into);
    job.launch(
        "gx_pairwise_expand_f32",
        new Grid(Job.blocks(m, COLUMNS_A_BLOCK), Math.min(rows, MAX_GRID_Y)),
        into,
        (long) rows,
        m,
        xx.address() + 4 * from,
        yy,
        root ? 1 : 0,
        0);
  }
}
