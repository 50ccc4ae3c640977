package org.geodex.backend.cuda;

import java.util.Arrays;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.geodesic.Dijkstra;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.geodesic.VertexOrder;
import org.geodex.matrix.Matrix;

/**
 * Shortest paths on the device: {@code shortest_paths.cu} for the sparse graph, {@code
 * floyd_warshall.cu} for the dense matrix. Copies: 8 bytes an arc to the device, the lengths back.
 */
final class CudaPaths {
  /** Sources of a block of the many-source kernel. */
  private static final int LANES = 32;

  private static final int PRODUCT_SHARED = 65_536;
  private static final int PANEL_SHARED = 49_152;
  private static final int PANEL_STRIP = 32;

  /** Scratch of the many-source kernel at most. */
  private static final long WORK_BYTES = 4L << 30;

  /** Blocks of a launch for each multiprocessor: the second evens out how long they take. */
  private static final int BLOCKS = 2;

  private final Job job;
  private final Graph graph;

  /** Of the many-source kernel's vertices; null where another algorithm is sure. */
  private final VertexOrder order;

  private final int[] sources;
  private final Matrix lengths;
  private final int n;

  /** The longest finite path of each source. */
  private final DeviceBuffer longest;

  CudaPaths(Job job, Graph graph, VertexOrder order, int[] sources, Matrix lengths) {
    this.job = job;
    this.graph = graph;
    this.order = order;
    this.sources = sources;
    this.lengths = lengths;
    this.n = graph.n();
    this.longest = job.floats(lengths.rows());
  }

  /** The graph by rows, on the device. */
  private record Rows(DeviceBuffer starts, DeviceBuffer columns, DeviceBuffer weights) {
    /** With the vertices numbered by position; {@code order} null for as they are. */
    static Rows of(Job job, Graph graph, VertexOrder order) {
      int[] start = new int[graph.n() + 1];
      int[] column = new int[graph.arcs()];
      float[] weight = new float[graph.arcs()];
      int write = 0;
      for (int p = 0; p < graph.n(); p++) {
        int v = order == null ? p : order.vertexAt[p];
        for (int a = graph.begin(v); a < graph.end(v); a++) {
          int u = graph.target(a);
          column[write] = order == null ? u : order.position[u];
          weight[write++] = (float) graph.length(a);
        }
        start[p + 1] = write;
      }
      return new Rows(job.upload(start), job.upload(column), job.upload(weight));
    }
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
    int[] ranked = order.ranked(sources);
    ManySources paths = new ManySources(ranked);
    if (job.isResident(lengths)) {
      DeviceBuffer all = job.target(lengths);
      paths.run(0, ranked.length, all, true);
      findLongest(all, 0, ranked.length, n);
    } else {
      paths.toHost(ranked);
    }
    return "bellman-ford f32 x%d on cuda".formatted(LANES);
  }

  /**
   * The many-source kernel on a graph in the order of positions, its sources likewise: those near
   * each other share a block, and their waves run through the same vertices.
   */
  private final class ManySources {
    private final Rows rows;
    private final DeviceBuffer from;
    private final DeviceBuffer target;
    private final DeviceBuffer place;
    private final int blocks = blocksAtOnce();
    private final DeviceBuffer work = job.floats((long) blocks * n * LANES);
    private final DeviceBuffer sweeps = job.ints(blocks);

    /**
     * @param ranked indices into the sources in the order of their positions
     */
    ManySources(int[] ranked) {
      this.rows = Rows.of(job, graph, order);
      this.from = job.upload(Arrays.stream(ranked).map(i -> order.position[sources[i]]).toArray());
      this.target = job.upload(ranked);
      this.place = job.upload(order.position);
    }

    /** As many rows as the device has room for, a launch of blocks after the other. */
    void toHost(int[] ranked) {
      long fitting = Math.max(LANES, job.freeMemory() / 2 / (4L * n));
      int most = (int) Math.min(ranked.length, fitting);
      DeviceBuffer all = job.floats((long) most * n);
      for (int first = 0; first < ranked.length; first += most) {
        int begin = first;
        int count = Math.min(most, ranked.length - first);
        job.fetch(
            all,
            begin,
            count,
            lengths,
            n,
            ranked,
            blocks * LANES,
            (from, rows, into) -> {
              run(begin + (int) from, rows, into, false);
              findLongest(into, begin + from, rows, n);
            });
      }
    }

    /**
     * Enqueues the paths from the ranked sources [first, first + count).
     *
     * @param scattered whether {@code into} is the whole result, and each row goes to its place
     */
    void run(int first, int count, DeviceBuffer into, boolean scattered) {
      for (int r = 0; r < count; r += blocks * LANES) {
        int atOnce = Math.min(blocks * LANES, count - r);
        long at = Integer.BYTES * (long) (first + r);
        job.launchShared(
            "gx_shortest_paths_f32",
            new Grid(Math.ceilDiv(atOnce, LANES)),
            12 * Math.ceilDiv(n, LANES),
            rows.starts,
            rows.columns,
            rows.weights,
            n,
            from.address() + at,
            scattered ? target.address() + at : 0L,
            atOnce,
            place,
            work,
            scattered ? into.address() : Job.row(into, r, n),
            sweeps);
      }
    }
  }

  /** {@link #BLOCKS} a multiprocessor, as far as the scratch memory goes. */
  private int blocksAtOnce() {
    long fitting = Math.min(WORK_BYTES, job.freeMemory() / 2) / (4L * n * LANES);
    long wanted = Math.min(BLOCKS * job.multiprocessors(), Math.ceilDiv(sources.length, LANES));
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
    Rows rows = Rows.of(job, graph, null);
    job.launch(
        "gx_floyd_warshall_fill_f32",
        new Grid(padded),
        rows.starts,
        rows.columns,
        rows.weights,
        n,
        d,
        (long) padded);
  }

  /** Floyd–Warshall by blocks of 128 vertices, on the tiles on and above the diagonal. */
  private void close(DeviceBuffer d, int padded, String type) {
    int tiles = padded / Job.TILE;
    DeviceBuffer closure = job.floats((long) Job.TILE * Job.TILE);
    DeviceBuffer panel = job.floats((long) Job.TILE * padded);
    int upper = tiles * (tiles + 1) / 2;
    long side = padded;
    job.launch("gx_floyd_warshall_diagonal" + type, new Grid(1), d, side, 0, closure);
    for (int b = 0; b < tiles && tiles > 1; b++) {
      job.launchShared(
          "gx_floyd_warshall_panel" + type,
          new Grid(padded / PANEL_STRIP),
          PANEL_SHARED,
          d,
          side,
          b,
          closure,
          panel);
      job.launchShared(
          "gx_floyd_warshall_product" + type,
          new Grid(upper),
          PRODUCT_SHARED,
          d,
          side,
          b,
          panel,
          closure);
    }
  }

  private void fetch(DeviceBuffer d, int padded) {
    job.launch("gx_floyd_warshall_mirror_f32", Job.mirror(padded), d, (long) padded);
    findLongest(d, 0, n, padded);
    if (job.isResident(lengths)) {
      Job.Places same = Job.Places.SAME;
      job.copyRows(d.address(), padded, same, n, job.target(lengths), same, n);
    } else {
      job.fetch(d, 0, n, lengths, padded, null, n, (from, rows, into) -> {});
    }
  }
}
