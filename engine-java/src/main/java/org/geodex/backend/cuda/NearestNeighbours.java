package org.geodex.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NearestRows;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.matrix.Matrix;
import org.geodex.memory.NativeMemory;

/**
 * Exact neighbours of one search: candidates by f32 scores in strips that stay in the L2 cache (of
 * x with itself of every pair once), f64 distances of the candidates, a proof a row that no other
 * row belongs to its k nearest, and whole rows of f64 distances for the rows without that proof.
 * See {@code topk.cu}.
 *
 * <p>Copies: 4·(n + m)·d bytes to the device, 12·n·k back.
 */
final class NearestNeighbours {
  /** Sizes of a candidate list that there are kernels for. */
  private static final int[] CANDIDATES = {32, 64, 128, 256};

  /** Candidates beyond k at least: the room that f32 rounding may fill. */
  private static final int MARGIN = 16;

  /** Of a strip of scores: 2048 rows and 3072 columns, half of an H100's L2 cache. */
  private static final int STRIP_ROWS = 2048;

  private static final long STRIP_BYTES = 4L * STRIP_ROWS * 3072;

  private static final double EPSILON = 0x1p-24;

  private final Job job;
  private final Matrix x;
  private final Matrix y;
  private final boolean same;
  private final int n;
  private final int m;
  private final int k;
  private final Metric metric;
  private final Device device;

  private final int[] index;
  private final double[] distance;

  NearestNeighbours(Job job, Matrix x, Matrix y, int k, Metric metric, Device device) {
    this.job = job;
    this.x = x;
    this.same = y == null;
    this.y = same ? x : y;
    this.n = x.intRows();
    this.m = this.y.intRows();
    this.k = k;
    this.metric = metric;
    this.device = device;
    this.index = new int[Math.multiplyExact(n, k)];
    this.distance = new double[index.length];
  }

  NeighbourTable find() {
    PreparedRows right = PreparedRows.of(job, y, metric);
    PreparedRows left = x == y ? right : PreparedRows.of(job, x, metric);
    int candidates = Arrays.stream(CANDIDATES).filter(c -> c >= k + MARGIN).findFirst().orElse(0);
    if (candidates == 0) {
      // No list of candidates is that long: f64 distances on the device, selection on the host.
      device.noteHost(
          "geometry.knn: selection for k > " + (CANDIDATES[CANDIDATES.length - 1] - MARGIN));
      exactRows(IntStream.range(0, n).toArray(), right, true);
    } else if (n > 0) {
      int[] certain = byCandidates(left, right, candidates);
      int[] open = IntStream.range(0, n).filter(i -> certain[i] == 0).toArray();
      exactRows(open, right, false);
    }
    return new NeighbourTable(n, k, index, distance);
  }

  private int[] byCandidates(PreparedRows left, PreparedRows right, int candidates) {
    DeviceBuffer keys = job.allocate(8L * n * candidates);
    boolean expanded = ExpandedDistances.has(metric);
    ExpandedDistances products = expanded ? ExpandedDistances.of(job, left, right, metric) : null;
    long values = Math.min(STRIP_BYTES, Job.stripBytes()) / 4;
    int rows = Math.min(n, Math.min(STRIP_ROWS, tiles((long) Math.sqrt(values))));
    int columns = Math.min(m, tiles(values / rows));
    DeviceBuffer strip = job.floats((long) rows * columns);
    DeviceBuffer squares = expanded ? products.yy() : strip;
    Fold fold = new Fold(job, same, candidates, strip, squares, expanded ? 0 : 1, keys);
    for (int i0 = 0; i0 < n; i0 += rows) {
      int height = Math.min(rows, n - i0);
      int width;
      for (int j0 = same ? i0 : 0; j0 < m; j0 += width) {
        boolean diagonal = same && j0 == i0;
        width = diagonal ? height : Math.min(columns, m - j0);
        if (expanded) {
          products.products(job, i0, height, j0, width, strip);
        } else {
          directScores(left, i0, height, right, j0, width, strip);
        }
        fold.rows(i0, height, j0, width);
        if (same && !diagonal) {
          fold.columns(i0, height, j0, width);
        }
      }
    }
    return rerank(left, right, products, keys, candidates);
  }

  /**
   * Puts a strip of scores into the lists of candidates of its rows; of x with itself also into
   * those of its columns, so that a pair is scored once.
   *
   * @param squares squared lengths of y, where the scores are products
   */
  private record Fold(
      Job job,
      boolean same,
      int candidates,
      DeviceBuffer strip,
      DeviceBuffer squares,
      int mode,
      DeviceBuffer keys) {

    void rows(int i0, int height, int j0, int width) {
      fold("gx_topk_", height, j0 == 0, i0, height, j0, width);
    }

    void columns(int i0, int height, int j0, int width) {
      fold("gx_topk_columns_", width, i0 == 0, i0, height, j0, width);
    }

    private void fold(
        String kernel, int lists, boolean fresh, int i0, int height, int j0, int width) {
      job.launch(
          kernel + candidates + "_f32",
          Job.warpARow(lists),
          strip,
          (long) width,
          height,
          width,
          squares,
          mode,
          i0,
          j0,
          same ? 1 : 0,
          keys,
          fresh ? 1 : 0);
    }
  }

