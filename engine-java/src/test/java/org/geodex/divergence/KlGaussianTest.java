package org.geodex.divergence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.error.InputException;
import org.geodex.information.Samples;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

class KlGaussianTest {
  private final Backend cpu = new CpuBackend(2, 1L << 30);
  private final Backend scalar = new ScalarBackend(1L << 30);

  /** Four points with mean 0 and variance 4/3; the others 1 + twice that: v = 16/3, mean 1. */
  private static final double CLOSED_FORM = (0.25 + 3.0 / 16 - 1 + Math.log(4)) / 2;

  @Test
  void oneColumnGivesTheClosedForm() {
    try (Matrix.Owned p = column(-1, -1, 1, 1);
        Matrix.Owned q = column(-1, -1, 3, 3)) {
      for (Backend backend : new Backend[] {cpu, scalar}) {
        assertEquals(CLOSED_FORM, KlGaussianDiagonal.of(backend, p, q, 0), 1e-14);
        assertEquals(CLOSED_FORM, KlGaussianFull.of(backend, p, q, Shrinkage.NONE), 1e-14);
      }
    }
  }

  /** Population variances 1 and 4 plus 1e-6. */
  @Test
  void referenceIsThePublishedForm() {
    try (Matrix.Owned p = column(-1, -1, 1, 1);
        Matrix.Owned q = column(-1, -1, 3, 3)) {
      double v = 1 + 1e-6;
      double w = 4 + 1e-6;
      double expected = (v / w + 1 / w + Math.log(w / v) - 1) / 2;
      assertEquals(expected, KlGaussianDiagonal.reference(cpu, p, q), 1e-14);
    }
  }

  @Test
  void backendsAgreeAndNothingIsNegative() {
    try (Matrix.Owned p = Samples.normal(1, 700, 9);
        Matrix.Owned q = Samples.correlated(2, p, 0.3)) {
      double full = KlGaussianFull.of(cpu, p, q, Shrinkage.NONE);
      assertEquals(KlGaussianFull.of(scalar, p, q, Shrinkage.NONE), full, 1e-11);
      assertEquals(
          KlGaussianFull.of(scalar, p, q, Shrinkage.LEDOIT_WOLF),
          KlGaussianFull.of(cpu, p, q, Shrinkage.LEDOIT_WOLF),
          1e-11);
      assertEquals(
          KlGaussianDiagonal.of(scalar, p, q, 0), KlGaussianDiagonal.of(cpu, p, q, 0), 1e-12);
      assertTrue(full >= 0);
      assertEquals(0, KlGaussianFull.of(cpu, p, p, Shrinkage.NONE), 1e-12);
    }
  }

  /** The full form does not change under one invertible linear map of both sides. */
  @Test
  void fullIsInvariantUnderLinearMaps() {
    try (Matrix.Owned p = Samples.normal(1, 300, 4);
        Matrix.Owned q = Samples.normal(2, 200, 4);
        Matrix.Owned map = Samples.normal(3, 4, 4);
        Matrix.Owned mappedP = Matrix.allocate(300, 4);
        Matrix.Owned mappedQ = Matrix.allocate(200, 4)) {
      cpu.algebra().gemm(p, false, map, false, mappedP);
      cpu.algebra().gemm(q, false, map, false, mappedQ);
      assertEquals(
          KlGaussianFull.of(cpu, p, q, Shrinkage.NONE),
          KlGaussianFull.of(cpu, mappedP, mappedQ, Shrinkage.NONE),
          1e-5);
    }
  }

  @Test
  void singularCovariancesAreRefusedWithTheColumn() {
    try (Matrix.Owned few = Samples.normal(1, 5, 6);
        Matrix.Owned many = Samples.normal(2, 50, 6);
        Matrix.Owned twin = many.copy();
        Matrix.Owned constant = many.copy()) {
      for (int i = 0; i < 50; i++) {
        twin.set(i, 4, 2 * twin.get(i, 1) - twin.get(i, 0));
        constant.set(i, 3, 7);
      }
      assertSays("P has 5 rows and 6 columns", few, many);
      assertSays("P: column 4 is a linear combination", twin, many);
      assertSays("P: column 3 is constant", constant, many);
      assertTrue(KlGaussianFull.of(cpu, few, many, Shrinkage.LEDOIT_WOLF) > 0);
      InputException e =
          assertThrows(InputException.class, () -> KlGaussianDiagonal.of(cpu, many, constant, 0));
      assertTrue(e.getMessage().startsWith("Q: column 3 is constant"), e.getMessage());
      assertTrue(KlGaussianDiagonal.of(cpu, many, constant, 1e-6) > 0);
    }
  }

  private void assertSays(String start, Matrix p, Matrix q) {
    InputException e =
        assertThrows(InputException.class, () -> KlGaussianFull.of(cpu, p, q, Shrinkage.NONE));
    assertTrue(e.getMessage().startsWith(start), e.getMessage());
  }

  private static Matrix.Owned column(float... values) {
    Matrix.Owned x = Matrix.allocate(values.length, 1);
    for (int i = 0; i < values.length; i++) {
      x.set(i, 0, values[i]);
    }
    return x;
  }
}
