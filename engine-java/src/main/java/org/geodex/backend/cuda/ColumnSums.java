package org.geodex.backend.cuda;

import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;

/** Column means and second moments by {@code rows.cu}: chunks of rows, then the chunks in order. */
final class ColumnSums {
  /** Rows of a chunk; the cut, and so the result, depends on n alone. */
  private static final int ROWS = 1024;

  private static final int COLUMNS_A_BLOCK = 32;
  private static final int MAX_GRID_Y = 65535;

  private ColumnSums() {}

  /** d means, f64. */
  static DeviceBuffer means(Job job, DeviceBuffer x, long n, int d) {
    DeviceBuffer first = total(job, x, n, d, null, 1, n, null);
    // The second pass adds the mean of what the first one left: the rounding of large offsets.
    return total(job, x, n, d, first, 1, n, first);
  }

  /** d sums, f64. */
  static DeviceBuffer sums(Job job, DeviceBuffer x, long n, int d) {
    return total(job, x, n, d, null, 1, 1, null);
  }

  /** d sums of squared deviations from the centre, f64. */
  static DeviceBuffer squares(Job job, DeviceBuffer x, long n, int d, DeviceBuffer centre) {
    return total(job, x, n, d, centre, 2, 1, null);
  }

  private static DeviceBuffer total(
      Job job,
      DeviceBuffer x,
      long n,
      int d,
      DeviceBuffer centre,
      int power,
      double divisor,
      DeviceBuffer plus) {
    long rows = Math.max(ROWS, Math.ceilDiv(n, (long) MAX_GRID_Y));
    int chunks = Job.blocks(n, Math.toIntExact(rows));
    DeviceBuffer sums = job.doubles((long) chunks * d);
    DeviceBuffer total = job.doubles(d);
    job.launch(
        "gx_column_sums_f64",
        new Grid(Job.blocks(d, COLUMNS_A_BLOCK), chunks),
        x,
        n,
        d,
        rows,
        centre == null ? 0L : centre.address(),
        power,
        sums);
    job.launch(
        "gx_column_total_f64",
        new Grid(Job.blocks(d, Job.THREADS)),
        sums,
        chunks,
        d,
        divisor,
        plus == null ? 0L : plus.address(),
        total);
    return total;
  }
}
