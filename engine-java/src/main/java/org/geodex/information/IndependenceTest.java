package org.geodex.information;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.geodex.error.UsageException;
import org.geodex.statistics.RandomOrder;

/**
 * An estimate against its own null: the same estimator on random pairings of the rows, in which
 * nothing is shared.
 *
 * @param nullMean mean over the permutations
 * @param nullSd standard deviation, divisor B − 1; NaN for a single permutation
 * @param pValue (1 + number of null values at least as large)/(1 + B): never 0, exact for
 *     exchangeable rows
 */
public record IndependenceTest(double nullMean, double nullSd, double pValue) {
  /** Pairings an estimator gets at a time. */
  private static final int BATCH = 16;

  /**
   * Runs {@code permutations} estimates.
   *
   * @param done called once for each
   */
  public static IndependenceTest of(
      PairedEstimator estimator, double value, int n, int permutations, long seed, Runnable done) {
    if (permutations < 1) {
      throw new UsageException("--permutations %d: expected at least 1", permutations);
    }
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[permutations];
    for (int from = 0; from < permutations; from += BATCH) {
      int[][] pairings = new int[Math.min(BATCH, permutations - from)][];
      Arrays.setAll(pairings, b -> RandomOrder.of(n, random));
      System.arraycopy(estimator.values(pairings), 0, values, from, pairings.length);
      for (int b = 0; b < pairings.length; b++) {
        done.run();
      }
    }
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    long larger = Arrays.stream(values).filter(v -> v >= value).count();
    return new IndependenceTest(
        mean, Math.sqrt(squares / (permutations - 1)), (1.0 + larger) / (1.0 + permutations));
  }
}
