package org.geodex.geodesic;

import java.util.Arrays;

/**
 * Reverse Cuthill–McKee numbering: neighbours get near numbers, so that a sweep through the
 * vertices in order carries a path far and finds its data in cache. Ties are settled by number, so
 * the order depends on the graph alone.
 */
public final class VertexOrder {
  /** vertexAt[p] is the vertex at position p. */
  public final int[] vertexAt;

  /** position[v] is where vertex v stands. */
  public final int[] position;

  /** One vertex on the rim of each component. */
  public final int[] rims;

  private VertexOrder(int[] vertexAt, int[] position, int[] rims) {
    this.vertexAt = vertexAt;
    this.position = position;
    this.rims = rims;
  }

  /** Cost: four searches of the graph, breadth first. */
  public static VertexOrder of(Graph graph) {
    int n = graph.n();
    int[] order = new int[n];
    boolean[] seen = new boolean[n];
    int[] rims = new int[n];
    int components = 0;
    int size = 0;
    int[] scratch = new int[n];
    int[] mark = new int[n];
    for (int v = 0; v < n; v++) {
      if (!seen[v]) {
        int rim = peripheral(graph, v, scratch, mark);
        rims[components++] = rim;
        size = breadthFirst(graph, rim, seen, order, size);
      }
    }
    int[] position = new int[n];
    for (int p = 0; p < n / 2; p++) {
      int other = order[n - 1 - p];
      order[n - 1 - p] = order[p];
      order[p] = other;
    }
    for (int p = 0; p < n; p++) {
      position[order[p]] = p;
    }
    return new VertexOrder(order, position, Arrays.copyOf(rims, components));
  }

  /** A vertex far from {@code v} in hops: the last one that two searches reach. */
  private static int peripheral(Graph graph, int v, int[] queue, int[] mark) {
    int start = v;
    for (int round = 1; round <= 2; round++) {
      int read = 0;
      int write = 0;
      queue[write++] = start;
      mark[start] = round;
      while (read < write) {
        int u = queue[read++];
        for (int a = graph.begin(u); a < graph.end(u); a++) {
          if (mark[graph.target(a)] < round) {
            mark[graph.target(a)] = round;
            queue[write++] = graph.target(a);
          }
        }
      }
      start = queue[write - 1];
    }
    return start;
  }

  /** Appends the component of {@code start} to {@code order}, neighbours by ascending degree. */
  private static int breadthFirst(Graph graph, int start, boolean[] seen, int[] order, int from) {
    int read = from;
    int write = from;
    order[write++] = start;
    seen[start] = true;
    while (read < write) {
      int v = order[read++];
      int first = write;
      for (int a = graph.begin(v); a < graph.end(v); a++) {
        int u = graph.target(a);
        if (!seen[u]) {
          seen[u] = true;
          order[write++] = u;
        }
      }
      sortByDegree(graph, order, first, write);
    }
    return write;
  }

  /**
   * Which of some vertices come first: indices into {@code vertices} by ascending position, equal
   * ones by index.
   */
  public int[] ranked(int[] vertices) {
    long[] keys = new long[vertices.length];
    Arrays.setAll(keys, i -> (long) position[vertices[i]] << 32 | i);
    Arrays.sort(keys);
    return Arrays.stream(keys).mapToInt(key -> (int) key).toArray();
  }

  private static void sortByDegree(Graph graph, int[] order, int from, int to) {
    if (to - from < 2) {
      return;
    }
    long[] keys = new long[to - from];
    for (int i = from; i < to; i++) {
      int degree = graph.end(order[i]) - graph.begin(order[i]);
      keys[i - from] = (long) degree << 32 | order[i];
    }
    Arrays.sort(keys);
    for (int i = from; i < to; i++) {
      order[i] = (int) keys[i - from];
    }
  }
}
