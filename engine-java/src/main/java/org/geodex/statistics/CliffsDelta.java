package org.geodex.statistics;

import java.util.Arrays;

/**
 * Cliff's delta P(a &gt; b) − P(a &lt; b) over all pairs of one value from each sample, in [−1, 1];
 * 0 when neither tends to be larger.
 *
 * <p>Source: Cliff, Psychol. Bull. 114 (1993). O((n + m)·log m) by counting in the sorted second
 * sample.
 */
public final class CliffsDelta {
  private CliffsDelta() {}

  public static double of(double[] a, double[] b) {
    if (a.length == 0 || b.length == 0) {
      throw new IllegalArgumentException("an empty sample has no delta");
    }
    double[] sorted = b.clone();
    Arrays.sort(sorted);
    long balance = 0;
    for (double value : a) {
      balance += below(sorted, value) - (long) (b.length - upTo(sorted, value));
    }
    return (double) balance / ((long) a.length * b.length);
  }

  private static int below(double[] sorted, double value) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private static int upTo(double[] sorted, double value) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] <= value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
