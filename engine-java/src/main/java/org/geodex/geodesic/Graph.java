package org.geodex.geodesic;

import java.util.Arrays;

/**
 * An undirected graph with edge lengths, in compressed rows: each edge stands in the rows of both
 * its ends. An edge of length zero is an edge (two equal rows of data are neighbours at distance
 * 0); a missing edge is simply not stored. Of parallel edges the shortest is kept, loops are
 * dropped.
 *
 * <p>Immutable to its readers. At most 2³¹ − 1 arcs, that is 2³⁰ edges.
 */
public final class Graph {
  private final int n;
  private final int[] offset;
  private final int[] target;
  private final double[] length;

  private Graph(int n, int[] offset, int[] target, double[] length) {
    this.n = n;
    this.offset = offset;
    this.target = target;
    this.length = length;
  }

  /**
   * Builds a graph from a list of edges, each given once or more often, in either direction.
   *
   * @param n vertices 0 … n−1
   * @param lengths at least 0
   */
  public static Graph of(int n, int[] from, int[] to, double[] lengths) {
    int[] offset = new int[n + 1];
    for (int e = 0; e < from.length; e++) {
      if (from[e] != to[e]) {
        offset[from[e] + 1]++;
        offset[to[e] + 1]++;
      }
    }
    for (int i = 0; i < n; i++) {
      offset[i + 1] = Math.addExact(offset[i], offset[i + 1]);
    }
    int[] target = new int[offset[n]];
    double[] length = new double[offset[n]];
    int[] next = Arrays.copyOf(offset, n);
    for (int e = 0; e < from.length; e++) {
      if (from[e] != to[e]) {
        put(next[from[e]]++, to[e], lengths[e], target, length);
        put(next[to[e]]++, from[e], lengths[e], target, length);
      }
    }
    return new Graph(n, offset, target, length).sorted().merged();
  }

  private static void put(int at, int vertex, double value, int[] target, double[] length) {
    target[at] = vertex;
    length[at] = value;
  }

  /**
   * The same arcs, rows in ascending order of their targets: vertex after vertex hands its arcs to
   * their other ends, so that each row receives its targets in order.
   */
  private Graph sorted() {
    int[] next = Arrays.copyOf(offset, n);
    int[] sortedTarget = new int[target.length];
    double[] sortedLength = new double[target.length];
    for (int v = 0; v < n; v++) {
      for (int a = offset[v]; a < offset[v + 1]; a++) {
        put(next[target[a]]++, v, length[a], sortedTarget, sortedLength);
      }
    }
    return new Graph(n, offset, sortedTarget, sortedLength);
  }

  /** Rows that are sorted, with parallel arcs merged. */
  private Graph merged() {
    int[] newOffset = new int[n + 1];
    int write = 0;
    for (int i = 0; i < n; i++) {
      int start = write;
      for (int a = offset[i]; a < offset[i + 1]; a++) {
        if (write > start && target[write - 1] == target[a]) {
          length[write - 1] = Math.min(length[write - 1], length[a]);
        } else {
          put(write++, target[a], length[a], target, length);
        }
      }
      newOffset[i + 1] = write;
    }
    return new Graph(n, newOffset, Arrays.copyOf(target, write), Arrays.copyOf(length, write));
  }

  /** Vertices. */
  public int n() {
    return n;
  }

  /** Undirected edges. */
  public int edges() {
    return target.length / 2;
  }

  /** Twice {@link #edges()}. */
  public int arcs() {
    return target.length;
  }

  /** The arcs of vertex {@code v} are {@code begin(v) … end(v) − 1}. */
  public int begin(int v) {
    return offset[v];
  }

  public int end(int v) {
    return offset[v + 1];
  }

  /** Where arc {@code a} leads. */
  public int target(int a) {
    return target[a];
  }

  /** The length of arc {@code a}. */
  public double length(int a) {
    return length[a];
  }

  /**
   * The graph on {@code vertices} alone, renumbered in their order; edges to others are dropped.
   */
  public Graph induced(int[] vertices) {
    int[] number = new int[n];
    Arrays.fill(number, -1);
    for (int v = 0; v < vertices.length; v++) {
      number[vertices[v]] = v;
    }
    int[] newOffset = new int[vertices.length + 1];
    int[] newTarget = new int[target.length];
    double[] newLength = new double[target.length];
    int write = 0;
    for (int v = 0; v < vertices.length; v++) {
      for (int a = begin(vertices[v]); a < end(vertices[v]); a++) {
        if (number[target[a]] >= 0) {
          put(write++, number[target[a]], length[a], newTarget, newLength);
        }
      }
      newOffset[v + 1] = write;
    }
    return new Graph(
            vertices.length,
            newOffset,
            Arrays.copyOf(newTarget, write),
            Arrays.copyOf(newLength, write))
        .sorted();
  }

  /** The same graph with more edges. */
  public Graph with(int[] from, int[] to, double[] lengths) {
    int[] allFrom = Arrays.copyOf(from, from.length + edges());
    int[] allTo = Arrays.copyOf(to, to.length + edges());
    double[] allLengths = Arrays.copyOf(lengths, lengths.length + edges());
    int write = from.length;
    for (int v = 0; v < n; v++) {
      for (int a = begin(v); a < end(v); a++) {
        if (v < target[a]) {
          allFrom[write] = v;
          allTo[write] = target[a];
          allLengths[write++] = length[a];
        }
      }
    }
    return of(n, allFrom, allTo, allLengths);
  }

  @Override
  public String toString() {
    return "Graph[%d vertices, %d edges]".formatted(n, edges());
  }
}
