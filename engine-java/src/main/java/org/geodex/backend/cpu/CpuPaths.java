package org.geodex.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.geodex.backend.Geometry;
import org.geodex.backend.Parallel;
import org.geodex.geodesic.Dijkstra;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.geodesic.VertexOrder;
import org.geodex.matrix.Matrix;

/**
 * Shortest paths from many sources. The algorithm is chosen once, by the graph and the sources
 * alone, never by time or threads: {@link LanePaths} where paths have so few arcs that f32 keeps
 * 1e-5 and a few sweeps do, which a search from the rim and the first sources tell; else, and for
 * small graphs, Dijkstra in f64.
 */
final class CpuPaths implements Geometry.PathRows {
  /** Sources that one Dijkstra task takes: enough to repay its scratch memory. */
  private static final int SOURCES = 16;

  /** Arcs on a path up to which f32 sums stay within 1e-5: (128 + 1)·2⁻²⁴ = 7.7e-6. */
  private static final int MAX_HOPS = 128;

  /** How often the lanes may look at each arc, on average, before Dijkstra is the better choice. */
  private static final long MAX_PASSES = 64;

  /** Sources times arcs up to which Dijkstra is done before vector code is warm. */
  private static final long SMALL = 1 << 24;

  /**
   * Cuts of all pairs: more of them spare a little more work, and leave more threads waiting at the
   * end of each.
   */
  private static final int WAVES = 8;

  private final Graph graph;
  private final int[] sources;
  private final Parallel parallel;

  private boolean chosen;

  /** Null where Dijkstra is the choice. */
  private Lanes lanes;

  private record Lanes(LanePaths paths, VertexOrder order) {}

  CpuPaths(Graph graph, int[] sources, Parallel parallel) {
    this.graph = graph;
    this.sources = sources;
    this.parallel = parallel;
  }

  private Lanes quickLanes() {
    VertexOrder order = VertexOrder.of(graph);
    if (new Dijkstra(graph).run(order.rims).hops() > MAX_HOPS) {
      return null;
    }
    LanePaths paths = new LanePaths(graph, order);
    long limit = MAX_PASSES * Math.max(graph.arcs(), graph.n());
    int first = Math.min(LanePaths.LANES, sources.length);
    try (Arena arena = Arena.ofConfined()) {
      boolean quick = paths.new Block(arena).solve(sources, 0, first, limit);
      return quick ? new Lanes(paths, order) : null;
    }
  }

  @Override
  public ShortestPaths compute(int from, Matrix lengths, MemorySegment predecessors) {
    if (!chosen && predecessors == null) {
      lanes = (long) sources.length * graph.arcs() > SMALL ? quickLanes() : null;
      chosen = true;
    }
    if (lanes == null || predecessors != null) {
      return byDijkstra(from, lengths, predecessors);
    }
    boolean allPairs = lengths.rows() == graph.n() && everyVertexInOrder();
    return allPairs ? allPairs(lengths) : inLanes(from, lengths);
  }

  private boolean everyVertexInOrder() {
    for (int s = 0; s < sources.length; s++) {
      if (sources[s] != s) {
        return false;
      }
    }
    return true;
  }

  /**
   * Waves of blocks, each on what the waves before it found: 1/2 + 1/(2·{@link #WAVES}) of the work
   * of {@link #inLanes}, and an exactly symmetric result. Columns are brought from the order of
   * positions into that of vertices at the end.
   */
  private ShortestPaths allPairs(Matrix lengths) {
    int n = graph.n();
    int blocks = Math.ceilDiv(n, LanePaths.LANES);
    int wave = Math.ceilDiv(blocks, WAVES);
    try (Arena arena = Arena.ofShared()) {
      ThreadLocal<LanePaths.Block> scratch =
          ThreadLocal.withInitial(() -> lanes.paths.new Block(arena));
      for (int first = 0; first < blocks; first += wave) {
        int known = first * LanePaths.LANES;
        parallel.forEach(
            Math.min(wave, blocks - first),
            b -> {
              int from = known + (int) b * LanePaths.LANES;
              int to = Math.min(from + LanePaths.LANES, n);
              LanePaths.Block block = scratch.get();
              block.solveRest(lengths, known, from, to);
              block.storeRest(lengths, from, to);
            });
      }
    }
    return lanesResult(toVertexOrder(lengths));
  }

