package org.geodex.backend.cpu;

import java.util.Arrays;
import org.geodex.geodesic.NearestRows;

/**
 * For each row a few candidates for its nearest neighbours, found by products in f32. A candidate
 * is known by a lower bound of its squared distance; the upper bound is {@code spread·(‖x‖²+‖y‖²)}
 * above. A row that is full drops those whose lower bound is above the k-th smallest upper bound:
 * they cannot be among the k nearest. Where the bounds do not tell enough candidates apart
 * (duplicates, ties), the distances in f64 decide.
 *
 * <p>A row belongs to one thread at a time. What is left in the end always contains the k nearest,
 * whatever the order in which candidates came.
 */
final class CandidateRows {
  /**
   * Part of the distance between lower and upper bounds, so that they hold where squares underflow
   * and order where all norms are 0. Rows are scaled to about 1.
   */
  static final float TINY = 1e-35f;

  private final int k;
  private final int capacity;
  private final float spread;
  private final float[] xNorms;
  private final float[] yNorms;
  private final RowDistances exact;
  private final RowDistances squares;
  private final int[] index;
  private final float[] low;
  private final int[] size;
  private final float[] threshold;
  private final ThreadLocal<Scratch> scratch;

  private final class Scratch {
    final float[] high = new float[capacity];
    final NearestRows nearest = new NearestRows(k);
    final int[] keptIndex = new int[k];
    final double[] keptDistance = new double[k];
  }

  /**
   * @param n rows that look for neighbours
   * @param spread twice the relative error of the bounds
   * @param exact distances that decide in the end
   * @param squares squared distances of the prepared rows in f64
   */
  CandidateRows(
      int n,
      int k,
      float spread,
      float[] xNorms,
      float[] yNorms,
      RowDistances exact,
      RowDistances squares) {
    this.k = k;
    this.capacity = Math.max(2 * k, k + 48);
    this.spread = spread;
    this.xNorms = xNorms;
    this.yNorms = yNorms;
    this.exact = exact;
    this.squares = squares;
    this.index = new int[Math.multiplyExact(n, capacity)];
    this.low = new float[index.length];
    this.size = new int[n];
    this.threshold = new float[n];
    Arrays.fill(threshold, Float.POSITIVE_INFINITY);
    this.scratch = ThreadLocal.withInitial(Scratch::new);
  }

  /** Bytes that n rows take. */
  static long bytes(long n, int k) {
    return n * Math.max(2 * k, k + 48) * 8L;
  }

  /** Row i takes candidates with a lower bound up to this. */
  float[] thresholds() {
    return threshold;
  }

  void offer(int i, int j, float lowerBound) {
    if (size[i] == capacity) {
      shrink(i);
      if (!(lowerBound <= threshold[i])) {
        return;
      }
    }
    int at = i * capacity + size[i]++;
    index[at] = j;
    low[at] = lowerBound;
  }

  private void shrink(int i) {
    tighten(i);
    if (size[i] > capacity - capacity / 4) {
      decide(i, scratch.get());
    }
  }

  /** Lowers the threshold of row i to its k-th smallest upper bound and drops what is above. */
  private void tighten(int i) {
    Scratch s = scratch.get();
    int base = i * capacity;
    int count = size[i];
    for (int c = 0; c < count; c++) {
      s.high[c] = low[base + c] + spread * (xNorms[i] + yNorms[index[base + c]]) + TINY;
    }
    Arrays.sort(s.high, 0, count);
    threshold[i] = Math.min(threshold[i], s.high[k - 1]);
    int kept = 0;
    for (int c = 0; c < count; c++) {
      if (low[base + c] <= threshold[i]) {
        index[base + kept] = index[base + c];
        low[base + kept++] = low[base + c];
      }
    }
    size[i] = kept;
  }

  /** Keeps the k nearest of row i by their distances in f64. */
  private void decide(int i, Scratch s) {
    int base = i * capacity;
    s.nearest.clear();
    for (int c = 0; c < size[i]; c++) {
      s.nearest.offer(index[base + c], exact.get(i, index[base + c]));
    }
    s.nearest.copyTo(s.keptIndex, s.keptDistance, 0);
    double farthest = 0;
    for (int r = 0; r < k; r++) {
      int j = s.keptIndex[r];
      index[base + r] = j;
      double slack = (double) spread * (xNorms[i] + yNorms[j]);
      double square = squares.get(i, j);
      low[base + r] = (float) (square - slack) - TINY;
      farthest = Math.max(farthest, square + slack);
    }
    size[i] = k;
    threshold[i] = Math.min(threshold[i], Math.nextUp((float) farthest) + TINY);
  }

  /** Writes the k nearest of row {@code i}. */
  void finish(int i, int[] indices, double[] distances) {
    Scratch s = scratch.get();
    tighten(i);
    int base = i * capacity;
    s.nearest.clear();
    for (int c = 0; c < size[i]; c++) {
      s.nearest.offer(index[base + c], exact.get(i, index[base + c]));
    }
    s.nearest.copyTo(indices, distances, i * k);
  }
}
