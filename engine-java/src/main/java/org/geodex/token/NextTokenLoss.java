package org.geodex.token;

import org.geodex.matrix.Matrix;

/** Cross-entropy of the next token, −ln softmax(logits)[token], in nats. */
public final class NextTokenLoss {
  private NextTokenLoss() {}

  /** Loss of one token from row {@code row} of logits [rows, vocabulary]. */
  public static double of(Matrix logits, long row, int token) {
    double[] values = new double[logits.columns()];
    logits.copyRow(row, values);
    double largest = Double.NEGATIVE_INFINITY;
    for (double value : values) {
      largest = Math.max(largest, value);
    }
    double sum = 0;
    for (double value : values) {
      sum += Math.exp(value - largest);
    }
    return Math.log(sum) + largest - values[token];
  }
}
