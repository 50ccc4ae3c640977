package org.geodex.geodesic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.geodex.error.InputException;

/**
 * GRIDE (Denti, Doimo, Laio, Mira 2022): the dimension that maximizes the likelihood of the ratios
 * μ = r₍ₙ₂₎/r₍ₙ₁₎ of the distances to neighbours of rank n₁ and n₂ = 2n₁. Growing ranks look at the
 * data at growing scales, where noise weighs less and curvature more; n₁ = 1 is the likelihood form
 * of TwoNN.
 *
 * <p>d solves N/d + (n₂−n₁−1)·Σ ln μ/(1 − μ^−d) = (n₂−1)·Σ ln μ. Rows with r₍ₙ₁₎ = 0 are left out
 * and counted. Where every ratio is 1 a scale has no dimension, NaN.
 */
public final class DimensionGride {
  private static final int MAX_ITERATIONS = 100;

  private DimensionGride() {}

  /**
   * One scale.
   *
   * @param n1 rank of the nearer neighbour
   * @param n2 rank of the farther neighbour
   * @param distance mean distance of the neighbours of rank n₂: the scale in the unit of the data
   */
  public record Scale(int n1, int n2, double distance, DimensionEstimate estimate) {
    /**
     * This scale.
     *
     * @throws InputException where it has no dimension
     */
    public Scale defined() {
      if (Double.isNaN(estimate.value())) {
        throw new InputException(
            "gride: at n1 = %d, %d of %d rows have neighbours at distance 0 and the rest have"
                + " equally near ones, so that no ratio tells a dimension",
            n1, estimate.zeroDistances(), estimate.zeroDistances() + estimate.used());
      }
      return this;
    }
  }

  /**
   * The scales n₁ = 1, 2, 4 … that {@code table} has enough neighbours for.
   *
   * @throws InputException when none of them has a dimension
   */
  public static List<Scale> of(NeighbourTable table, int resamples, long seed) {
    List<Scale> scales = new ArrayList<>();
    for (int n1 = 1; 2 * n1 <= table.k(); n1 *= 2) {
      scales.add(scale(table, n1, resamples, seed));
    }
    if (scales.stream().allMatch(scale -> Double.isNaN(scale.estimate().value()))) {
      scales.forEach(Scale::defined);
    }
    return scales;
  }

  private static Scale scale(NeighbourTable table, int n1, int resamples, long seed) {
    int n2 = 2 * n1;
    double[] logRatios = new double[table.n()];
    int used = 0;
    double sum = 0;
    for (int i = 0; i < table.n(); i++) {
      double near = table.distance(i, n1 - 1);
      double far = table.distance(i, n2 - 1);
      sum += far;
      if (near > 0) {
        logRatios[used++] = Math.log(far / near);
      }
    }
    double[] terms = Arrays.copyOf(logRatios, used);
    int copies = table.n() - used;
    DimensionEstimate estimate =
        Arrays.stream(terms).sum() == 0
            ? new DimensionEstimate(Double.NaN, Double.NaN, Double.NaN, used, copies)
            : Bootstrap.estimate(
                used, copies, counts -> maximize(terms, counts, n1, n2), resamples, seed);
    return new Scale(n1, n2, sum / table.n(), estimate);
  }

  /**
   * Newton's method on the score, which falls and is convex in d: from its left it never
   * overshoots.
   */
  private static double maximize(double[] logRatios, int[] counts, int n1, int n2) {
    double total = 0;
    double sum = 0;
    for (int i = 0; i < logRatios.length; i++) {
      total += counts[i];
      sum += counts[i] * logRatios[i];
    }
    if (n2 - n1 == 1) {
      return total / sum;
    }
    double d = total / ((n2 - 1) * sum);
    for (int iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
      double score = total / d - (n2 - 1) * sum;
      double slope = -total / (d * d);
      for (int i = 0; i < logRatios.length; i++) {
        if (counts[i] > 0) {
          double l = logRatios[i];
          double open = -Math.expm1(-d * l);
          double weight = (double) counts[i] * (n2 - n1 - 1);
          // ln μ/(1 − μ^−d) tends to 1/d where μ tends to 1.
          score += weight * (d * l < 1e-9 ? 1 / d : l / open);
          slope -= weight * (d * l < 1e-9 ? 0.5 / (d * d) : l * l * (1 - open) / (open * open));
        }
      }
      double step = score / slope;
      d = d - step > 0 ? d - step : d / 2;
      if (Math.abs(step) <= 1e-12 * d) {
        break;
      }
    }
    return d;
  }
}
