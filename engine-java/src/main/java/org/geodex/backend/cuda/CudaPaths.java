package org.geodex.backend.cuda;

import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.geodesic.Dijkstra;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.matrix.Matrix;

/**
 * Shortest paths on the device: {@code shortest_paths.cu} for the sparse graph, {@code
 * floyd_warshall.cu} for the dense matrix. Copies: 8 bytes an arc to the device, the lengths back.
 */
final class CudaPaths {
  /** Sources of a block of the many-source kernel. */
  private static final int LANES = 32;

  private static final int PRODUCT_SHARED = 65_536;
  private static final int PANEL_SHARED = 98_304;

  /** Scratch of the many-source kernel at most. */
  private static final long WORK_BYTES = 4L << 30;

  private final Job job;
  private final Graph graph;
  private final int[] sources;
  private final Matrix lengths;
  private final int n;
  private final DeviceBuffer starts;
  private final DeviceBuffer columns;
  private final DeviceBuffer weights;

  /** The longest finite path of each source. */
  private final DeviceBuffer longest;

  CudaPaths(Job job, Graph graph, int[] sources, Matrix lengths) {
    this.job = job;
    this.graph = graph;
    this.sources = sources;
    this.lengths = lengths;
    this.n = graph.n();
    int[] start = new int[n + 1];
    int[] column = new int[graph.arcs()];
    float[] weight = new float[graph.arcs()];
    for (int v = 0; v < n; v++) {
      start[v + 1] = graph.end(v);
      for (int a = graph.begin(v); a < graph.end(v); a++) {
        column[a] = graph.target(a);
        weight[a] = (float) graph.length(a);
      }
    }
    this.starts = job.upload(start);
    this.columns = job.upload(column);
    this.weights = job.upload(weight);
    this.longest = job.floats(lengths.rows());
  }

  ShortestPaths run(ShortestPathRule.Choice choice) {
    String algorithm =
        switch (choice) {
          case MANY_SOURCES -> manySources();
          case FLOYD_WARSHALL -> floydWarshall();
          case FLOYD_WARSHALL_FIXED -> floydWarshallFixed();
          case HOST -> throw new IllegalArgumentException("the host's work");
        };
    return new ShortestPaths(algorithm, longest());
  }

  private double longest() {
    float max = 0;
    for (float value : job.downloadFloats(longest, lengths.intRows())) {
      max = Math.max(max, value);
    }
    return max;
  }

  /** Enqueues the longest paths of rows [first, first + rows), {@code pitch} values apart. */
  private void findLongest(DeviceBuffer paths, long first, int rows, int pitch) {
    job.launch(
        "gx_row_longest_f32",
        Job.warpARow(rows),
        paths,
        (long) rows,
        n,
        (long) pitch,
        longest.address() + 4 * first);
  }

  // ---- sparse

  private String manySources() {
    DeviceBuffer from = job.upload(sources);
    int blocks = blocksAtOnce();
    DeviceBuffer work = job.floats((long) blocks * n * LANES);
    DeviceBuffer sweeps = job.ints(blocks);
    int shared = 8 * Math.ceilDiv(n, LANES);
    job.stream(
        lengths,
        (first, rows, into) -> {
          for (int r = 0; r < rows; r += blocks * LANES) {
            int count = Math.min(blocks * LANES, rows - r);
            job.launchShared(
                "gx_shortest_paths_f32",
                new Grid(Math.ceilDiv(count, LANES)),
                shared,
                starts,
                columns,
                weights,
                n,
                from,
                (int) first + r,
                count,
                work,
                Job.row(into, r, n),
                sweeps);
          }
          findLongest(into, first, rows, n);
        });
    return "bellman-ford f32 x%d on cuda".formatted(LANES);
  }

  /** One block a multiprocessor, as far as the scratch memory goes. */
  private int blocksAtOnce() {
    long fitting = Math.min(WORK_BYTES, job.freeMemory() / 2) / (4L * n * LANES);
    long wanted = Math.min(job.multiprocessors(), Math.ceilDiv(sources.length, LANES));
    return (int) Math.max(1, Math.min(wanted, fitting));
  }

  // ---- dense

  private String floydWarshall() {
    int padded = Math.ceilDiv(n, Job.TILE) * Job.TILE;
    DeviceBuffer d = job.floats((long) padded * padded);
    fill(d, padded);
    close(d, padded, "_f32");
    fetch(d, padded);
    return "floyd-warshall f32 on cuda";
  }

  private String floydWarshallFixed() {
    int padded = Math.ceilDiv(n, Job.TILE) * Job.TILE;
    double diameter = ShortestPathRule.diameterBound(new Dijkstra(graph).run(sources[0]), n);
    float scale = (float) ShortestPathRule.fixedScale(diameter);
    long count = (long) padded * padded;
    DeviceBuffer d = job.floats(count);
    fill(d, padded);
    Grid grid = Job.elements(count);
    job.launch("gx_fixed_from_f32", grid, d, count, scale, d);
    close(d, padded, "_s32");
    job.launch("gx_fixed_to_f32", grid, d, count, scale, d);
    fetch(d, padded);
    return "floyd-warshall fixed point on cuda";
  }

  /** The adjacency matrix, infinite where there is no edge and beyond n. */
  private void fill(DeviceBuffer d, int padded) {
    Grid rows = new Grid(padded);
    job.launch("gx_floyd_warshall_fill_f32", rows, starts, columns, weights, n, d, (long) padded);
  }

  /** The three phases for each block of 128 vertices, on the tiles on and above the diagonal. */
  private void close(DeviceBuffer d, int padded, String type) {
    int tiles = padded / Job.TILE;
    DeviceBuffer closure = job.floats(2L * Job.TILE * Job.TILE);
    DeviceBuffer panel = job.floats((long) Job.TILE * padded);
    int upper = tiles * (tiles + 1) / 2;
    long side = padded;
    for (int b = 0; b < tiles; b++) {
      job.launch("gx_floyd_warshall_diagonal" + type, new Grid(1), d, side, b, closure);
      if (tiles > 1) {
        job.launchShared(
            "gx_floyd_warshall_panel" + type,
            new Grid(tiles, 1),
            PANEL_SHARED,
            d,
            side,
            b,
            closure,
            panel,
            panel,
            1);
        job.launchShared(
            "gx_floyd_warshall_product" + type,
            new Grid(upper),
            PRODUCT_SHARED,
            d,
            side,
            b,
            panel,
            panel,
            1);
      }
    }
  }

  private void fetch(DeviceBuffer d, int padded) {
    job.launch("gx_floyd_warshall_mirror_f32", Job.mirror(padded), d, (long) padded);
    findLongest(d, 0, n, padded);
    long rowBytes = 4L * padded;
    job.stream(
        lengths,
        padded,
        (from, rows, into) -> job.copy(d, from * rowBytes, into, 0, rows * rowBytes));
  }
}
