package org.geodex.geodesic;

import java.util.Arrays;
import org.geodex.error.InputException;

/**
 * The maximum-likelihood estimate of Levina and Bickel (2004) from the k nearest neighbours at
 * distances T₁ ≤ … ≤ T_k: m(x) = (k−1) / Σ_{j&lt;k} ln(T_k/T_j) at each row, brought together over
 * rows by one of two means.
 *
 * <p>Rows with T₁ = 0 are left out and counted.
 */
public final class DimensionMle {
  private DimensionMle() {}

  /** How the estimates of the rows are brought together. */
  public enum Average {
    /** The mean of m(x), as in the paper. */
    LEVINA_BICKEL("levina-bickel"),
    /** The inverse of the mean of 1/m(x): MacKay and Ghahramani's comment (2005), less biased. */
    MACKAY_GHAHRAMANI("mackay-ghahramani");

    private final String label;

    Average(String label) {
      this.label = label;
    }

    /** The name on the command line. */
    @Override
    public String toString() {
      return label;
    }
  }

  /**
   * @param table k ≥ 2 neighbours of each row
   * @param resamples bootstrap samples, 0 for none
   */
  public static DimensionEstimate of(
      NeighbourTable table, Average average, int resamples, long seed) {
    int k = table.k();
    double[] inverse = new double[table.n()];
    int used = 0;
    for (int i = 0; i < table.n(); i++) {
      if (table.distance(i, 0) > 0) {
        inverse[used++] = inverseEstimate(table, i, k);
      }
    }
    double[] terms = Arrays.copyOf(inverse, used);
    check(table, terms, average);
    Bootstrap.Statistic mean =
        switch (average) {
          case LEVINA_BICKEL -> counts -> mean(terms, counts, false);
          case MACKAY_GHAHRAMANI -> counts -> 1 / mean(terms, counts, true);
        };
    return Bootstrap.estimate(used, table.n() - used, mean, resamples, seed);
  }

  private static double inverseEstimate(NeighbourTable table, int i, int k) {
    double farthest = table.distance(i, k - 1);
    double sum = 0;
    for (int r = 0; r < k - 1; r++) {
      sum += Math.log(farthest / table.distance(i, r));
    }
    return sum / (k - 1);
  }

  private static void check(NeighbourTable table, double[] terms, Average average) {
    long equal = Arrays.stream(terms).filter(term -> term == 0).count();
    boolean hopeless =
        average == Average.LEVINA_BICKEL ? equal > 0 || terms.length == 0 : equal == terms.length;
    if (hopeless) {
      throw new InputException(
          "mle: of %d rows %d have a nearest neighbour at distance 0 and %d have all %d neighbours"
              + " equally near, where the estimate is infinite",
          table.n(), table.n() - terms.length, equal, table.k());
    }
  }

  private static double mean(double[] inverse, int[] counts, boolean ofInverse) {
    double sum = 0;
    double total = 0;
    for (int i = 0; i < inverse.length; i++) {
      if (counts[i] > 0) {
        sum += counts[i] * (ofInverse ? inverse[i] : 1 / inverse[i]);
        total += counts[i];
      }
    }
    return sum / total;
  }
}
