package org.geodex.statistics;

import java.util.SplittableRandom;

/**
 * Permutation tests, two-sided, p = (1 + #{|statistic of a draw| ≥ |statistic|}) / (1 + draws), so
 * never 0; where no more arrangements exist than draws asked for, all are gone through and p is
 * exact.
 *
 * <p>Source: Phipson, Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010).
 *
 * @param draws random arrangements, at least 1
 * @param seed of the arrangements
 */
public record PermutationTest(int draws, long seed) {
  /** Ties up to rounding count as reached. */
  private static final double SLACK = 1e-12;

  private static final int MOST_EXACT = 30;

  public PermutationTest {
    if (draws < 1) {
      throw new IllegalArgumentException("draws " + draws);
    }
  }

  /** Paired samples: is the mean difference zero? Signs of the differences are flipped. */
  public double paired(double[] a, double[] b) {
    double[] differences = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      differences[i] = a[i] - b[i];
    }
    double observed = Math.abs(sum(differences));
    if (a.length <= MOST_EXACT && 1L << a.length <= draws) {
      return exactSigns(differences, observed);
    }
    SplittableRandom random = new SplittableRandom(seed);
    int reached = 0;
    for (int draw = 0; draw < draws; draw++) {
      double sum = 0;
      for (double difference : differences) {
        sum += random.nextBoolean() ? difference : -difference;
      }
      reached += reaches(sum, observed) ? 1 : 0;
    }
    return (1.0 + reached) / (1.0 + draws);
  }

  private static double exactSigns(double[] differences, double observed) {
    long arrangements = 1L << differences.length;
    long reached = 0;
    for (long signs = 0; signs < arrangements; signs++) {
      reached += reaches(sum(differences, signs), observed) ? 1 : 0;
    }
    return (double) reached / arrangements;
  }

  private static double sum(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  /** Sum with a plus where the bit of {@code signs} is set. */
  private static double sum(double[] values, long signs) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += (signs >>> i & 1) == 1 ? values[i] : -values[i];
    }
    return sum;
  }

  /** Independent samples: are the means equal? Values change sides. */
  public double unpaired(double[] a, double[] b) {
    double[] pooled = new double[a.length + b.length];
    System.arraycopy(a, 0, pooled, 0, a.length);
    System.arraycopy(b, 0, pooled, a.length, b.length);
    double observed = Math.abs(meanDifference(pooled, a.length));
    SplittableRandom random = new SplittableRandom(seed);
    int reached = 0;
    for (int draw = 0; draw < draws; draw++) {
      for (int i = 0; i < a.length; i++) {
        int j = i + random.nextInt(pooled.length - i);
        double held = pooled[i];
        pooled[i] = pooled[j];
        pooled[j] = held;
      }
      reached += reaches(meanDifference(pooled, a.length), observed) ? 1 : 0;
    }
    return (1.0 + reached) / (1.0 + draws);
  }

  private static double meanDifference(double[] pooled, int first) {
    double left = 0;
    double right = 0;
    for (int i = 0; i < pooled.length; i++) {
      if (i < first) {
        left += pooled[i];
      } else {
        right += pooled[i];
      }
    }
    return left / first - right / (pooled.length - first);
  }

  private static boolean reaches(double drawn, double observed) {
    return Math.abs(drawn) >= observed * (1 - SLACK);
  }
}
