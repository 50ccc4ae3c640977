package org.geodex.model;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.geodex.error.UsageException;

/**
 * How the next token is chosen from its logits.
 *
 * @param temperature divides the logits; 0 takes the largest, the lower id of two equal ones
 * @param topK draw from the K most likely tokens; 0 for all
 * @param topP draw from the fewest most likely tokens whose probabilities reach P of what top-k
 *     leaves; 1 for all
 */
public record Sampling(double temperature, int topK, double topP) {
  public static final Sampling GREEDY = new Sampling(0, 0, 1);

  public Sampling {
    if (!(temperature >= 0) || Double.isInfinite(temperature)) {
      throw new UsageException("temperature %s: expected 0 or more", temperature);
    }
    if (topK < 0) {
      throw new UsageException("top-k %d: expected 0 or more", topK);
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new UsageException("top-p %s: expected more than 0, at most 1", topP);
    }
  }

  public boolean isGreedy() {
    return temperature == 0;
  }

  /** Chooses a token. The logits are overwritten. */
  int choose(double[] logits, SplittableRandom random) {
    int best = argmax(logits);
    if (isGreedy()) {
      return best;
    }
    double largest = logits[best];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = Math.exp((logits[i] - largest) / temperature);
    }
    truncate(logits);
    double sum = 0;
    for (double weight : logits) {
      sum += weight;
    }
    double draw = random.nextDouble() * sum;
    int last = best;
    for (int i = 0; i < logits.length; i++) {
      if (logits[i] > 0) {
        last = i;
        draw -= logits[i];
        if (draw < 0) {
          return i;
        }
      }
    }
    return last;
  }

  /**
   * Sets the weights of the tokens outside top-k and top-p to 0; of equal ones the lower id stays.
   */
  private void truncate(double[] weights) {
    boolean limited = (topK > 0 && topK < weights.length) || topP < 1;
    if (!limited) {
      return;
    }
    Integer[] order = new Integer[weights.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Double.compare(weights[b], weights[a]));
    int kept = topK > 0 ? Math.min(topK, order.length) : order.length;
    double total = 0; // of what top-k leaves, as in transformers
    for (int i = 0; i < kept; i++) {
      total += weights[order[i]];
    }
    double reached = 0;
    int nucleus = 0;
    while (nucleus < kept && reached < topP * total) {
      reached += weights[order[nucleus++]];
    }
    for (int i = Math.max(1, nucleus); i < order.length; i++) {
      weights[order[i]] = 0;
    }
  }

  static int argmax(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      if (values[i] > values[best]) {
        best = i;
      }
    }
    return best;
  }
}
