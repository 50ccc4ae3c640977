package org.geodex.similarity;

import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/**
 * Centred kernel alignment of linear kernels: ‖YᵀX‖² / (‖XᵀX‖·‖YᵀY‖) of centred columns, Frobenius
 * norms; between 0 and 1, unchanged by rotations, shifts and a common scale of either side.
 *
 * <p>It is biased upwards when n is not large against the dimensions; {@link CkaDebiased} is not.
 *
 * <p>Source: Kornblith, Norouzi, Lee, Hinton, ICML 2019, eq. 3. Precision: f64 sums of f32 data. By
 * the features' cross moments, O(n·dx·dy), or by the n×n Gram matrices when n is under half of dx +
 * dy.
 */
public final class CkaLinear implements Similarity {

  @Override
  public double[][] table(Backend backend, List<? extends Matrix> xs) {
    Rows.check(xs, 2, "cka");
    LinearProducts products = LinearProducts.of(backend, xs);
    products.checkVaries("cka");
    return Rows.cosines(products.products());
  }
}
