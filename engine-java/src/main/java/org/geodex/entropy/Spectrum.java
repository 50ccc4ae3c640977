package org.geodex.entropy;

/** Entropies of a spectrum, that is of weights w ≥ 0 taken as probabilities p = w / Σw. */
public final class Spectrum {
  private Spectrum() {}

  /**
   * Shannon entropy −Σ p ln p in nats, with 0·ln 0 = 0. Of eigenvalues this is the von Neumann
   * entropy.
   */
  public static double entropy(double[] weights) {
    double sum = sum(weights);
    double entropy = 0;
    for (double w : weights) {
      double p = w / sum;
      if (p > 0) {
        entropy -= p * Math.log(p);
      }
    }
    return entropy;
  }

  /**
   * Rényi entropy ln(Σ p^α) / (1 − α) in nats; α = 1 is its limit, {@link #entropy}; α = ∞ is −ln
   * max p; α = 0 counts the p above 1e-12 of the largest.
   */
  public static double renyi(double[] weights, double alpha) {
    double sum = sum(weights);
    double largest = 0;
    for (double w : weights) {
      largest = Math.max(largest, w / sum);
    }
    if (alpha == 1) {
      return entropy(weights);
    }
    if (Double.isInfinite(alpha)) {
      return -Math.log(largest);
    }
    double power = 0;
    for (double w : weights) {
      double p = w / sum;
      if (p > (alpha == 0 ? 1e-12 * largest : 0)) {
        power += Math.pow(p / largest, alpha);
      }
    }
    return (Math.log(power) + alpha * Math.log(largest)) / (1 - alpha);
  }

  private static double sum(double[] weights) {
    double sum = 0;
    for (double w : weights) {
      sum += w;
    }
    return sum;
  }
}
