package org.geodex.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PairedShiftTest {
  /** Lower halves {1, 2} and {11, 12}; of the 16 swaps none and all reach 10. */
  @Test
  void fourPairsByHand() {
    PairedShift shift =
        PairedShift.of(new double[] {1, 2, 3, 9}, new double[] {12, 11, 30, 40}, 0.5);
    assertEquals(10, shift.shift(), 1e-12);
    assertEquals(2 / 16.0, shift.p(), 1e-12);
  }

  @Test
  void equalValuesShowNothing() {
    double[] x = {3, 3, 3, 3, 3, 3, 3, 3};
    PairedShift shift = PairedShift.of(x, x, 0.95);
    assertEquals(0, shift.shift());
    assertEquals(1, shift.p());
    assertEquals(0, shift.low(), 1e-8);
    assertEquals(0, shift.high(), 1e-8);
  }

  /** With five pairs the smallest p is 2/32, so nothing is outside at 99 %. */
  @Test
  void fivePairsHaveNoIntervalAt99Percent() {
    double[] x = {1, 2, 3, 4, 5};
    PairedShift shift = PairedShift.of(x, x, 0.99);
    assertEquals(Double.NEGATIVE_INFINITY, shift.low());
    assertEquals(Double.POSITIVE_INFINITY, shift.high());
  }

  @Test
  void shiftingTheSecondValuesMovesEverything() {
    SplittableRandom random = new SplittableRandom(1);
    double[] x = random.doubles(20).toArray();
    double[] y = random.doubles(20).toArray();
    double[] moved = y.clone();
    for (int i = 0; i < 20; i++) {
      moved[i] += 5;
    }
    PairedShift plain = PairedShift.of(x, y, 0.9);
    PairedShift shifted = PairedShift.of(x, moved, 0.9);
    assertEquals(plain.shift() + 5, shifted.shift(), 1e-9);
    assertEquals(plain.low() + 5, shifted.low(), 1e-3);
    assertEquals(plain.high() + 5, shifted.high(), 1e-3);
    assertTrue(plain.low() < plain.shift() && plain.shift() < plain.high());
    assertTrue(shifted.p() < 0.001, shifted.toString());
  }

  /** Coverage of the 90 % interval for exponential disturbances, 300 draws: 270 ± 3·5.2. */
  @Test
  void theIntervalCovers() {
    SplittableRandom random = new SplittableRandom(5);
    int covered = 0;
    for (int trial = 0; trial < 300; trial++) {
      double[] x = new double[12];
      double[] y = new double[12];
      for (int i = 0; i < 12; i++) {
        x[i] = -Math.log(random.nextDouble());
        y[i] = 0.3 - Math.log(random.nextDouble());
      }
      PairedShift shift = PairedShift.of(x, y, 0.9);
      covered += shift.low() <= 0.3 && 0.3 <= shift.high() ? 1 : 0;
    }
    assertEquals(270, covered, 16);
  }

  @Test
  void pairsMustMatch() {
    assertThrows(
        IllegalArgumentException.class, () -> PairedShift.of(new double[2], new double[3], 0.9));
  }
}
