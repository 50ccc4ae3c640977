package org.geodex.similarity;

import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.backend.Pairs;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;

/**
 * Centred kernel alignment with Gaussian kernels K(i,j) = exp(−‖xᵢ − xⱼ‖²/(2σ²)), by the biased
 * HSIC ⟨HKH, HLH⟩ with H = I − 1/n; between 0 and 1.
 *
 * <p>σ is {@code scale} times the median of the n(n−1)/2 distances between different rows, taken
 * for each matrix by itself, or one given σ for both. (The published notebook takes the median over
 * all n² entries, zeros of the diagonal included, which is a little smaller.)
 *
 * <p>Source: Kornblith et al., ICML 2019, section 3 and eq. 3. Memory: pairs are streamed in tiles.
 */
public final class CkaRbf implements Similarity {
  private final double sigma;
  private final double scale;

  /** σ = the median distance. */
  public CkaRbf() {
    this(Double.NaN, 1);
  }

  /**
   * A fixed σ, or {@code scale} times the median when it is NaN.
   *
   * @throws UsageException when either is not positive
   */
  public CkaRbf(double sigma, double scale) {
    if (sigma <= 0 || Double.isInfinite(sigma)) {
      throw new UsageException("--sigma %s: expected a positive number", sigma);
    }
    if (!(scale > 0) || Double.isInfinite(scale)) {
      throw new UsageException("--sigma-scale %s: expected a positive number", scale);
    }
    this.sigma = sigma;
    this.scale = scale;
  }

  @Override
  public double[][] table(Backend backend, List<? extends Matrix> xs) {
    int n = Rows.check(xs, 3, "cka-rbf");
    double[] bandwidths = bandwidths(backend, xs);
    Pairs.Sums sums = backend.pairs().sums(xs, Pairs.Kernel.GAUSSIAN, bandwidths);
    double[][] hsic = PairProducts.centred(sums, n, 1);
    for (int a = 0; a < xs.size(); a++) {
      Rows.checkVaries(hsic[a][a], (double) n * n, a, "cka-rbf");
    }
    return Rows.cosines(hsic);
  }

  /** The σ used for each matrix. */
  public double[] bandwidths(Backend backend, List<? extends Matrix> xs) {
    double[] bandwidths = new double[xs.size()];
    for (int a = 0; a < bandwidths.length; a++) {
      bandwidths[a] =
          Double.isNaN(sigma) ? scale * backend.pairs().medianDistance(xs.get(a)) : sigma;
      if (bandwidths[a] == 0) {
        throw new InputException(
            "cka-rbf: half of the distances in matrix %d are zero, so the median gives no"
                + " bandwidth; set --sigma",
            a + 1);
      }
    }
    return bandwidths;
  }
}
