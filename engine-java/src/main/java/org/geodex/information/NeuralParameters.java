package org.geodex.information;

import java.util.Arrays;
import org.geodex.error.UsageException;

/**
 * How the neural estimators train.
 *
 * @param hidden widths of the critic's hidden layers
 * @param batch pairs in a step
 * @param epochs passes over the training rows at most
 * @param patience epochs without a better validation value before it stops
 * @param rate AdamW's step
 * @param decay AdamW's weight decay
 * @param clip largest gradient norm
 * @param memory weight of the past in MINE's moving average of E[exp T]
 * @param seed of weights, split and batches
 */
@SuppressWarnings("ArrayRecordComponent")
public record NeuralParameters(
    int[] hidden,
    int batch,
    int epochs,
    int patience,
    double rate,
    double decay,
    double clip,
    double memory,
    long seed) {

  public NeuralParameters {
    if (hidden.length == 0 || Arrays.stream(hidden).anyMatch(width -> width < 1)) {
      throw new UsageException("--hidden: expected widths such as 128,64");
    }
    if (batch < 2) {
      throw new UsageException("--batch %d: expected at least 2", batch);
    }
    if (epochs < 1) {
      throw new UsageException("--epochs %d: expected at least 1", epochs);
    }
    if (!(rate > 0)) {
      throw new UsageException("--learning-rate %s: expected more than 0", rate);
    }
  }

  /** Two hidden layers of 128 and 64, batches of 256, at most 300 epochs, patience 20. */
  public static NeuralParameters defaults(long seed) {
    return new NeuralParameters(new int[] {128, 64}, 256, 300, 20, 1e-3, 1e-4, 5, 0.99, seed);
  }
}
