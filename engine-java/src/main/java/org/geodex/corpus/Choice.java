package org.geodex.corpus;

/** A distribution over 0, 1, …, n−1 with the information of each outcome. */
final class Choice {
  private static final Choice[] ZIPF = new Choice[64];

  private final double[] cumulative;
  private final double[] nats;

  private Choice(double[] weights) {
    double sum = 0;
    for (double weight : weights) {
      sum += weight;
    }
    cumulative = new double[weights.length];
    nats = new double[weights.length];
    double below = 0;
    for (int i = 0; i < weights.length; i++) {
      below += weights[i] / sum;
      cumulative[i] = below;
      nats[i] = -Math.log(weights[i] / sum);
    }
  }

  /** Outcome i with probability proportional to {@code weights[i]}. */
  static Choice of(double... weights) {
    return new Choice(weights);
  }

  /** Outcome i with probability proportional to 1/(i + 1.5). */
  static Choice zipf(int n) {
    Choice known = ZIPF[n];
    if (known == null) {
      double[] weights = new double[n];
      for (int i = 0; i < n; i++) {
        weights[i] = 1 / (i + 1.5);
      }
      known = new Choice(weights);
      ZIPF[n] = known; // Two threads may both get here; their values are equal.
    }
    return known;
  }

  /** The outcome of a uniform number in [0, 1). */
  int outcome(double uniform) {
    int last = cumulative.length - 1;
    for (int i = 0; i < last; i++) {
      if (uniform < cumulative[i]) {
        return i;
      }
    }
    return last;
  }

  /** −ln p of an outcome. */
  double nats(int outcome) {
    return nats[outcome];
  }
}