  private float[] toVertexOrder(Matrix lengths) {
    int n = graph.n();
    float[] longest = new float[n];
    ThreadLocal<float[][]> scratch = ThreadLocal.withInitial(() -> new float[2][n]);
    parallel.forEach(
        n,
        v -> {
          float[] byPosition = scratch.get()[0];
          float[] byVertex = scratch.get()[1];
          lengths.copyRow(v, byPosition);
          longest[(int) v] = lanes.paths.toVertexOrder(byPosition, byVertex);
          lengths.setRow(v, byVertex);
        });
    return longest;
  }

  /** Sources near each other share a block: their waves run through the same vertices. */
  private ShortestPaths inLanes(int first, Matrix lengths) {
    int[] wanted = Arrays.copyOfRange(sources, first, first + lengths.intRows());
    int[] ranked = lanes.order.ranked(wanted);
    int blocks = Math.ceilDiv(ranked.length, LanePaths.LANES);
    float[] longest = new float[blocks];
    try (Arena arena = Arena.ofShared()) {
      ThreadLocal<LanePaths.Block> scratch =
          ThreadLocal.withInitial(() -> lanes.paths.new Block(arena));
      parallel.forEach(
          blocks,
          b -> {
            int from = (int) b * LanePaths.LANES;
            int count = Math.min(LanePaths.LANES, ranked.length - from);
            int[] rows = Arrays.copyOfRange(ranked, from, from + count);
            int[] vertices = Arrays.stream(rows).map(row -> wanted[row]).toArray();
            LanePaths.Block block = scratch.get();
            block.solve(vertices, 0, count, Long.MAX_VALUE);
            longest[(int) b] = block.store(lengths, rows);
          });
    }
    return lanesResult(longest);
  }

  private static ShortestPaths lanesResult(float[] longest) {
    float max = 0;
    for (float value : longest) {
      max = Math.max(max, value);
    }
    return new ShortestPaths("bellman-ford f32 x%d".formatted(LanePaths.LANES), max);
  }

  private ShortestPaths byDijkstra(int first, Matrix lengths, MemorySegment predecessors) {
    int rows = lengths.intRows();
    double[] longest = new double[Math.ceilDiv(rows, SOURCES)];
    ThreadLocal<Dijkstra> scratch = ThreadLocal.withInitial(() -> new Dijkstra(graph));
    parallel.forEach(
        longest.length,
        block -> {
          Dijkstra dijkstra = scratch.get();
          int from = (int) block * SOURCES;
          for (int s = from; s < Math.min(from + SOURCES, rows); s++) {
            dijkstra.run(sources[first + s]);
            double max = store(dijkstra, s, lengths, predecessors);
            longest[(int) block] = Math.max(longest[(int) block], max);
          }
        });
    double max = 0;
    for (double value : longest) {
      max = Math.max(max, value);
    }
    return new ShortestPaths("dijkstra f64", max);
  }

  private double store(Dijkstra dijkstra, int s, Matrix lengths, MemorySegment predecessors) {
    int n = graph.n();
    double max = 0;
    for (int v = 0; v < n; v++) {
      double length = dijkstra.distance(v);
      lengths.set(s, v, (float) length);
      if (length < Double.POSITIVE_INFINITY) {
        max = Math.max(max, length);
      }
      if (predecessors != null) {
        predecessors.setAtIndex(ValueLayout.JAVA_INT, (long) s * n + v, dijkstra.predecessor(v));
      }
    }
    return max;
  }
}
