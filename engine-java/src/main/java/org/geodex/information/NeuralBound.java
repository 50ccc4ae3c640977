package org.geodex.information;

import java.util.List;
import java.util.random.RandomGenerator;
import org.geodex.matrix.Matrix;
import org.geodex.neural.Parameter;

/** A lower bound of mutual information with a trainable critic. */
interface NeuralBound {
  List<Parameter> parameters();

  /** Fills the gradients of −bound for one batch of pairs and returns the bound. */
  double train(Matrix x, Matrix y, RandomGenerator random);

  /** The bound on pairs that are not trained on. */
  double value(Matrix x, Matrix y);
}
