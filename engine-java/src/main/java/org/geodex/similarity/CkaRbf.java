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
    return result(backend, xs).table();
  }

  /**
   * The similarities of all pairs and the σ of each matrix.
   *
   * @param table [a][b] = similarity of matrices a and b
   * @param bandwidths σ used for each matrix
   */
  public record Result(double[][] table, double[] bandwidths) {}

  /** {@link #table} with the bandwidths used. */
  public Result result(Backend backend, List<? extends Matrix> xs) {
    int n = Rows.check(xs, 3, "cka-rbf");
    Pairs.Gaussian kernel = new Pairs.Gaussian(sigma, scale);
    Pairs.Sums sums = backend.pairs().sums(xs, kernel);
    for (int a = 0; a < xs.size(); a++) {
      if (sums.bandwidths()[a] == 0) {
        throw new InputException(
            "cka-rbf: half of the distances in matrix %d are zero, so the median gives no"
                + " bandwidth; set --sigma",
            a + 1);
      }
    }
    double[][] hsic = PairProducts.centred(sums, n);
    for (int a = 0; a < xs.size(); a++) {
      Rows.checkVaries(hsic[a][a], sums.products()[a][a], a, "cka-rbf");
    }
    return new Result(Rows.cosines(hsic), sums.bandwidths());
  }
}
