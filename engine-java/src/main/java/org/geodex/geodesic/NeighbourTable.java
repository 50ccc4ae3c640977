package org.geodex.geodesic;

import java.util.Arrays;
import java.util.Objects;
import org.geodex.matrix.Matrix;

/**
 * The k nearest neighbours of each of n rows: ascending by distance, ties by lower index. One table
 * a layer feeds whatever needs neighbours: graphs, geodesics, dimension, densities.
 *
 * <p>Immutable to its readers; 12·n·k bytes on the heap, so n·k stays below 2³¹.
 */
public final class NeighbourTable {
  private final int n;
  private final int k;
  private final int[] index;
  private final double[] distance;

  /**
   * Takes over both arrays; row i of the table is at [i·k, (i+1)·k).
   *
   * @param index neighbours of row i, nearest first
   * @param distance their distances, ascending
   */
  public NeighbourTable(int n, int k, int[] index, double[] distance) {
    if (index.length != Math.multiplyExact(n, k) || distance.length != index.length) {
      throw new IllegalArgumentException(
          "table %d x %d with %d indices and %d distances"
              .formatted(n, k, index.length, distance.length));
    }
    this.n = n;
    this.k = k;
    this.index = index;
    this.distance = distance;
  }

  /** Rows. */
  public int n() {
    return n;
  }

  /** Neighbours of each row. */
  public int k() {
    return k;
  }

  /** The neighbour of rank {@code rank} (0 is the nearest) of row {@code i}. */
  public int index(int i, int rank) {
    return index[at(i, rank)];
  }

  /** The distance to {@link #index(int, int)}. */
  public double distance(int i, int rank) {
    return distance[at(i, rank)];
  }

  private int at(int i, int rank) {
    Objects.checkIndex(rank, k);
    return i * k + rank;
  }

  /** All indices, row after row: a copy. */
  public int[] indices() {
    return index.clone();
  }

  /** All distances as an n × k matrix; the caller closes it. */
  public Matrix.Owned distances() {
    Matrix.Owned distances = Matrix.allocate(n, k);
    for (int i = 0; i < n; i++) {
      for (int r = 0; r < k; r++) {
        distances.set(i, r, (float) distance[at(i, r)]);
      }
    }
    return distances;
  }

  /** The same table with the nearest {@code fewer} neighbours of each row alone. */
  public NeighbourTable nearest(int fewer) {
    Objects.checkIndex(fewer - 1, k);
    int[] indices = new int[n * fewer];
    double[] distances = new double[n * fewer];
    for (int i = 0; i < n; i++) {
      System.arraycopy(index, i * k, indices, i * fewer, fewer);
      System.arraycopy(distance, i * k, distances, i * fewer, fewer);
    }
    return new NeighbourTable(n, fewer, indices, distances);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NeighbourTable that
        && n == that.n
        && k == that.k
        && Arrays.equals(index, that.index)
        && Arrays.equals(distance, that.distance);
  }

  @Override
  public int hashCode() {
    return Objects.hash(n, k, Arrays.hashCode(index), Arrays.hashCode(distance));
  }

  @Override
  public String toString() {
    return "NeighbourTable[%d x %d]".formatted(n, k);
  }
}
