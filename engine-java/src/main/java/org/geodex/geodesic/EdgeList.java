package org.geodex.geodesic;

import java.util.Arrays;
import org.geodex.error.InputException;
import org.geodex.error.MemoryBudgetException;
import org.geodex.matrix.Matrix;

/** Edges in the making; at most 2³⁰ of them. */
public final class EdgeList {
  private static final int MOST = 1 << 30;

  /** Whole numbers from here on are not all f32. */
  private static final float EXACT = 1 << 24;

  private int[] from = new int[64];
  private int[] to = new int[64];
  private double[] length = new double[64];
  private int size;

  public int size() {
    return size;
  }

  /**
   * The graph of edges that a user brought: one row each of vertex, vertex, length. The direction
   * does not count, an edge may be given both ways; a loop names a vertex without making an edge.
   *
   * @param edges [e,3]; lengths at least 0
   * @param name what to call them in messages
   * @param n vertices, or −1 for one more than the largest number
   */
  public static Graph graph(Matrix edges, String name, int n) {
    if (edges.columns() != 3) {
      throw new InputException(
          "%s: has %d columns, expected 3: vertex, vertex, length", name, edges.columns());
    }
    if (edges.rows() == 0) {
      throw new InputException("%s: has no edges", name);
    }
    EdgeList list = new EdgeList();
    float[] row = new float[3];
    int largest = -1;
    for (long e = 0; e < edges.rows(); e++) {
      edges.copyRow(e, row);
      int i = vertex(row[0], e, 0, name, n);
      int j = vertex(row[1], e, 1, name, n);
      if (!(row[2] >= 0 && row[2] < Float.POSITIVE_INFINITY)) {
        throw new InputException(
            "%s: row %d has the length %s, expected a finite one of at least 0", name, e, row[2]);
      }
      list.add(i, j, row[2]);
      largest = Math.max(largest, Math.max(i, j));
    }
    return list.toGraph(n < 0 ? largest + 1 : n);
  }

  private static int vertex(float value, long row, int column, String name, int n) {
    float end = n < 0 ? EXACT : n;
    if (!(value >= 0 && value < end && value == Math.rint(value))) {
      throw new InputException(
          "%s: row %d, column %d is %s, expected the number of a vertex, 0 to %d",
          name, row, column, value, (long) end - 1);
    }
    return (int) value;
  }

  public void add(int i, int j, double distance) {
    reserve(size + 1);
    from[size] = i;
    to[size] = j;
    length[size++] = distance;
  }

  public void addAll(EdgeList more) {
    if (size > MOST - more.size) {
      throw new MemoryBudgetException(
          "the graph has more than %,d edges: choose a smaller radius", MOST);
    }
    reserve(size + more.size);
    System.arraycopy(more.from, 0, from, size, more.size);
    System.arraycopy(more.to, 0, to, size, more.size);
    System.arraycopy(more.length, 0, length, size, more.size);
    size += more.size;
  }

  private void reserve(int needed) {
    if (needed > from.length) {
      int capacity = (int) Math.max(needed, Math.min(MOST, from.length * 3L / 2));
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
