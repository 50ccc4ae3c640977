package org.geodex.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.geodex.backend.Parallel;
import org.geodex.geodesic.Dijkstra;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.matrix.Matrix;

/**
 * Shortest paths from many sources. The algorithm is chosen by the graph alone, never by time or
 * threads: {@link LanePaths} where paths have so few arcs that f32 keeps 1e-5 and a few sweeps do,
 * which a search from the rim and the first block of sources tell; else, and for small graphs,
 * Dijkstra in f64.
 */
final class CpuPaths {
  /** Sources that one Dijkstra task takes: enough to repay its scratch memory. */
  private static final int SOURCES = 16;

  /** Arcs on a path up to which f32 sums stay within 1e-5: (128 + 1)·2⁻²⁴ = 7.7e-6. */
  private static final int MAX_HOPS = 128;

  /** How often the lanes may look at each arc, on average, before Dijkstra is the better choice. */
  private static final long MAX_PASSES = 64;

  /** Sources times arcs up to which Dijkstra is done before vector code is warm. */
  private static final long SMALL = 1 << 24;

  private final Graph graph;
  private final Parallel parallel;

  CpuPaths(Graph graph, Parallel parallel) {
    this.graph = graph;
    this.parallel = parallel;
  }

  ShortestPaths run(int[] sources, Matrix lengths, MemorySegment predecessors) {
    if (predecessors == null && (long) sources.length * graph.arcs() > SMALL) {
      VertexOrder order = VertexOrder.of(graph);
      int hops = new Dijkstra(graph).run(order.rims).hops();
      if (hops <= MAX_HOPS) {
        LanePaths lanes = new LanePaths(graph, order);
        if (isQuick(lanes, sources)) {
          return inLanes(lanes, order, sources, lengths);
        }
      }
    }
    return byDijkstra(sources, lengths, predecessors);
  }

  private boolean isQuick(LanePaths lanes, int[] sources) {
    try (Arena arena = Arena.ofConfined()) {
      return lanes.new Block(arena)
          .solve(sources, 0, Math.min(LanePaths.LANES, sources.length), limit());
    }
  }

  private long limit() {
    return MAX_PASSES * Math.max(graph.arcs(), graph.n());
  }

  /** Sources near each other share a block: their waves run through the same vertices. */
  private ShortestPaths inLanes(LanePaths lanes, VertexOrder order, int[] sources, Matrix lengths) {
    long[] keys = new long[sources.length];
    Arrays.setAll(keys, s -> (long) order.position[sources[s]] << 32 | s);
    Arrays.sort(keys);
    int blocks = Math.ceilDiv(sources.length, LanePaths.LANES);
    float[] longest = new float[blocks];
    try (Arena arena = Arena.ofShared()) {
      ThreadLocal<LanePaths.Block> scratch = ThreadLocal.withInitial(() -> lanes.new Block(arena));
      parallel.forEach(
          blocks,
          b -> {
            int from = (int) b * LanePaths.LANES;
            int count = Math.min(LanePaths.LANES, sources.length - from);
            int[] rows = new int[count];
            int[] vertices = new int[count];
            for (int s = 0; s < count; s++) {
              rows[s] = (int) keys[from + s];
              vertices[s] = sources[rows[s]];
            }
            LanePaths.Block block = scratch.get();
            block.solve(vertices, 0, count, Long.MAX_VALUE);
            longest[(int) b] = block.store(lengths, rows);
          });
    }
    float max = 0;
    for (float value : longest) {
      max = Math.max(max, value);
    }
    return new ShortestPaths("bellman-ford f32 x%d".formatted(LanePaths.LANES), max);
  }

  private ShortestPaths byDijkstra(int[] sources, Matrix lengths, MemorySegment predecessors) {
    double[] longest = new double[Math.ceilDiv(sources.length, SOURCES)];
    ThreadLocal<Dijkstra> scratch = ThreadLocal.withInitial(() -> new Dijkstra(graph));
    parallel.forEach(
        longest.length,
        block -> {
          Dijkstra dijkstra = scratch.get();
          int from = (int) block * SOURCES;
          for (int s = from; s < Math.min(from + SOURCES, sources.length); s++) {
            dijkstra.run(sources[s]);
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
