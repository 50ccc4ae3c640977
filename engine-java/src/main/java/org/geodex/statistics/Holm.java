package org.geodex.statistics;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Holm's step-down correction for m tests: the i-th smallest p-value times m − i (from 0), made
 * monotone and at most 1. Controls the chance of any false rejection, for dependent tests too.
 *
 * <p>Source: Holm, Scand. J. Statist. 6 (1979).
 */
public final class Holm {
  private Holm() {}

  /** Adjusted p-values in the order of the input. */
  public static double[] adjust(double[] p) {
    int[] order =
        IntStream.range(0, p.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> p[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    double[] adjusted = new double[p.length];
    double largest = 0;
    for (int rank = 0; rank < p.length; rank++) {
      largest = Math.max(largest, Math.min(1, (p.length - rank) * p[order[rank]]));
      adjusted[order[rank]] = largest;
    }
    return adjusted;
  }
}
