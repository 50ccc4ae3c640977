package org.geodex.information;

import java.util.List;
import org.geodex.matrix.Matrix;
import org.geodex.neural.Parameter;

/** A lower bound of mutual information with a trainable critic. */
interface NeuralBound {
  List<Parameter> parameters();

  /**
   * Fills the gradients of −bound for one batch of pairs in random order. It only enqueues, so that
   * a device can record it.
   *
   * @param bound [1,1], overwritten, nats
   */
  void train(Matrix x, Matrix y, Matrix bound);

  /** The bound on pairs that are not trained on. */
  double value(Matrix x, Matrix y);
}
