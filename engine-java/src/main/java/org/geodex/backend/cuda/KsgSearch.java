package org.geodex.backend.cuda;

import java.util.Arrays;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.geodesic.Metric;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.matrix.Matrix;

/**
 * One search for neighbours in a joint space: marginal distances in strips of rows, counts by
 * {@code ksg.cu}. Copies: the rows (or the distances) once to the device, 4 bytes a count back.
 */
final class KsgSearch {
  private final Job job;
  private final KsgParameters parameters;
  private final boolean euclidean;

  KsgSearch(Job job, KsgParameters parameters) {
    this.job = job;
    this.parameters = parameters;
    this.euclidean = parameters.norm() == KsgParameters.Norm.EUCLIDEAN;
  }

  /** Whether {@link #countPairings} has room for all distances of n rows of y. */
  static boolean pairingsFit(Job job, int n) {
    return 4L * n * n <= job.freeMemory() / 2;
  }

  /**
   * The points of one space, if any, and distances in it.
   *
   * @param points null where the distances are given
   * @param f64 whether euclidean distances have f64 sums
   * @param distances of a strip of rows, or of all
   */
  private record Space(PreparedRows points, boolean f64, DeviceBuffer distances) {
    static final Space NONE = new Space(null, false, null);

    long pointsAddress() {
      return points == null ? 0 : points.row(0);
    }

    int width() {
      return points == null ? 0 : points.d();
    }

    static long address(DeviceBuffer buffer) {
      return buffer == null ? 0 : buffer.address();
    }
  }

  KsgCounts count(Matrix x, Matrix y, Matrix z) {
    int n = x.intRows();
    int rows = job.rowsAtOnce(n, 4L * n * (z == null ? 2 : 3));
    Space sx = space(x, rows);
    Space sy = space(y, rows);
    Space sz = z == null ? Space.NONE : space(z, rows);
    Counts counts = new Counts(n, 1, z != null);
    float band = band(Math.max(x.columns(), y.columns()), z == null ? 0 : z.columns());
    for (int from = 0; from < n; from += rows) {
      int height = Math.min(rows, n - from);
      distances(sx, n, from, height);
      distances(sy, n, from, height);
      if (z != null) {
        distances(sz, n, from, height);
      }
      launch(sx, sy, sz, from, height, null, band, counts);
    }
    return counts.fetch()[0];
  }

  /** All distances of y once; the pairings are a dimension of the grid. */
  KsgCounts[] countPairings(Matrix x, Matrix y, int[][] pairings) {
    int n = x.intRows();
    int rows = job.rowsAtOnce(n, 2 * 4L * n);
    Space sx = space(x, rows);
    Space sy = space(y, n);
    distances(sy, n, 0, n);
    Counts counts = new Counts(n, pairings.length, false);
    DeviceBuffer order = upload(pairings);
    float band = band(x.columns(), y.columns());
    for (int from = 0; from < n; from += rows) {
      int height = Math.min(rows, n - from);
      distances(sx, n, from, height);
      launch(sx, sy, Space.NONE, from, height, order, band, counts);
    }
    return counts.fetch();
  }

  /**
   * @param pairings null for one count of the rows as they stand
   */
  KsgCounts[] countOfDistances(Matrix dx, Matrix dy, int[][] pairings) {
    int n = dx.intRows();
    Space sx = new Space(null, false, job.upload(dx));
    Space sy = new Space(null, false, job.upload(dy));
    Counts counts = new Counts(n, pairings == null ? 1 : pairings.length, false);
    launch(sx, sy, Space.NONE, 0, n, pairings == null ? null : upload(pairings), 0, counts);
    return counts.fetch();
  }

  private DeviceBuffer upload(int[][] pairings) {
    return job.upload(Arrays.stream(pairings).flatMapToInt(Arrays::stream).toArray());
  }

  /** Relative error of an f32 distance; max norm distances are the f64 ones rounded once. */
  private float band(int width, int other) {
    return euclidean ? (float) ((Math.max(width, other) + 8) * 0x1p-22) : 0;
  }

  private Space space(Matrix x, int rows) {
    PreparedRows points = PreparedRows.of(job, x, metric());
    boolean f64 = euclidean && DirectDistances.needF64(job, x);
    return new Space(points, f64, job.floats((long) rows * x.rows()));
  }

  private Metric metric() {
    return euclidean ? Metric.EUCLIDEAN : Metric.CHEBYSHEV;
  }

  private void distances(Space space, int n, int from, int height) {
    PreparedRows points = space.points();
    DirectDistances.enqueue(
        job, metric(), space.f64(), points, from, height, points, space.distances(), height == n);
  }

  private void launch(
      Space x,
      Space y,
      Space z,
      int from,
      int height,
      DeviceBuffer order,
      float band,
      Counts counts) {
    job.launch(
        "gx_ksg_counts_f32",
        new Grid(height, counts.pairings),
        x.distances(),
        y.distances(),
        Space.address(z.distances()),
        (long) counts.n,
        counts.n,
        from,
        x.pointsAddress(),
        x.width(),
        y.pointsAddress(),
        y.width(),
        z.pointsAddress(),
        z.width(),
        Space.address(order),
        parameters.k(),
        parameters.variant() == KsgParameters.Variant.TWO ? 2 : 1,
        euclidean ? 1 : 0,
        band,
        counts.x,
        counts.y,
        Space.address(counts.z));
  }

  /** Counts [pairings,n] of each space on the device. */
  private final class Counts {
    private final int n;
    private final int pairings;
    private final DeviceBuffer x;
    private final DeviceBuffer y;
    private final DeviceBuffer z;

    Counts(int n, int pairings, boolean given) {
      this.n = n;
      this.pairings = pairings;
      this.x = job.ints((long) n * pairings);
      this.y = job.ints((long) n * pairings);
      this.z = given ? job.ints(n) : null;
    }

    KsgCounts[] fetch() {
      int all = Math.multiplyExact(n, pairings);
      int[] cx = job.downloadInts(x, all);
      int[] cy = job.downloadInts(y, all);
      int[] cz = z == null ? null : job.downloadInts(z, n);
      KsgCounts[] counts = new KsgCounts[pairings];
      for (int b = 0; b < pairings; b++) {
        int from = b * n;
        counts[b] =
            new KsgCounts(
                Arrays.copyOfRange(cx, from, from + n), Arrays.copyOfRange(cy, from, from + n), cz);
      }
      return counts;
    }
  }
}
