package org.geodex.benchmarks;

import org.geodex.backend.Backend;
import org.geodex.divergence.KlGaussianFull;
import org.geodex.divergence.Shrinkage;
import org.geodex.matrix.Matrix;

/** KL of full Gaussians fitted to 8192 x 768 rows each, from the rows on. Peer: NumPy. */
public class KlGaussianFullBenchmark extends KlBenchmark {
  public KlGaussianFullBenchmark() {
    super(Operation.KL_GAUSSIAN_FULL, 8192, 768, 20, 100);
  }

  @Override
  double divergence(Backend on, Matrix from, Matrix to) {
    return KlGaussianFull.of(on, from, to, Shrinkage.NONE);
  }
}
