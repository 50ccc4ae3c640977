package org.geodex.benchmark;

import java.util.Arrays;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * How far one sample lies above another, without assuming a distribution: the Hodges-Lehmann
 * estimate, which is the median of all differences y − x, and the interval of shifts that the
 * Mann-Whitney test does not reject. Hollander, Wolfe, Chicken, Nonparametric Statistical Methods,
 * 3rd edition, sections 4.2 and 4.3.
 *
 * @param shift the estimate
 * @param low lower end of the interval
 * @param high upper end
 */
record ShiftEstimate(double shift, double low, double high) {
  private static final int EXACT_LIMIT = 40;

  /** The interval holds the true shift with probability at least {@code confidence}. */
  static ShiftEstimate of(double[] x, double[] y, double confidence) {
    double[] differences = new double[x.length * y.length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < y.length; j++) {
        differences[i * y.length + j] = y[j] - x[i];
      }
    }
    Arrays.sort(differences);
    int cut = rejected(x.length, y.length, (1 - confidence) / 2);
    double low = cut < 1 ? Double.NEGATIVE_INFINITY : differences[cut - 1];
    double high = cut < 1 ? Double.POSITIVE_INFINITY : differences[differences.length - cut];
    return new ShiftEstimate(BenchmarkResult.median(differences), low, high);
  }

  /**
   * The largest c with P(U &lt; c) ≤ tail: the c-th difference from each end bounds the interval.
   */
  private static int rejected(int n, int m, double tail) {
    if (n > EXACT_LIMIT || m > EXACT_LIMIT) {
      double sd = Math.sqrt(n * (double) m * (n + m + 1) / 12);
      double quantile = NormalDistribution.of(0, 1).inverseCumulativeProbability(tail);
      return (int) Math.max(0, Math.floor(n * (double) m / 2 + quantile * sd));
    }
    double[] counts = counts(n, m);
    double total = Arrays.stream(counts).sum();
    double below = 0;
    int c = 0;
    while ((below + counts[c]) / total <= tail) {
      below += counts[c++];
    }
    return c;
  }

  /** How many orderings of n and m values give U = u, for every u: Mann and Whitney's recursion. */
  private static double[] counts(int n, int m) {
    double[] counts = new double[n * m + 1];
    counts[0] = 1;
    for (int i = 1; i <= n; i++) {
      // Multiplies the generating function by (1 − q^(m+i)) / (1 − q^i).
      for (int u = n * m; u >= m + i; u--) {
        counts[u] -= counts[u - m - i];
      }
      for (int u = i; u <= n * m; u++) {
        counts[u] += counts[u - i];
      }
    }
    return counts;
  }
}
