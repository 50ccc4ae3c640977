package org.geodex.similarity;

import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/**
 * Centred kernel alignment of linear kernels with the unbiased estimator of HSIC, so that unrelated
 * representations score 0 on average whatever their width. With K̃ the Gram matrix without its
 * diagonal,
 *
 * <pre>HSIC₁(K,L) = [tr(K̃L̃) + (1ᵀK̃1)(1ᵀL̃1)/((n−1)(n−2)) − 2/(n−2)·1ᵀK̃L̃1] / (n(n−3))</pre>
 *
 * and the value is HSIC₁(K,L)/√(HSIC₁(K,K)·HSIC₁(L,L)); it can be negative. Needs n ≥ 4.
 *
 * <p>Source: Song et al., JMLR 13 (2012), eq. 5; Nguyen, Raghu, Kornblith, ICLR 2021. Computed from
 * the features: for centred rows K̃1 = −(‖x₁‖², …), so no n×n matrix is needed.
 */
public final class CkaDebiased implements Similarity {

  @Override
  public double[][] table(Backend backend, List<? extends Matrix> xs) {
    return table(backend, xs, null);
  }

  /**
   * The table.
   *
   * @param self ‖XᵀX‖² of the centred rows of every representation where the caller has its {@link
   *     org.geodex.entropy.SecondMoment}, or null. With fewer rows than columns it is not used: the
   *     Gram matrices are needed whole
   */
  public double[][] table(Backend backend, List<? extends Matrix> xs, double[] self) {
    double n = Rows.check(xs, 4, "cka-debiased");
    LinearProducts linear = LinearProducts.of(backend, xs, self);
    linear.checkVaries("cka-debiased");
    int count = xs.size();
    double[][] hsic = new double[count][count];
    for (int a = 0; a < count; a++) {
      for (int b = 0; b < count; b++) {
        double diagonal = linear.diagonalProduct(a, b);
        hsic[a][b] =
            linear.products()[a][b]
                - diagonal
                + linear.trace(a) * linear.trace(b) / ((n - 1) * (n - 2))
                - 2 / (n - 2) * diagonal;
      }
    }
    for (int a = 0; a < count; a++) {
      if (!(hsic[a][a] > 0)) {
        throw new InputException(
            "cka-debiased is not defined: the unbiased self term of matrix %d is %.3g, not"
                + " positive; more rows are needed",
            a + 1, hsic[a][a]);
      }
    }
    return Rows.cosines(hsic);
  }
}
