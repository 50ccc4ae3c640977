package org.geodex.geodesic;

/**
 * Keeps the k nearest of the candidates that it is offered, by distance and then by lower index.
 * The order of the offers does not matter.
 */
public final class NearestRows {
  private final int k;
  private final int[] index;
  private final double[] distance;
  private int size;

  public NearestRows(int k) {
    this.k = k;
    this.index = new int[k];
    this.distance = new double[k];
  }

  public void clear() {
    size = 0;
  }

  public int size() {
    return size;
  }

  /** The largest distance that can still get in. */
  public double bound() {
    return size < k ? Double.POSITIVE_INFINITY : distance[k - 1];
  }

  /** Offers row {@code j} at distance {@code value}. */
  public void offer(int j, double value) {
    int place = size;
    while (place > 0 && before(value, j, place - 1)) {
      place--;
    }
    if (place == k) {
      return;
    }
    int moved = Math.min(size, k - 1) - place;
    System.arraycopy(index, place, index, place + 1, moved);
    System.arraycopy(distance, place, distance, place + 1, moved);
    index[place] = j;
    distance[place] = value;
    size = Math.min(size + 1, k);
  }

  /** NaN comes after everything, as in {@link Double#compare}. */
  private boolean before(double value, int j, int place) {
    double other = distance[place];
    return value < other
        || (value == other && j < index[place])
        || (Double.isNaN(other) && (!Double.isNaN(value) || j < index[place]));
  }

  /** Writes indices and distances in ascending order from {@code offset} on. */
  public void copyTo(int[] indices, double[] distances, int offset) {
    System.arraycopy(index, 0, indices, offset, size);
    System.arraycopy(distance, 0, distances, offset, size);
  }
}
