package org.geodex.similarity;

import java.util.Arrays;

/** Ranks with ties at their mean. */
final class Ranks {
  private static final int INDEX_BITS = 32;

  private Ranks() {}

  /** Rank of each value less the mean rank; equal values share the mean of their ranks. */
  static double[] centred(float[] values) {
    int n = values.length;
    long[] order = new long[n];
    for (int i = 0; i < n; i++) {
      order[i] = (long) ascending(values[i]) << INDEX_BITS | i;
    }
    Arrays.sort(order);
    double middle = (n - 1) / 2.0;
    double[] ranks = new double[n];
    int next;
    for (int first = 0; first < n; first = next) {
      next = first + 1;
      while (next < n && order[next] >> INDEX_BITS == order[first] >> INDEX_BITS) {
        next++;
      }
      for (int k = first; k < next; k++) {
        ranks[(int) order[k]] = (first + next - 1) / 2.0 - middle;
      }
    }
    return ranks;
  }

  /** A number that orders as the value does; 0 and −0 are equal. */
  private static int ascending(float value) {
    int bits = Float.floatToIntBits(value + 0f);
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }
}
