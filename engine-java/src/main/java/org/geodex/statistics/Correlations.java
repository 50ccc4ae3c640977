package org.geodex.statistics;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Correlation coefficients; NaN where one side is constant. */
public final class Correlations {
  private Correlations() {}

  /** Pearson's r. */
  public static double pearson(double[] x, double[] y) {
    double meanX = mean(x);
    double meanY = mean(y);
    double xy = 0;
    double xx = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      xy += (x[i] - meanX) * (y[i] - meanY);
      xx += (x[i] - meanX) * (x[i] - meanX);
      yy += (y[i] - meanY) * (y[i] - meanY);
    }
    return xy / Math.sqrt(xx) / Math.sqrt(yy);
  }

  /** Spearman's ρ: Pearson's r of the ranks, ties at their mean rank. */
  public static double spearman(double[] x, double[] y) {
    return pearson(ranks(x), ranks(y));
  }

  /**
   * Kendall's τ-b: concordant less discordant pairs over the root of the pairs untied in x times
   * those untied in y. O(n²).
   */
  public static double kendall(double[] x, double[] y) {
    long balance = 0;
    long untiedX = 0;
    long untiedY = 0;
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < i; j++) {
        int a = Double.compare(x[i], x[j]);
        int b = Double.compare(y[i], y[j]);
        balance += Integer.signum(a) * Integer.signum(b);
        untiedX += a == 0 ? 0 : 1;
        untiedY += b == 0 ? 0 : 1;
      }
    }
    return balance / Math.sqrt((double) untiedX) / Math.sqrt((double) untiedY);
  }

  /** Ranks from 1, ties at their mean. */
  public static double[] ranks(double[] values) {
    int[] order =
        IntStream.range(0, values.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> values[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] ranks = new double[values.length];
    int start = 0;
    while (start < order.length) {
      int end = start + 1;
      while (end < order.length && values[order[end]] == values[order[start]]) {
        end++;
      }
      for (int k = start; k < end; k++) {
        ranks[order[k]] = (start + 1 + end) / 2.0;
      }
      start = end;
    }
    return ranks;
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
