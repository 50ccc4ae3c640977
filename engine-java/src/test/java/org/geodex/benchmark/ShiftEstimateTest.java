package org.geodex.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ShiftEstimateTest {
  /** R: wilcox.test(y, x, conf.int = TRUE, exact = TRUE) cuts 2 of 25 differences at n = m = 5. */
  @Test
  void fiveAgainstFiveCutsTwoDifferencesFromEachEnd() {
    double[] x = {0, 0.1, 0.2, 0.3, 0.4};
    double[] y = {10, 20, 30, 40, 50};
    ShiftEstimate shift = ShiftEstimate.of(x, y, 0.95);
    // Sorted differences begin 9.6, 9.7, 9.8, 9.9, 10.0 and end 49.6, … 50.0.
    assertEquals(9.8, shift.low(), 1e-12);
    assertEquals(49.8, shift.high(), 1e-12);
    assertEquals(29.8, shift.shift(), 1e-12);
  }

  @Test
  void threeAgainstThreeHaveNoIntervalAt95Percent() {
    double[] x = {1, 2, 3};
    ShiftEstimate shift = ShiftEstimate.of(x, x, 0.95);
    assertEquals(0, shift.shift());
    assertEquals(Double.NEGATIVE_INFINITY, shift.low());
    assertEquals(Double.POSITIVE_INFINITY, shift.high());
  }

  @Test
  void manyForksUseTheNormalApproximation() {
    double[] x = new double[100];
    double[] y = new double[100];
    for (int i = 0; i < 100; i++) {
      x[i] = i;
      y[i] = i + 5;
    }
    ShiftEstimate shift = ShiftEstimate.of(x, y, 0.95);
    assertEquals(5, shift.shift(), 1e-12);
    assertEquals(5 - 8.2, shift.low(), 0.8);
    assertEquals(5 + 8.2, shift.high(), 0.8);
  }
}
