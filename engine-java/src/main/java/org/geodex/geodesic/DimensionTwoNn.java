package org.geodex.geodesic;

import java.util.Arrays;
import org.geodex.error.InputException;

/**
 * TwoNN (Facco, d'Errico, Rodriguez, Laio 2017): the ratio μ = r₂/r₁ of the distances to the second
 * and the first neighbour has the distribution F(μ) = 1 − μ^−d, whatever the density. The slope of
 * −ln(1 − Fᵢ) over ln μ₍ᵢ₎ with Fᵢ = i/N, through the origin, is the dimension. The largest ratios,
 * by default a tenth, are left out of the fit: they are where the data is least uniform.
 *
 * <p>Rows with a copy, r₁ = 0 or at most a distance that is given for rounding, are left out and
 * counted. Exact to rounding; the order of rows does not matter.
 */
public final class DimensionTwoNn {
  /** The share of ratios that the paper discards. */
  public static final double DISCARD = 0.1;

  private DimensionTwoNn() {}

  /**
   * @param table at least two neighbours of each row
   * @param rounding the largest distance of rows that are copies of one another
   * @param discard share of the largest ratios to leave out, in [0, 1)
   * @param resamples bootstrap samples, 0 for none
   */
  public static DimensionEstimate of(
      NeighbourTable table, double rounding, double discard, int resamples, long seed) {
    double[] logRatios = new double[table.n()];
    int used = 0;
    for (int i = 0; i < table.n(); i++) {
      double first = table.distance(i, 0);
      if (first > rounding) {
        logRatios[used++] = Math.log(table.distance(i, 1) / first);
      }
    }
    double[] sorted = Arrays.copyOf(logRatios, used);
    Arrays.sort(sorted);
    int kept = kept(used, discard);
    if (used > 1 && kept == 0) {
      throw new InputException(
          "twonn: without a share of %s of them, none of %d ratios is left", discard, used);
    }
    if (kept == 0 || sorted[kept - 1] == 0) {
      throw new InputException(
          "twonn: %d of %d rows have a copy for nearest neighbour and the rest of the fit two equally"
              + " near ones, so that no ratio tells a dimension",
          table.n() - used, table.n());
    }
    return Bootstrap.estimate(
        used, table.n() - used, counts -> slope(sorted, counts, discard), resamples, seed);
  }

  private static double slope(double[] sorted, int[] counts, double discard) {
    int total = Arrays.stream(counts).sum();
    int last = kept(total, discard);
    double xy = 0;
    double xx = 0;
    int rank = 0;
    for (int i = 0; i < sorted.length && rank < last; i++) {
      for (int c = 0; c < counts[i] && rank < last; c++) {
        rank++;
        double y = -Math.log1p(-(double) rank / total);
        xy += sorted[i] * y;
        xx += sorted[i] * sorted[i];
      }
    }
    return xx == 0 ? Double.POSITIVE_INFINITY : xy / xx;
  }

  /** How many ratios, smallest first, the fit takes. */
  private static int kept(int total, double discard) {
    // The share may be a rounding below its product. A rank of N has F = 1, infinitely far up the
    // line: it is never part of the fit.
    return Math.clamp((long) Math.floor((1 - discard) * total + 1e-9), 0, Math.max(0, total - 1));
  }
}
