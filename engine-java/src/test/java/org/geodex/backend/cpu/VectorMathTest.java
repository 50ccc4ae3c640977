package org.geodex.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import jdk.incubator.vector.DoubleVector;
import org.junit.jupiter.api.Test;

/** Elementary functions in lanes against StrictMath, which is within one unit in the last place. */
class VectorMathTest {
  private static double log1p(double u) {
    return VectorMath.log1p(DoubleVector.broadcast(VectorMath.F64, u)).lane(0);
  }

  /** All magnitudes; around √2 − 1, where the form changes, and powers of two. */
  @Test
  void log1pIsWithinTwoUnits() {
    Random random = new Random(1);
    for (int i = 0; i < 200_000; i++) {
      check(Math.exp(random.nextDouble(-700, 700)));
      check(random.nextDouble(4));
      check(0.41421356237309503 * (1 + random.nextGaussian() * 1e-9));
      check(Math.scalb(1.0, random.nextInt(-60, 60)) * (1 + random.nextGaussian() * 1e-15) - 1);
    }
  }

  private static void check(double u) {
    if (u >= 0) {
      double expected = StrictMath.log1p(u);
      double error = Math.abs(log1p(u) - expected);
      assertTrue(error <= 2 * Math.ulp(expected), () -> "log1p(%s): %s".formatted(u, log1p(u)));
    }
  }

  @Test
  void log1pOfEdges() {
    assertEquals(0, log1p(0));
    assertEquals(Double.MIN_VALUE, log1p(Double.MIN_VALUE));
    assertEquals(StrictMath.log(Double.MAX_VALUE), log1p(Double.MAX_VALUE), 1e-12);
    assertEquals(Double.POSITIVE_INFINITY, log1p(Double.POSITIVE_INFINITY));
    assertEquals(Double.NaN, log1p(Double.NaN));
  }
}
