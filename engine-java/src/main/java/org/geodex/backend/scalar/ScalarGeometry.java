package org.geodex.backend.scalar;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.geodex.backend.Geometry;
import org.geodex.geodesic.EdgeList;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NearestRows;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.geodesic.Precision;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.matrix.Matrix;

/** The specification of distances, neighbours and paths: plain loops on one thread. */
public final class ScalarGeometry implements Geometry {

  @Override
  public void pairwise(Matrix x, Matrix y, Metric metric, Precision precision, Matrix out) {
    double[] a = new double[x.columns()];
    double[] b = new double[y.columns()];
    for (long i = 0; i < x.rows(); i++) {
      x.copyRow(i, a);
      for (int j = 0; j < y.intRows(); j++) {
        y.copyRow(j, b);
        out.set(i, j, (float) ScalarMetrics.distance(metric, a, b));
      }
    }
  }

  @Override
  public NeighbourTable knn(Matrix x, Matrix y, int k, Metric metric) {
    Matrix from = y == null ? x : y;
    int n = x.intRows();
    int[] index = new int[Math.multiplyExact(n, k)];
    double[] distance = new double[index.length];
    double[] a = new double[x.columns()];
    double[] b = new double[x.columns()];
    NearestRows nearest = new NearestRows(k);
    for (int i = 0; i < n; i++) {
      x.copyRow(i, a);
      nearest.clear();
      for (int j = 0; j < from.intRows(); j++) {
        if (y == null && j == i) {
          continue;
        }
        from.copyRow(j, b);
        nearest.offer(j, ScalarMetrics.distance(metric, a, b));
      }
      nearest.copyTo(index, distance, i * k);
    }
    return new NeighbourTable(n, k, index, distance);
  }

  @Override
  public Graph radiusGraph(Matrix x, double radius, Metric metric) {
    EdgeList edges = new EdgeList();
    double[] a = new double[x.columns()];
    double[] b = new double[x.columns()];
    for (int i = 0; i < x.intRows(); i++) {
      x.copyRow(i, a);
      for (int j = i + 1; j < x.intRows(); j++) {
        x.copyRow(j, b);
        double distance = ScalarMetrics.distance(metric, a, b);
        if (distance <= radius) {
          edges.add(i, j, distance);
        }
      }
    }
    return edges.toGraph(x.intRows());
  }

  /** Dijkstra 1959 as it was written: settle the nearest open vertex, n times. */
  @Override
  public ShortestPaths shortestPaths(
      Graph graph, int[] sources, Matrix lengths, MemorySegment predecessors) {
    double longest = 0;
    for (int s = 0; s < sources.length; s++) {
      double[] length = new double[graph.n()];
      int[] predecessor = new int[graph.n()];
      settleAll(graph, sources[s], length, predecessor);
      for (int v = 0; v < graph.n(); v++) {
        lengths.set(s, v, (float) length[v]);
        if (predecessors != null) {
          predecessors.setAtIndex(ValueLayout.JAVA_INT, (long) s * graph.n() + v, predecessor[v]);
        }
        if (length[v] < Double.POSITIVE_INFINITY) {
          longest = Math.max(longest, length[v]);
        }
      }
    }
    return new ShortestPaths("dijkstra", longest);
  }

  private static void settleAll(Graph graph, int source, double[] length, int[] predecessor) {
    Arrays.fill(length, Double.POSITIVE_INFINITY);
    Arrays.fill(predecessor, -1);
    length[source] = 0;
    boolean[] settled = new boolean[graph.n()];
    for (int v = source; v >= 0; v = nearestOpen(length, settled)) {
      settled[v] = true;
      for (int a = graph.begin(v); a < graph.end(v); a++) {
        int u = graph.target(a);
        if (length[v] + graph.length(a) < length[u]) {
          length[u] = length[v] + graph.length(a);
          predecessor[u] = v;
        }
      }
    }
  }

  private static int nearestOpen(double[] length, boolean[] settled) {
    int nearest = -1;
    for (int v = 0; v < length.length; v++) {
      if (!settled[v]
          && length[v] < Double.POSITIVE_INFINITY
          && (nearest < 0 || length[v] < length[nearest])) {
        nearest = v;
      }
    }
    return nearest;
  }
}
