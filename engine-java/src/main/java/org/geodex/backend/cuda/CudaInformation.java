package org.geodex.backend.cuda;

import org.geodex.backend.ColumnMoments;
import org.geodex.backend.Information;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.matrix.Matrix;

/**
 * Counts, moments and divergences on the device. Counts are those of f64 arithmetic, as on the CPU;
 * sums are f64. Copies: the rows once to the device, results of size n (or n·m) back.
 */
final class CudaInformation implements Information {
  /** Neighbours that {@code gx_ksg_counts_f32} keeps for variant 2. */
  private static final int MOST_NEIGHBOURS = 1024;

  private final Device device;
  private final Information host;

  CudaInformation(Device device, Information host) {
    this.device = device;
    this.host = host;
  }

  @Override
  public KsgCounts ksgCounts(Matrix x, Matrix y, Matrix z, KsgParameters parameters) {
    if (tooMany(parameters)) {
      return host.ksgCounts(x, y, z, parameters);
    }
    return device.run(job -> new KsgSearch(job, parameters).count(x, y, z));
  }

  @Override
  public KsgCounts[] ksgCountsOfPairings(
      Matrix x, Matrix y, int[][] pairings, KsgParameters parameters) {
    if (tooMany(parameters)) {
      return host.ksgCountsOfPairings(x, y, pairings, parameters);
    }
    if (!device.run(job -> KsgSearch.pairingsFit(job, y.intRows()))) {
      return Information.super.ksgCountsOfPairings(x, y, pairings, parameters);
    }
    return device.run(job -> new KsgSearch(job, parameters).countPairings(x, y, pairings));
  }

  @Override
  public KsgCounts ksgCountsOfDistances(
      Matrix dx, Matrix dy, int[] order, KsgParameters parameters) {
    if (tooMany(parameters)) {
      return host.ksgCountsOfDistances(dx, dy, order, parameters);
    }
    int[][] pairings = order == null ? null : new int[][] {order};
    return device.run(job -> new KsgSearch(job, parameters).countOfDistances(dx, dy, pairings))[0];
  }

  @Override
  public KsgCounts[] ksgCountsOfDistances(
      Matrix dx, Matrix dy, int[][] pairings, KsgParameters parameters) {
    if (tooMany(parameters)) {
      return host.ksgCountsOfDistances(dx, dy, pairings, parameters);
    }
    return device.run(job -> new KsgSearch(job, parameters).countOfDistances(dx, dy, pairings));
  }

  private boolean tooMany(KsgParameters parameters) {
    boolean tooMany = parameters.k() > MOST_NEIGHBOURS;
    if (tooMany) {
      device.noteHost("information.ksgCounts: k > " + MOST_NEIGHBOURS);
    }
    return tooMany;
  }

  @Override
  public ColumnMoments columnMoments(Matrix x) {
    return device.run(
        job -> {
          DeviceBuffer rows = job.upload(x);
          int d = x.columns();
          DeviceBuffer means = ColumnSums.means(job, rows, x.rows(), d);
          DeviceBuffer squares = ColumnSums.squares(job, rows, x.rows(), d, means);
          return new ColumnMoments(
              x.rows(), job.downloadDoubles(means, d), job.downloadDoubles(squares, d));
        });
  }

  @Override
  public double fourthMoment(Matrix x, double[] centre) {
    double sum = 0;
    for (double square : RowLengths.of(device, x, centre).centred()) {
      sum += square * square;
    }
    return sum;
  }

  @Override
  public double[] klCategoricalRows(Matrix p, Matrix q, boolean logits) {
    return device.run(
        job -> {
          DeviceBuffer out = job.doubles(p.rows());
          job.launch(
              "gx_kl_categorical_rows_f64",
              Job.warpARow(p.rows()),
              logarithms(job, p, logits),
              logarithms(job, q, logits),
              p.rows(),
              p.columns(),
              out);
          return job.downloadDoubles(out, p.intRows());
        });
  }

  @Override
  public void klCategorical(Matrix p, Matrix q, boolean logits, Matrix out) {
    device.run(
        job -> {
          DeviceBuffer left = logarithms(job, p, logits);
          DeviceBuffer right = p == q ? left : logarithms(job, q, logits);
          int d = p.columns();
          job.stream(
              out,
              (from, rows, into) ->
                  job.launch(
                      "gx_kl_categorical_f32",
                      Job.tiles(rows, q.rows(), Job.WIDE_TILE),
                      left.address() + 8 * from * d,
                      (long) rows,
                      right,
                      q.rows(),
                      d,
                      into));
          return null;
        });
  }

  private static DeviceBuffer logarithms(Job job, Matrix x, boolean logits) {
    DeviceBuffer out = job.doubles(x.rows() * x.columns());
    job.launch(
        "gx_log_probabilities_f64",
        Job.warpARow(x.rows()),
        job.upload(x),
        x.rows(),
        x.columns(),
        logits ? 1 : 0,
        out);
    return out;
  }
}
