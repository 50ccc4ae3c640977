package org.geodex.benchmark;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * How far the second values of pairs lie above the first, where what disturbs a measurement can
 * only raise it: the mean of the lower half of the second values less that of the first values.
 *
 * <p>The test swaps the two values of pairs at random, which is exact when the order within each
 * pair was drawn: {@code p} = share of swaps whose |difference| reaches the one seen. All 2ⁿ of
 * them are gone through up to n = 14, else as many are drawn (and p = (1 + reached)/(1 + draws)).
 * The interval holds the shifts that the same test does not reject.
 *
 * <p>Why the lower half: other jobs, a stealing host and a falling clock come and go within a run,
 * and only ever slow a fork down. Where a fifth of the forks takes up to twice as long, the
 * difference of the medians and Wilcoxon's signed ranks of 20 pairs found a 10 % slow-down in 61
 * and 11 of 100 simulated runs, this in all. What slows fewer than half of the forks is not found.
 *
 * @param shift the estimate
 * @param low lower end of the interval
 * @param high upper end
 * @param p two-sided
 */
record PairedShift(double shift, double low, double high, double p) {
  private static final int MOST_PAIRS = 62;
  private static final int TEST_BITS = 14;
  private static final int INTERVAL_BITS = 10;
  private static final int BISECTIONS = 16;

  /** Differences up to rounding count as reached. */
  private static final double SLACK = 1e-12;

  /** The order of swaps is the same in every run. */
  private static final long SEED = 1;

  static PairedShift of(double[] x, double[] y, double confidence) {
    if (x.length != y.length || x.length == 0 || x.length > MOST_PAIRS) {
      throw new IllegalArgumentException("%d and %d pairs".formatted(x.length, y.length));
    }
    double shift = lowerHalfMean(y) - lowerHalfMean(x);
    double alpha = 1 - confidence;
    return new PairedShift(
        shift, end(x, y, shift, -1, alpha), end(x, y, shift, 1, alpha), p(x, y, 0, TEST_BITS));
  }

  private static double lowerHalfMean(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return Arrays.stream(sorted, 0, half(sorted.length)).average().orElseThrow();
  }

  private static int half(int n) {
    return (n + 1) / 2;
  }

  /** Farthest shift in one direction that is not rejected; infinite where none is. */
  private static double end(double[] x, double[] y, double shift, int direction, double alpha) {
    double inside = 0;
    double outside = spread(x, y);
    if (p(x, y, shift + direction * outside, INTERVAL_BITS) > alpha) {
      return direction * Double.POSITIVE_INFINITY;
    }
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (inside + outside) / 2;
      if (p(x, y, shift + direction * middle, INTERVAL_BITS) > alpha) {
        inside = middle;
      } else {
        outside = middle;
      }
    }
    return shift + direction * outside;
  }

  /** Beyond this distance every first value is on one side of every second value. */
  private static double spread(double[] x, double[] y) {
    var all =
        Arrays.stream(new double[][] {x, y}).flatMapToDouble(Arrays::stream).summaryStatistics();
    return 2 * (all.getMax() - all.getMin()) + 1e-9;
  }

  /** Two-sided p of the hypothesis that y − x is {@code shift}. */
  private static double p(double[] x, double[] y, double shift, int bits) {
    Swaps swaps = new Swaps(x, y, shift);
    double seen = Math.abs(swaps.difference(0)) - SLACK;
    int n = x.length;
    boolean all = n <= bits;
    int draws = 1 << (all ? n : bits);
    SplittableRandom random = new SplittableRandom(SEED);
    int reached = 0;
    for (int draw = 0; draw < draws; draw++) {
      long swapped = all ? draw : random.nextLong();
      reached += Math.abs(swaps.difference(swapped)) >= seen ? 1 : 0;
    }
    return all ? (double) reached / draws : (1.0 + reached) / (1.0 + draws);
  }

  /** All values in rising order, so that a lower half is found by one walk. */
  private static final class Swaps {
    private final double[] values;
    private final int[] pair;
    private final boolean[] second;
    private final int half;

    Swaps(double[] x, double[] y, double shift) {
      int n = x.length;
      double[] all = new double[2 * n];
      for (int i = 0; i < n; i++) {
        all[i] = x[i];
        all[n + i] = y[i] - shift;
      }
      int[] order =
          IntStream.range(0, 2 * n)
              .boxed()
              .sorted(Comparator.comparingDouble(i -> all[i]))
              .mapToInt(Integer::intValue)
              .toArray();
      values = new double[2 * n];
      pair = new int[2 * n];
      second = new boolean[2 * n];
      half = half(n);
      for (int i = 0; i < 2 * n; i++) {
        values[i] = all[order[i]];
        pair[i] = order[i] % n;
        second[i] = order[i] >= n;
      }
    }

    /** Difference of the lower halves' means when the pairs whose bit is set change places. */
    double difference(long swapped) {
      double sum = 0;
      int firsts = half;
      int seconds = half;
      for (int i = 0; firsts + seconds > 0; i++) {
        if (second[i] ^ (swapped >>> pair[i] & 1) == 1) {
          if (seconds > 0) {
            sum += values[i];
            seconds--;
          }
        } else if (firsts > 0) {
          sum -= values[i];
          firsts--;
        }
      }
      return sum / half;
    }
  }
}
