package org.geodex.statistics;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/**
 * Percentile bootstrap: the statistic of {@code draws} samples drawn with replacement from the n
 * units, and the quantiles (1 ∓ level)/2 of its values. Draws whose statistic is not a number, such
 * as a slope through one point, are left out.
 *
 * <p>Source: Efron, Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
 *
 * @param draws samples, at least 1
 * @param level coverage in (0, 1)
 * @param seed of the samples
 */
public record Bootstrap(int draws, double level, long seed) {
  public Bootstrap {
    if (draws < 1 || !(level > 0 && level < 1)) {
      throw new IllegalArgumentException("draws %d, level %s".formatted(draws, level));
    }
  }

  /** 2 000 samples, 95 %. */
  public static Bootstrap of(long seed) {
    return new Bootstrap(2000, 0.95, seed);
  }

  /** Interval of a statistic of the units' numbers: it is given n indices, repeats included. */
  public Interval interval(int n, ToDoubleFunction<int[]> statistic) {
    int[] all = new int[n];
    Arrays.setAll(all, i -> i);
    double value = statistic.applyAsDouble(all);
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[draws];
    int kept = 0;
    int[] sample = new int[n];
    for (int draw = 0; draw < draws; draw++) {
      for (int i = 0; i < n; i++) {
        sample[i] = random.nextInt(n);
      }
      double drawn = statistic.applyAsDouble(sample);
      if (!Double.isNaN(drawn)) {
        values[kept++] = drawn;
      }
    }
    double[] sorted = Arrays.copyOf(values, kept);
    Arrays.sort(sorted);
    return new Interval(
        value, quantile(sorted, (1 - level) / 2), quantile(sorted, (1 + level) / 2), level);
  }

  /** Interval of the mean. */
  public Interval mean(double[] values) {
    return interval(
        values.length,
        indices -> {
          double sum = 0;
          for (int i : indices) {
            sum += values[i];
          }
          return sum / indices.length;
        });
  }

  /** Quantile of sorted values with linear interpolation (type 7 of Hyndman and Fan). */
  static double quantile(double[] sorted, double share) {
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double place = share * (sorted.length - 1);
    int below = (int) Math.floor(place);
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  }
}