  /** Whole tiles, at least one. */
  private static int tiles(long side) {
    return (int) Math.max(Job.TILE, side / Job.TILE * Job.TILE);
  }

  /** Distances in f32 for metrics without the expanded form. */
  private void directScores(
      PreparedRows left,
      int i0,
      int height,
      PreparedRows right,
      int j0,
      int width,
      DeviceBuffer out) {
    if (metric == Metric.CHEBYSHEV) {
      job.launch(
          "gx_pairwise_chebyshev_f32",
          Job.tiles(height, width, Job.TILE),
          left.row(i0),
          (long) height,
          right.row(j0),
          (long) width,
          left.d(),
          out,
          (long) width,
          0,
          0);
    } else {
      job.launch(
          "gx_pairwise_fisher_f32",
          Job.tiles(height, width, Job.WIDE_TILE),
          left.row(i0),
          (long) height,
          right.row(j0),
          (long) width,
          left.d(),
          out,
          (long) width);
    }
  }

  private int[] rerank(
      PreparedRows left,
      PreparedRows right,
      ExpandedDistances products,
      DeviceBuffer keys,
      int candidates) {
    boolean expanded = products != null;
    DeviceBuffer indices = job.ints((long) n * k);
    DeviceBuffer distances = job.doubles((long) n * k);
    DeviceBuffer certain = job.ints(n);
    job.launch(
        "gx_topk_rerank_f64",
        new Grid(n),
        metric.ordinal(),
        expanded ? 0 : 1,
        left.rows(),
        left.scale(0),
        right.rows(),
        right.scale(0),
        x.columns(),
        keys,
        candidates,
        k,
        expanded ? products.xx().address() : 0L,
        expanded ? reach(products) : 0.0,
        relativeError(),
        indices,
        distances,
        certain);
    System.arraycopy(job.downloadInts(indices, n * k), 0, index, 0, index.length);
    System.arraycopy(job.downloadDoubles(distances, n * k), 0, distance, 0, distance.length);
    return job.downloadInts(certain, n);
  }

  /** The longest prepared row of y. */
  private double reach(ExpandedDistances products) {
    double largest = 0;
    for (float square : job.downloadFloats(products.yy(), m)) {
      largest = Math.max(largest, square);
    }
    return Math.sqrt(largest);
  }

  /** Of the direct f32 forms: one rounding, or the sum of d/2 positive terms. */
  private double relativeError() {
    return metric == Metric.CHEBYSHEV ? 2 * EPSILON : (x.columns() + 64) * 2 * EPSILON;
  }

  /** Rows of f64 distances to all of y, selected on the device or on the host. */
  private void exactRows(int[] rows, PreparedRows right, boolean selectOnHost) {
    int atOnce = (int) Math.max(1, Math.min(rows.length, Job.stripBytes() / (8L * m)));
    for (int from = 0; from < rows.length; from += atOnce) {
      int[] part = Arrays.copyOfRange(rows, from, Math.min(from + atOnce, rows.length));
      try (Matrix.Owned gathered = x.gather(part)) {
        PreparedRows left = PreparedRows.of(job, gathered, metric);
        DeviceBuffer distances = job.doubles((long) part.length * m);
        DirectDistances.enqueueF64(job, metric, left, part.length, right, distances);
        if (selectOnHost) {
          selectOnHost(part, distances);
        } else {
          selectOnDevice(part, distances);
        }
        job.release(distances);
      }
    }
  }

  private void selectOnDevice(int[] rows, DeviceBuffer distances) {
    DeviceBuffer self = same ? job.upload(rows) : null;
    DeviceBuffer indices = job.ints((long) rows.length * k);
    DeviceBuffer nearest = job.doubles((long) rows.length * k);
    job.launch(
        "gx_topk_exact_f64",
        Job.warpARow(rows.length),
        distances,
        (long) m,
        rows.length,
        m,
        same ? self.address() : 0L,
        k,
        indices,
        nearest);
    int[] found = job.downloadInts(indices, rows.length * k);
    double[] lengths = job.downloadDoubles(nearest, rows.length * k);
    for (int r = 0; r < rows.length; r++) {
      System.arraycopy(found, r * k, index, rows[r] * k, k);
      System.arraycopy(lengths, r * k, distance, rows[r] * k, k);
    }
  }

  private void selectOnHost(int[] rows, DeviceBuffer distances) {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment host = NativeMemory.allocate(8L * rows.length * m, arena);
      job.download(distances, host);
      NearestRows nearest = new NearestRows(k);
      for (int r = 0; r < rows.length; r++) {
        nearest.clear();
        for (int j = 0; j < m; j++) {
          if (!same || j != rows[r]) {
            nearest.offer(j, host.getAtIndex(ValueLayout.JAVA_DOUBLE, (long) r * m + j));
          }
        }
        nearest.copyTo(index, distance, rows[r] * k);
      }
    }
  }
}
