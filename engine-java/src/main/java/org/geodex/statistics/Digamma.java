package org.geodex.statistics;

/** ψ at the positive integers, f64: ψ(1) = −γ, ψ(n + 1) = ψ(n) + 1/n. */
public final class Digamma {
  /** Euler's constant. */
  private static final double GAMMA = 0.57721566490153286060651209008240243;

  private final double[] values;

  /** Tabulates ψ(1) … ψ(largest). */
  public Digamma(int largest) {
    values = new double[largest + 1];
    values[0] = Double.NEGATIVE_INFINITY;
    double sum = -GAMMA;
    double lost = 0;
    for (int n = 1; n <= largest; n++) {
      values[n] = sum;
      // Kahan: a million terms would otherwise lose four digits.
      double term = 1.0 / n - lost;
      double next = sum + term;
      lost = (next - sum) - term;
      sum = next;
    }
  }

  public double at(int n) {
    return values[n];
  }
}
