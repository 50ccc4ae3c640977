package org.geodex.similarity;

import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.backend.Pairs;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/**
 * Distance correlation: with A, B the double-centred matrices of euclidean distances, dCov² = Σ
 * A·B/n² and
 *
 * <pre>dCor = √(dCov²(x,y) / √(dCov²(x,x)·dCov²(y,y)))</pre>
 *
 * between 0 and 1; 0 in the limit only for independent x and y. The unbiased form (U-centred, n ≥
 * 4) estimates dCor², averages 0 for independent samples, and can be negative; it is returned
 * without a root, as {@code energy::bcdcor} and {@code dcor.u_distance_correlation_sqr} do.
 *
 * <p>Source: Székely, Rizzo, Bakirov, Ann. Statist. 35 (2007), definitions 4–5; Székely, Rizzo, J.
 * Multiv. Anal. 117 (2013). Nothing of size n² is kept: one pass over the pairs in tiles.
 */
public final class DistanceCorrelation implements Similarity {
  private final boolean unbiased;

  public DistanceCorrelation(boolean unbiased) {
    this.unbiased = unbiased;
  }

  @Override
  public double[][] table(Backend backend, List<? extends Matrix> xs) {
    int n = Rows.check(xs, unbiased ? 4 : 2, "distance-correlation");
    Pairs.Sums sums = backend.pairs().sums(xs, new Pairs.Distance());
    double[][] biased = PairProducts.centred(sums, n);
    for (int a = 0; a < xs.size(); a++) {
      Rows.checkVaries(biased[a][a], sums.products()[a][a], a, "distance-correlation");
      if (sums.products()[a][a] == 0) {
        throw new InputException(
            "distance-correlation is not defined: the rows of matrix %d are all equal", a + 1);
      }
    }
    return unbiased ? unbiasedCosines(sums, n) : roots(Rows.cosines(biased));
  }

  private static double[][] unbiasedCosines(Pairs.Sums sums, int n) {
    double[][] products = PairProducts.unbiased(sums, n);
    for (int a = 0; a < products.length; a++) {
      if (!(products[a][a] > 0)) {
        throw new InputException(
            "unbiased distance-correlation is not defined: the unbiased variance of matrix %d is"
                + " %.3g, not positive; more rows are needed",
            a + 1, products[a][a]);
      }
    }
    return Rows.cosines(products);
  }

  /** dCov² of biased form is ≥ 0 up to rounding. */
  private static double[][] roots(double[][] squared) {
    for (double[] row : squared) {
      for (int b = 0; b < row.length; b++) {
        row[b] = Math.sqrt(Math.max(0, row[b]));
      }
    }
    return squared;
  }
}
