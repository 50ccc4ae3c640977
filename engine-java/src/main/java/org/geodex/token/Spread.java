package org.geodex.token;

import java.util.Arrays;
import org.geodex.error.InputException;

/**
 * How evenly a nonnegative quantity is spread over tokens.
 *
 * @param gini Gini coefficient, 0 when all are equal, (n − 1)/n when one has all
 * @param effectiveNumber exp of the Shannon entropy of the shares, between 1 and n
 * @param effectiveShare the effective number over n
 */
public record Spread(double gini, double effectiveNumber, double effectiveShare) {

  /**
   * Spread of values ≥ 0, not all zero. Gini = Σ (2i − n − 1)·x₍ᵢ₎ / (n·Σx) over the ascending
   * values.
   *
   * @throws InputException when a value is negative or all are zero
   */
  public static Spread of(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    double sum = Arrays.stream(sorted).sum();
    if (n == 0 || sorted[0] < 0 || !(sum > 0)) {
      throw new InputException("nothing to be spread: %d values sum to %s", n, sum);
    }
    double weighted = 0;
    double entropy = 0;
    for (int i = 0; i < n; i++) {
      weighted += (2.0 * (i + 1) - n - 1) * sorted[i];
      double p = sorted[i] / sum;
      entropy -= p > 0 ? p * Math.log(p) : 0;
    }
    double effective = Math.exp(entropy);
    return new Spread(weighted / (n * sum), effective, effective / n);
  }
}
