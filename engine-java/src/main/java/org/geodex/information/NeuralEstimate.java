package org.geodex.information;

import java.util.List;

/**
 * A lower bound found by training.
 *
 * @param value nats, on rows that neither trained the critic nor chose when to stop
 * @param best the epoch whose critic gave it, from 0
 * @param curve one entry an epoch
 */
public record NeuralEstimate(double value, int best, List<Epoch> curve) {
  public NeuralEstimate {
    curve = List.copyOf(curve);
  }

  /**
   * One pass over the training rows.
   *
   * @param training mean bound over the batches
   * @param validation bound on the rows that choose when to stop
   */
  public record Epoch(double training, double validation) {}
}
