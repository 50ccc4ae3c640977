package org.geodex.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.geodex.backend.Parallel;
import org.geodex.geodesic.Dijkstra;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.matrix.Matrix;

/** Shortest paths from many sources. */
final class CpuPaths {
  /** Sources a task takes: enough to repay its scratch memory. */
  private static final int SOURCES = 16;

  private final Graph graph;
  private final Parallel parallel;

  CpuPaths(Graph graph, Parallel parallel) {
    this.graph = graph;
    this.parallel = parallel;
  }

  ShortestPaths run(int[] sources, Matrix lengths, MemorySegment predecessors) {
    double[] longest = new double[Math.ceilDiv(sources.length, SOURCES)];
    parallel.forEach(
        longest.length,
        block -> {
          Dijkstra dijkstra = new Dijkstra(graph);
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
    return new ShortestPaths("dijkstra", max);
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
