package org.geodex.backend.cuda;

import java.util.ArrayList;
import java.util.List;
import org.geodex.backend.Pairs;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;

/**
 * Sums over pairs of rows on the device: strips of distances in the direct f32 form, of all
 * matrices together, and f64 sums of each row in a fixed order. Medians are selected on the host.
 * Copies: the rows once to the device, one f64 a row and sum back.
 */
final class CudaPairs implements Pairs {
  /** Strips of all matrices: what an H100's L2 cache holds. */
  private static final long STRIP_BYTES = 40L << 20;

  private final Device device;
  private final Pairs host;

  CudaPairs(Device device, Pairs host) {
    this.device = device;
    this.host = host;
  }

  @Override
  public Sums sums(List<? extends Matrix> xs, Kernel kernel) {
    int count = xs.size();
    int n = xs.getFirst().intRows();
    double[] bandwidths = new double[count];
    for (int a = 0; a < count; a++) {
      bandwidths[a] = bandwidth(xs.get(a), kernel);
    }
    Sums sums = new Sums(new double[count][n], new double[count][count], bandwidths);
    long fitting = STRIP_BYTES / (4L * n * count) / Job.TILE * Job.TILE;
    int rows = (int) Math.min(n, Math.max(Job.TILE, fitting));
    device.run(
        job -> {
          List<PreparedRows> points = new ArrayList<>();
          List<DeviceBuffer> strips = new ArrayList<>();
          for (Matrix x : xs) {
            points.add(PreparedRows.of(job, x, Metric.EUCLIDEAN));
            strips.add(job.floats((long) rows * n));
          }
          DeviceBuffer perRow = job.doubles(rows);
          for (int from = 0; from < n; from += rows) {
            int height = Math.min(rows, n - from);
            for (int a = 0; a < count; a++) {
              strip(job, points.get(a), bandwidths[a], from, height, strips.get(a));
            }
            add(job, strips, from, height, n, perRow, sums);
          }
          return null;
        });
    for (int a = 0; a < count; a++) {
      for (int b = 0; b < a; b++) {
        sums.products()[b][a] = sums.products()[a][b];
      }
    }
    return sums;
  }

  private double bandwidth(Matrix x, Kernel kernel) {
    return switch (kernel) {
      case Distance() -> Double.NaN;
      case Gaussian g when Double.isNaN(g.sigma()) -> g.medians() * medianDistance(x);
      case Gaussian g -> g.sigma();
    };
  }

  /** Enqueues the kernel's values of some rows with all rows; NaN for the distances themselves. */
  private static void strip(
      Job job, PreparedRows x, double sigma, int from, int height, DeviceBuffer into) {
    DirectDistances.enqueue(job, Metric.EUCLIDEAN, false, x, from, height, x, into, false);
    if (!Double.isNaN(sigma)) {
      long count = height * x.n();
      job.launch("gx_pairs_values_f32", Job.elements(count), into, count, sigma);
    }
  }

  private static void add(
      Job job,
      List<DeviceBuffer> strips,
      int from,
      int height,
      int n,
      DeviceBuffer perRow,
      Sums sums) {
    for (int a = 0; a < strips.size(); a++) {
      job.launch(
          "gx_pairs_row_sums_f64",
          Job.warpARow(height),
          strips.get(a),
          (long) height,
          (long) n,
          (long) from,
          perRow);
      System.arraycopy(job.downloadDoubles(perRow, height), 0, sums.rows()[a], from, height);
      for (int b = 0; b <= a; b++) {
        job.launch(
            "gx_pairs_products_f64",
            Job.warpARow(height),
            strips.get(a),
            strips.get(b),
            (long) height,
            (long) n,
            (long) from,
            perRow);
        for (double product : job.downloadDoubles(perRow, height)) {
          sums.products()[a][b] += product;
        }
      }
    }
  }

  @Override
  public double medianDistance(Matrix x) {
    device.noteHost("pairs.medianDistance");
    return host.medianDistance(x.onHost());
  }

  @Override
  public Matrix.Owned condensedDistances(Matrix x) {
    device.noteHost("pairs.condensedDistances");
    return host.condensedDistances(x.onHost());
  }
}
