package org.geodex.geodesic;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Percentile bootstrap (Efron 1979) of a statistic over exchangeable terms. A resample is told by
 * how often each term was drawn, so that the statistic can keep its terms sorted.
 */
final class Bootstrap {
  private static final double TAIL = 0.025;

  private Bootstrap() {}

  /** The statistic of a sample in which term i occurs {@code counts[i]} times. */
  @FunctionalInterface
  interface Statistic {
    double of(int[] counts);
  }

  /** The statistic of all terms and, with {@code resamples} &gt; 0, its 95 % interval. */
  static DimensionEstimate estimate(
      int terms, int zeroDistances, Statistic statistic, int resamples, long seed) {
    int[] counts = new int[terms];
    Arrays.fill(counts, 1);
    double value = statistic.of(counts);
    if (resamples == 0) {
      return new DimensionEstimate(value, Double.NaN, Double.NaN, terms, zeroDistances);
    }
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[resamples];
    for (int b = 0; b < resamples; b++) {
      Arrays.fill(counts, 0);
      for (int t = 0; t < terms; t++) {
        counts[random.nextInt(terms)]++;
      }
      values[b] = statistic.of(counts);
    }
    Arrays.sort(values);
    return new DimensionEstimate(
        value, quantile(values, TAIL), quantile(values, 1 - TAIL), terms, zeroDistances);
  }

  /** Linear between order statistics. */
  private static double quantile(double[] sorted, double q) {
    double place = q * (sorted.length - 1);
    int below = (int) place;
    int above = Math.min(below + 1, sorted.length - 1);
    if (sorted[below] == sorted[above]) {
      return sorted[below]; // both may be infinite
    }
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
