package org.geodex.similarity;

import org.geodex.backend.Pairs;

/** Inner products of centred n×n kernel matrices from their row sums and products alone. */
final class PairProducts {
  private PairProducts() {}

  /** ⟨HKH, HLH⟩ = Σ K·L − 2/n Σᵢ kᵢlᵢ + k·l/n², sums over all n² pairs, k and l the row sums. */
  static double[][] centred(Pairs.Sums sums, int n) {
    int count = sums.rows().length;
    double[][] products = new double[count][count];
    for (int a = 0; a < count; a++) {
      for (int b = 0; b < count; b++) {
        double cross = 0;
        double totalA = 0;
        double totalB = 0;
        for (int i = 0; i < n; i++) {
          double ka = sums.rows()[a][i];
          double kb = sums.rows()[b][i];
          cross += ka * kb;
          totalA += ka;
          totalB += kb;
        }
        products[a][b] = 2 * sums.products()[a][b] - 2 * cross / n + totalA / n * (totalB / n);
      }
    }
    return products;
  }

  /**
   * The same without bias (U-centred, diagonal left out), over n(n−3): Székely, Rizzo, J. Multiv.
   * Anal. 117 (2013), eq. 2.9; for kernels it is HSIC₁ of Song et al.
   */
  static double[][] unbiased(Pairs.Sums sums, int n) {
    int count = sums.rows().length;
    double[][] products = new double[count][count];
    for (int a = 0; a < count; a++) {
      for (int b = 0; b < count; b++) {
        double cross = 0;
        double totalA = 0;
        double totalB = 0;
        for (int i = 0; i < n; i++) {
          cross += sums.rows()[a][i] * sums.rows()[b][i];
          totalA += sums.rows()[a][i];
          totalB += sums.rows()[b][i];
        }
        double sum =
            2 * sums.products()[a][b]
                - 2 * cross / (n - 2.0)
                + totalA * totalB / ((n - 1.0) * (n - 2.0));
        products[a][b] = sum / ((double) n * (n - 3.0));
      }
    }
    return products;
  }
}
