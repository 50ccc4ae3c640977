package org.geodex.benchmarks;

import org.geodex.backend.Backend;
import org.geodex.divergence.KlKnn;
import org.geodex.matrix.Matrix;

/** KL by five nearest neighbours, n = m = 10 000, 64 columns. Peer: scikit-learn. */
public class KlKnnBenchmark extends KlBenchmark {
  public KlKnnBenchmark() {
    super(Operation.KL_KNN, 10_000, 64, 2, 5);
  }

  @Override
  double divergence(Backend on, Matrix from, Matrix to) {
    return KlKnn.of(on, from, to, 5, KlKnn.Bias.FIXED_ORDER).value();
  }
}
