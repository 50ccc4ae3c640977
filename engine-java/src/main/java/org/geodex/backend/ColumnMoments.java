package org.geodex.backend;

/**
 * First and second moments of each column.
 *
 * @param n rows
 * @param means d column means
 * @param squares d sums of squared deviations from the mean, not divided by anything
 */
@SuppressWarnings("ArrayRecordComponent")
public record ColumnMoments(long n, double[] means, double[] squares) {

  /** Variance of column {@code j} with the divisor n − 1. */
  public double variance(int j) {
    return squares[j] / (n - 1);
  }

  /** Variance of column {@code j} with the divisor n. */
  public double populationVariance(int j) {
    return squares[j] / n;
  }
}
