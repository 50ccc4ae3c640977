package org.geodex.information;

/**
 * A mutual-information estimator that has taken in x and y and can pair their rows anew. What does
 * not depend on the pairing (neighbour graphs, distances, kernels, marginal entropies) is computed
 * once.
 */
public interface PairedEstimator extends AutoCloseable {

  /**
   * The estimate in nats.
   *
   * @param pairing the row of y that goes with row i of x; null for i itself
   */
  double value(int[] pairing);

  @Override
  default void close() {}
}
