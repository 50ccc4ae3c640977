package org.geodex.backend.cuda;

import org.geodex.geodesic.Dijkstra;
import org.geodex.geodesic.Graph;

/**
 * Which way to shortest paths: by the graph and the number of sources, so that the choice, and with
 * it the bits, do not depend on the card; only where the dense matrix does not fit into its memory
 * they do. A result names the algorithm.
 *
 * <p>The costs are bytes and relaxations over what an H100 should do with them, from the headers of
 * {@code shortest_paths.cu} and {@code floyd_warshall.cu}; only their order matters.
 */
final class ShortestPathRule {
  /** Arcs on a path up to which f32 sums stay within 1e-5: (128 + 1)·2⁻²⁴ = 7.7e-6. */
  private static final int MAX_HOPS = 128;

  /** Bytes a second of the many-source kernel, mostly L2. */
  private static final double BYTES_A_SECOND = 2.5e12;

  /** Relaxations a second of the dense kernel. */
  private static final double RELAXATIONS_A_SECOND = 1e13;

  /** How often an arc leads from a vertex whose distances fell: news passes a few times. */
  private static final int LIVE_PASSES = 3;

  /** How often an arc is looked up because one of its ends fell or borders on one that did. */
  private static final int LOOKS = 10;

  private static final int LANES = 32;
  private static final int COLUMN_BYTES = 4;
  private static final int RELAX_BYTES = 132;

  /** Three bits a vertex in shared memory. */
  private static final int MOST_VERTICES = 262_144;

  /** Largest relative rounding of an edge in fixed point. */
  private static final double FIXED_TOLERANCE = 1e-5;

  private static final double FIXED_RANGE = 1 << 29;

  private ShortestPathRule() {}

  enum Choice {
    /** 32 sources a block on the sparse graph. */
    MANY_SOURCES,
    /** Blocked Floyd–Warshall in f32, half the matrix. */
    FLOYD_WARSHALL,
    /** The same in fixed point: paths of many arcs. */
    FLOYD_WARSHALL_FIXED,
    /** Dijkstra in f64 on the host: predecessors, or paths too long for the others. */
    HOST
  }

  static Choice choose(Graph graph, int[] sources, boolean predecessors) {
    int n = graph.n();
    if (predecessors || n == 0 || sources.length == 0) {
      return Choice.HOST;
    }
    boolean all = isEveryVertex(sources, n);
    Dijkstra search = new Dijkstra(graph).run(sources[0]);
    int hops = search.hops();
    if (hops > MAX_HOPS) {
      return all && fixedPointSuffices(graph, diameterBound(search, n))
          ? Choice.FLOYD_WARSHALL_FIXED
          : Choice.HOST;
    }
    boolean sparseFits = n <= MOST_VERTICES;
    if (!all) {
      return sparseFits ? Choice.MANY_SOURCES : Choice.HOST;
    }
    return sparseFits && sparseSeconds(graph) <= denseSeconds(n)
        ? Choice.MANY_SOURCES
        : Choice.FLOYD_WARSHALL;
  }

  /**
   * What a choice becomes on a card without room for the dense matrix: the sparse graph serves all
   * sources too, a strip of rows at a time; the fixed point has no such form.
   */
  static Choice within(long freeBytes, Choice choice, int n) {
    double padded = Math.ceilDiv(n, Job.TILE) * (double) Job.TILE;
    boolean dense = choice == Choice.FLOYD_WARSHALL || choice == Choice.FLOYD_WARSHALL_FIXED;
    if (!dense || 4 * padded * padded <= freeBytes) {
      return choice;
    }
    return choice == Choice.FLOYD_WARSHALL && n <= MOST_VERTICES
        ? Choice.MANY_SOURCES
        : Choice.HOST;
  }

  /** Twice the eccentricity of one vertex, where the graph is in one piece; else infinite. */
  static double diameterBound(Dijkstra search, int n) {
    double farthest = 0;
    for (int v = 0; v < n; v++) {
      farthest = Math.max(farthest, search.distance(v));
    }
    return 2 * farthest;
  }

  /** The factor that brings the diameter to 2²⁹, or 0 where there is none. */
  static double fixedScale(double diameter) {
    return diameter > 0 && diameter < Double.POSITIVE_INFINITY ? FIXED_RANGE / diameter : 0;
  }

  private static boolean fixedPointSuffices(Graph graph, double diameter) {
    double scale = fixedScale(diameter);
    double shortest = Double.POSITIVE_INFINITY;
    double longest = 0;
    for (int a = 0; a < graph.arcs(); a++) {
      longest = Math.max(longest, graph.length(a));
      if (graph.length(a) > 0) {
        shortest = Math.min(shortest, graph.length(a));
      }
    }
    boolean scaleIsF32 = scale >= Float.MIN_NORMAL && scale <= Float.MAX_VALUE;
    return scaleIsF32 && longest <= diameter && 0.5 / scale <= FIXED_TOLERANCE * shortest;
  }

  private static boolean isEveryVertex(int[] sources, int n) {
    if (sources.length != n) {
      return false;
    }
    for (int i = 0; i < n; i++) {
      if (sources[i] != i) {
        return false;
      }
    }
    return true;
  }

  private static double sparseSeconds(Graph graph) {
    double bytes = (double) LOOKS * COLUMN_BYTES + (double) LIVE_PASSES * RELAX_BYTES;
    return Math.ceilDiv(graph.n(), LANES) * (double) graph.arcs() * bytes / BYTES_A_SECOND;
  }

  private static double denseSeconds(int n) {
    double padded = Math.ceilDiv(n, Job.TILE) * (double) Job.TILE;
    return padded * padded * padded / 2 / RELAXATIONS_A_SECOND;
  }
}
