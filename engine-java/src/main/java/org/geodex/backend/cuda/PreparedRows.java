package org.geodex.backend.cuda;

import org.geodex.cuda.DeviceBuffer;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;

/**
 * Rows on the device and what a metric needs beside them.
 *
 * @param rows [n,d] f32
 * @param scales [n] f64: squared norm, norm or sum of each row; null where the metric has no use
 *     for them
 */
record PreparedRows(DeviceBuffer rows, DeviceBuffer scales, long n, int d) {
  private static final int SQUARED_NORM = 0;
  private static final int NORM = 1;
  private static final int SUM = 2;

  /** Copies: 4·n·d bytes to the device. */
  static PreparedRows of(Job job, Matrix x, Metric metric) {
    DeviceBuffer rows = job.upload(x);
    return new PreparedRows(rows, scales(job, rows, x, metric), x.rows(), x.columns());
  }

  private static DeviceBuffer scales(Job job, DeviceBuffer rows, Matrix x, Metric metric) {
    int kind =
        switch (metric) {
          case COSINE -> SQUARED_NORM;
          case ANGULAR -> NORM;
          case FISHER_RAO_CATEGORICAL -> SUM;
          case EUCLIDEAN, SQEUCLIDEAN, FISHER_RAO_NORMAL, CHEBYSHEV -> -1;
        };
    if (kind < 0) {
      return null;
    }
    DeviceBuffer scales = job.doubles(x.rows());
    job.launch(
        "gx_row_scales_f64", Job.warpARow(x.rows()), rows, x.rows(), x.columns(), kind, scales);
    return scales;
  }

  /** The address of row {@code i}. */
  long row(long i) {
    return Job.row(rows, i, d);
  }

  /** The address of the scale of row {@code i}, or 0. */
  long scale(long i) {
    return scales == null ? 0 : scales.address() + 8 * i;
  }
}
