package org.geodex.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class JackknifeTest {
  /** For a mean the jackknife is the usual standard error, s/√n. */
  @Test
  void ofAMeanIsTheUsualStandardError() {
    double[] values = {1, 4, 4, 9, 2, 7};
    double sum = 27;
    double[] without = new double[6];
    for (int i = 0; i < 6; i++) {
      without[i] = (sum - values[i]) / 5;
    }
    // Sample variance 9.1: Σ(v − 4.5)² = 45.5 over 5.
    assertEquals(Math.sqrt(9.1 / 6), Jackknife.standardError(without), 1e-12);
    assertTrue(Double.isNaN(Jackknife.standardError(1, 2)));
  }

  @Test
  void blocksAreWholeDocuments() {
    assertArrayEquals(
        new long[] {0, 30, 55, 80}, Jackknife.bounds(new long[] {10, 20, 20, 5, 25}, 3));
    assertArrayEquals(new long[] {0, 7, 9}, Jackknife.bounds(new long[] {7, 2}, 5));
    assertArrayEquals(new long[] {0, 1, 2, 102}, Jackknife.bounds(new long[] {1, 1, 100}, 3));
  }
}
