package org.geodex.similarity;

import java.util.Arrays;

/** Ranks with ties at their mean. */
final class Ranks {
  private Ranks() {}

  /** Rank of each value less the mean rank; equal values share the mean of their ranks. */
  static double[] centred(float[] values) {
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    double middle = (values.length - 1) / 2.0;
    double[] ranks = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      int first = first(sorted, values[i], false);
      int next = first(sorted, values[i], true);
      ranks[i] = (first + next - 1) / 2.0 - middle;
    }
    return ranks;
  }

  /** First place whose value is not below {@code value}, or with {@code after} is above it. */
  private static int first(float[] sorted, float value, boolean after) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (after ? sorted[middle] <= value : sorted[middle] < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
