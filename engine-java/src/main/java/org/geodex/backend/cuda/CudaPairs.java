package org.geodex.backend.cuda;

import java.util.ArrayList;
import java.util.List;
import org.geodex.backend.Pairs;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;

/**
 * Sums over pairs of rows on the device: strips of distances in the direct f32 form, of all
 * matrices together, and f64 sums of each row in a fixed order. Medians are selected on the host.
 * Copies: the rows once to the device, one f64 a row and sum back, together for each strip.
 */
final class CudaPairs implements Pairs {
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
    double[][] rows = new double[count][n];
    double[][] products = new double[count][count];
    device.run(
        job -> {
          int atOnce = job.rowsAtOnce(n, 4L * n * count);
          List<PreparedRows> points = new ArrayList<>();
          for (Matrix x : xs) {
            points.add(PreparedRows.of(job, x, Metric.EUCLIDEAN));
          }
          List<Boolean> f64 = xs.stream().map(x -> DirectDistances.needF64(job, x)).toList();
          Strip strip = new Strip(job, count, atOnce, n);
          for (int from = 0; from < n; from += atOnce) {
            int height = Math.min(atOnce, n - from);
            for (int a = 0; a < count; a++) {
              strip.make(a, points.get(a), f64.get(a), bandwidths[a], from, height);
            }
            strip.add(from, height, rows, products);
          }
          return null;
        });
    return new Sums(rows, products, bandwidths);
  }

  private double bandwidth(Matrix x, Kernel kernel) {
    return switch (kernel) {
      case Distance() -> Double.NaN;
      case Gaussian g when Double.isNaN(g.sigma()) -> g.medians() * medianDistance(x);
      case Gaussian g -> g.sigma();
    };
  }

  /** Some rows of the kernel's values of every matrix, one after the other, and their sums. */
  private static final class Strip {
    private final Job job;
    private final int count;
    private final int pairs;
    private final int n;
    private final DeviceBuffer values;
    private final DeviceBuffer sums;

    Strip(Job job, int count, int rows, int n) {
      this.job = job;
      this.count = count;
      this.pairs = count * (count + 1) / 2;
      this.n = n;
      this.values = job.floats((long) count * rows * n);
      this.sums = job.doubles((long) (count + pairs) * rows);
    }

    /** Enqueues the values of one matrix; {@code sigma} is NaN for the distances themselves. */
    void make(int a, PreparedRows x, boolean f64, double sigma, int from, int height) {
      long size = (long) height * n;
      DeviceBuffer into = values.slice(4 * a * size, 4 * size);
      boolean all = height == n;
      DirectDistances.enqueue(job, Metric.EUCLIDEAN, f64, x, from, height, x, into, all);
      if (!Double.isNaN(sigma)) {
        job.launch("gx_pairs_values_f32", Job.elements(size), into, size, sigma);
      }
    }

    /** Waits for the sums over the strip: of each row, and of each pair's rows in their order. */
    void add(int from, int height, double[][] rows, double[][] products) {
      long behind = sums.address() + 8L * count * height;
      launch("gx_pairs_row_sums_f64", count, from, height, sums.address());
      launch("gx_pairs_products_f64", pairs, from, height, behind);
      double[] found = job.downloadDoubles(sums, (count + pairs) * height);
      int at = count * height;
      for (int a = 0; a < count; a++) {
        System.arraycopy(found, a * height, rows[a], from, height);
        for (int b = 0; b <= a; b++) {
          for (int i = 0; i < height; i++) {
            products[a][b] += found[at++];
          }
          products[b][a] = products[a][b];
        }
      }
    }

    private void launch(String kernel, int strips, int from, int height, long into) {
      Grid grid = new Grid(Job.warpARow(height).x(), strips);
      job.launch(kernel, grid, values, (long) height, (long) n, (long) from, into);
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
