package org.geodex.backend.cuda;

import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.UnitScale;

/** Launches of the direct forms of {@code pairwise.cu}. */
final class DirectDistances {
  /** Rows that a core of the host looks at. */
  private static final int ROWS_AT_ONCE = 512;

  private DirectDistances() {}

  /**
   * Enqueues distances of rows [from, from + rows) of x to all of y, f32.
   *
   * @param f64 terms and sums in f64 for the euclidean metrics too
   * @param upper x and y are the same rows and the strip is the whole matrix: half the work
   */
  static void enqueue(
      Job job,
      Metric metric,
      boolean f64,
      PreparedRows x,
      long from,
      int rows,
      PreparedRows y,
      DeviceBuffer out,
      boolean upper) {
    switch (metric) {
      case EUCLIDEAN, SQEUCLIDEAN -> {
        if (f64) {
          exact(job, metric, x, from, rows, y, out, upper, "gx_pairwise_exact_f32");
        } else {
          inF32(job, "gx_pairwise_sqeuclidean_f32", metric, x, from, rows, y, out, upper);
        }
      }
      case CHEBYSHEV ->
          inF32(job, "gx_pairwise_chebyshev_f32", metric, x, from, rows, y, out, upper);
      case COSINE, ANGULAR, FISHER_RAO_CATEGORICAL, FISHER_RAO_NORMAL ->
          exact(job, metric, x, from, rows, y, out, upper, "gx_pairwise_exact_f32");
    }
  }

  /**
   * Whether euclidean distances of a matrix's rows need f64 sums: their squares leave f32's range.
   * What lies on the device is not fetched to find out.
   */
  static boolean needF64(Job job, Matrix x) {
    if (job.isResident(x)) {
      return false;
    }
    float[] largest = new float[Job.blocks(x.rows(), ROWS_AT_ONCE)];
    job.cores()
        .forEach(
            largest.length,
            block -> {
              long from = block * ROWS_AT_ONCE;
              long to = Math.min(x.rows(), from + ROWS_AT_ONCE);
              largest[(int) block] = UnitScale.largest(x.rows(from, to));
            });
    float all = 0;
    for (float value : largest) {
      all = Math.max(all, value);
    }
    return UnitScale.isNeeded(all);
  }

  /** Enqueues distances in f64, not rounded. */
  static void enqueueF64(
      Job job, Metric metric, PreparedRows x, int rows, PreparedRows y, DeviceBuffer out) {
    exact(job, metric, x, 0, rows, y, out, false, "gx_pairwise_exact_f64");
  }

  private static void inF32(
      Job job,
      String kernel,
      Metric metric,
      PreparedRows x,
      long from,
      int rows,
      PreparedRows y,
      DeviceBuffer out,
      boolean upper) {
    job.launch(
        kernel,
        Job.tiles(rows, y.n(), Job.TILE),
        x.row(from),
        (long) rows,
        y.rows(),
        y.n(),
        x.d(),
        out,
        y.n(),
        metric == Metric.EUCLIDEAN ? 1 : 0,
        upper ? 1 : 0);
  }

  private static void exact(
      Job job,
      Metric metric,
      PreparedRows x,
      long from,
      int rows,
      PreparedRows y,
      DeviceBuffer out,
      boolean upper,
      String kernel) {
    Grid grid = Job.tiles(rows, y.n(), Job.WIDE_TILE);
    job.launch(
        kernel,
        grid,
        metric.ordinal(),
        x.row(from),
        (long) rows,
        x.scale(from),
        y.rows(),
        y.n(),
        y.scale(0),
        x.d(),
        out,
        y.n(),
        upper ? 1 : 0);
  }
}
