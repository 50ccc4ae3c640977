package org.geodex.geodesic;

import java.util.Arrays;

/**
 * Single-source shortest paths in f64 with a heap of vertices (Dijkstra 1959), for one thread. The
 * instance is scratch memory that serves any number of sources one after the other.
 */
public final class Dijkstra {
  /** Marks a vertex without predecessor: the source, or one that cannot be reached. */
  public static final int NONE = -1;

  private static final int ARITY = 4;

  private final Graph graph;
  private final double[] distance;
  private final int[] predecessor;
  private final int[] heap;
  private final int[] place;
  private int size;

  public Dijkstra(Graph graph) {
    this.graph = graph;
    this.distance = new double[graph.n()];
    this.predecessor = new int[graph.n()];
    this.heap = new int[graph.n()];
    this.place = new int[graph.n()];
  }

  /**
   * Computes the lengths of the shortest paths from the nearest of {@code sources}; +∞ where there
   * is none.
   */
  public Dijkstra run(int... sources) {
    Arrays.fill(distance, Double.POSITIVE_INFINITY);
    Arrays.fill(predecessor, NONE);
    Arrays.fill(place, NONE);
    size = 0;
    for (int source : sources) {
      distance[source] = 0;
      push(source);
    }
    while (size > 0) {
      int v = pop();
      for (int a = graph.begin(v); a < graph.end(v); a++) {
        relax(v, graph.target(a), distance[v] + graph.length(a));
      }
    }
    return this;
  }

  /** The largest number of arcs on a shortest path that was found. */
  public int hops() {
    int[] hops = new int[graph.n()];
    int most = 0;
    for (int v = 0; v < graph.n(); v++) {
      most = Math.max(most, hops(v, hops));
    }
    return most;
  }

  /** Walks back to a vertex whose hops are known, then forward, filling in. */
  private int hops(int v, int[] known) {
    int depth = 0;
    int u = v;
    while (known[u] == 0 && predecessor[u] != NONE) {
      u = predecessor[u];
      depth++;
    }
    int hops = known[u] + depth;
    for (u = v; known[u] == 0 && predecessor[u] != NONE; u = predecessor[u]) {
      known[u] = hops--;
    }
    return known[v];
  }

  private void relax(int v, int u, double length) {
    if (length < distance[u]) {
      boolean known = place[u] != NONE;
      distance[u] = length;
      predecessor[u] = v;
      if (known) {
        siftUp(place[u], u);
      } else {
        push(u);
      }
    }
  }

  /** The length to vertex {@code v} after {@link #run}. */
  public double distance(int v) {
    return distance[v];
  }

  /** The vertex before {@code v} on its shortest path, or {@link #NONE}. */
  public int predecessor(int v) {
    return predecessor[v];
  }

  private void push(int v) {
    siftUp(size++, v);
  }

  private int pop() {
    int top = heap[0];
    int last = heap[--size];
    if (size > 0) {
      siftDown(last);
    }
    return top;
  }

  private void siftUp(int from, int v) {
    int at = from;
    while (at > 0) {
      int parent = (at - 1) / ARITY;
      if (distance[heap[parent]] <= distance[v]) {
        break;
      }
      set(at, heap[parent]);
      at = parent;
    }
    set(at, v);
  }

  private void siftDown(int v) {
    int at = 0;
    while (true) {
      int child = ARITY * at + 1;
      if (child >= size) {
        break;
      }
      int smallest = child;
      for (int c = child + 1; c < Math.min(child + ARITY, size); c++) {
        if (distance[heap[c]] < distance[heap[smallest]]) {
          smallest = c;
        }
      }
      if (distance[v] <= distance[heap[smallest]]) {
        break;
      }
      set(at, heap[smallest]);
      at = smallest;
    }
    set(at, v);
  }

  private void set(int at, int v) {
    heap[at] = v;
    place[v] = at;
  }
}
