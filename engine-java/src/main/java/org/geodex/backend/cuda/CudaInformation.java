package org.geodex.backend.cuda;

import org.geodex.backend.ColumnMoments;
import org.geodex.backend.Information;
import org.geodex.cuda.CudaContext;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.matrix.Matrix;

/**
 * Counts, moments and divergences on the device. Counts are those of f64 arithmetic, as on the CPU;
 * sums are f64. Copies: the rows once to the device, results of size n (or n·m) back.
 */
final class CudaInformation implements Information {
  /** Marginal distances under way: what an H100's L2 cache holds. */
  private static final long STRIP_BYTES = 40L << 20;

  /** A strip of a result on its way to the host. */
  private static final long RESULT_BYTES = 64L << 20;

  /** Neighbours that {@code gx_ksg_counts_f32} keeps for variant 2. */
  private static final int MOST_NEIGHBOURS = 1024;

  private final CudaContext context;
  private final boolean ownProducts;
  private final HostWork hostWork;
  private final Information host;

  CudaInformation(CudaContext context, boolean ownProducts, HostWork hostWork, Information host) {
    this.context = context;
    this.ownProducts = ownProducts;
    this.hostWork = hostWork;
    this.host = host;
  }

  @Override
  public KsgCounts ksgCounts(Matrix x, Matrix y, Matrix z, KsgParameters parameters) {
    if (tooMany(parameters)) {
      return host.ksgCounts(x, y, z, parameters);
    }
    return Job.run(context, ownProducts, job -> new KsgSearch(job, parameters).count(x, y, z));
  }

  @Override
  public KsgCounts ksgCountsOfDistances(
      Matrix dx, Matrix dy, int[] order, KsgParameters parameters) {
    if (tooMany(parameters)) {
      return host.ksgCountsOfDistances(dx, dy, order, parameters);
    }
    return Job.run(
        context,
        ownProducts,
        job -> new KsgSearch(job, parameters).countOfDistances(dx, dy, order));
  }

  private boolean tooMany(KsgParameters parameters) {
    boolean tooMany = parameters.k() > MOST_NEIGHBOURS;
    if (tooMany) {
      hostWork.note("information.ksgCounts: k > " + MOST_NEIGHBOURS);
    }
    return tooMany;
  }

  /** One search for neighbours in a joint space. */
  private static final class KsgSearch {
    private final Job job;
    private final KsgParameters parameters;
    private final boolean euclidean;

    KsgSearch(Job job, KsgParameters parameters) {
      this.job = job;
      this.parameters = parameters;
      this.euclidean = parameters.norm() == KsgParameters.Norm.EUCLIDEAN;
    }

    /** The points of one space and the distances of a strip of rows in it. */
    private record Space(DeviceBuffer points, int width, DeviceBuffer strip) {
      static final Space NONE = new Space(null, 0, null);

      long pointsAddress() {
        return points == null ? 0 : points.address();
      }

      long stripAddress() {
        return strip == null ? 0 : strip.address();
      }
    }

    KsgCounts count(Matrix x, Matrix y, Matrix z) {
      int n = x.intRows();
      int spaces = z == null ? 2 : 3;
      long fitting = STRIP_BYTES / (4L * n * spaces) / Job.TILE * Job.TILE;
      int rows = (int) Math.min(n, Math.max(Job.TILE, fitting));
      Space sx = space(x, rows);
      Space sy = space(y, rows);
      Space sz = z == null ? Space.NONE : space(z, rows);
      Counts counts = new Counts(job, n, z != null);
      float band = euclidean ? (float) ((largest(x, y, z) + 8) * 0x1p-22) : 0;
      for (int from = 0; from < n; from += rows) {
        int height = Math.min(rows, n - from);
        distances(sx, n, from, height);
        distances(sy, n, from, height);
        if (z != null) {
          distances(sz, n, from, height);
        }
        launch(sx, sy, sz, n, from, height, 0, band, counts);
      }
      return counts.fetch();
    }

    private static int largest(Matrix x, Matrix y, Matrix z) {
      int width = Math.max(x.columns(), y.columns());
      return z == null ? width : Math.max(width, z.columns());
    }

    private Space space(Matrix x, int rows) {
      return new Space(job.upload(x), x.columns(), job.floats((long) rows * x.rows()));
    }

    private void distances(Space space, int n, int from, int height) {
      job.launch(
          euclidean ? "gx_pairwise_sqeuclidean_f32" : "gx_pairwise_chebyshev_f32",
          Job.tiles(height, n, Job.TILE),
          Job.row(space.points(), from, space.width()),
          (long) height,
          space.points(),
          (long) n,
          space.width(),
          space.strip(),
          (long) n,
          euclidean ? 1 : 0,
          0);
    }

    KsgCounts countOfDistances(Matrix dx, Matrix dy, int[] order) {
      int n = dx.intRows();
      Space sx = new Space(null, 0, job.upload(dx));
      Space sy = new Space(null, 0, job.upload(dy));
      Counts counts = new Counts(job, n, false);
      long shuffled = order == null ? 0 : job.upload(order).address();
      launch(sx, sy, Space.NONE, n, 0, n, shuffled, 0, counts);
      return counts.fetch();
    }

    private void launch(
        Space x,
        Space y,
        Space z,
        int n,
        int from,
        int height,
        long order,
        float band,
        Counts counts) {
      job.launch(
          "gx_ksg_counts_f32",
          new Grid(height, 1),
          x.stripAddress(),
          y.stripAddress(),
          z.stripAddress(),
          (long) n,
          n,
          from,
          x.pointsAddress(),
          x.width(),
          y.pointsAddress(),
          y.width(),
          z.pointsAddress(),
          z.width(),
          order,
          parameters.k(),
          parameters.variant() == KsgParameters.Variant.TWO ? 2 : 1,
          euclidean ? 1 : 0,
          band,
          counts.x,
          counts.y,
          counts.z == null ? 0L : counts.z.address());
    }
  }

  private static final class Counts {
    private final Job job;
    private final int n;
    private final DeviceBuffer x;
    private final DeviceBuffer y;
    private final DeviceBuffer z;

    Counts(Job job, int n, boolean given) {
      this.job = job;
      this.n = n;
      this.x = job.ints(n);
      this.y = job.ints(n);
      this.z = given ? job.ints(n) : null;
    }

    KsgCounts fetch() {
      return new KsgCounts(
          job.downloadInts(x, n),
          job.downloadInts(y, n),
          z == null ? null : job.downloadInts(z, n));
    }
  }

  @Override
  public ColumnMoments columnMoments(Matrix x) {
    return Job.run(
        context,
        ownProducts,
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
    for (double square : RowLengths.of(context, x, centre).centred()) {
      sum += square * square;
    }
    return sum;
  }

  @Override
  public double[] klCategoricalRows(Matrix p, Matrix q, boolean logits) {
    return Job.run(
        context,
        ownProducts,
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
    Job.run(
        context,
        ownProducts,
        job -> {
          DeviceBuffer left = logarithms(job, p, logits);
          DeviceBuffer right = p == q ? left : logarithms(job, q, logits);
          int d = p.columns();
          job.stream(
              out,
              RESULT_BYTES,
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
