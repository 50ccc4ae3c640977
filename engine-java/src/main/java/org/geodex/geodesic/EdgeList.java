package org.geodex.geodesic;

import java.util.Arrays;

/** Edges in the making; at most 2³⁰ of them. */
public final class EdgeList {
  private int[] from = new int[64];
  private int[] to = new int[64];
  private double[] length = new double[64];
  private int size;

  public int size() {
    return size;
  }

  public void add(int i, int j, double distance) {
    reserve(size + 1);
    from[size] = i;
    to[size] = j;
    length[size++] = distance;
  }

  public void addAll(EdgeList more) {
    reserve(Math.addExact(size, more.size));
    System.arraycopy(more.from, 0, from, size, more.size);
    System.arraycopy(more.to, 0, to, size, more.size);
    System.arraycopy(more.length, 0, length, size, more.size);
    size += more.size;
  }

  private void reserve(int needed) {
    if (needed > from.length) {
      int capacity = Math.max(needed, Math.addExact(from.length, from.length / 2));
      from = Arrays.copyOf(from, capacity);
      to = Arrays.copyOf(to, capacity);
      length = Arrays.copyOf(length, capacity);
    }
  }

  /** The graph of these edges on {@code n} vertices. */
  public Graph toGraph(int n) {
    return Graph.of(
        n, Arrays.copyOf(from, size), Arrays.copyOf(to, size), Arrays.copyOf(length, size));
  }
}
