package org.geodex.statistics;

import java.util.Arrays;

/** Standard errors from leaving out one block of the data at a time (Efron and Stein 1981). */
public final class Jackknife {
  private Jackknife() {}

  /**
   * √((g − 1)/g · Σ(θ₍ᵦ₎ − θ̄)²) over g blocks of about equal size.
   *
   * @param without the figure with block b left out
   * @return NaN for fewer than three blocks
   */
  public static double standardError(double... without) {
    int g = without.length;
    if (g < 3) {
      return Double.NaN;
    }
    double mean = Arrays.stream(without).average().orElseThrow();
    double sum = Arrays.stream(without).map(v -> (v - mean) * (v - mean)).sum();
    return Math.sqrt((g - 1.0) / g * sum);
  }

  /**
   * Ends of at most {@code most} blocks of whole units, as equal in rows as the units allow.
   *
   * @param lengths rows of each unit (document), in order
   * @return block b is rows bounds[b] … bounds[b + 1] − 1; fewer blocks than asked where units are
   *     few
   */
  public static long[] bounds(long[] lengths, int most) {
    long total = Arrays.stream(lengths).sum();
    int blocks = Math.min(most, lengths.length);
    long[] bounds = new long[blocks + 1];
    long rows = 0;
    int b = 1;
    for (int unit = 0; unit < lengths.length; unit++) {
      rows += lengths[unit];
      boolean full = rows >= b * total / (double) blocks;
      boolean unitsRunOut = lengths.length - 1 - unit == blocks - b;
      if (b < blocks && (full || unitsRunOut)) {
        bounds[b++] = rows;
      }
    }
    bounds[blocks] = total;
    return bounds;
  }
}
