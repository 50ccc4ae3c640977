package org.geodex.information;

import java.util.Arrays;

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

  /**
   * The estimates of several pairings; an estimator that can share work among them does.
   *
   * @param pairings as for {@link #value}
   */
  default double[] values(int[][] pairings) {
    return Arrays.stream(pairings).mapToDouble(this::value).toArray();
  }

  @Override
  default void close() {}
}
