package org.geodex.alignment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.divergence.KlGaussianDiagonal;
import org.geodex.information.Samples;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

class KlBoundTest {
  private final Backend cpu = new CpuBackend(2, 1L << 30);

  /** On its own rows the bound holds whatever the residual; shrunken rows attain it. */
  @Test
  void theBoundHoldsOnItsOwnRows() {
    try (Matrix.Owned y = Samples.normal(1, 50, 6);
        Matrix.Owned noise = Samples.normal(2, 50, 6);
        Matrix.Owned mapped = Matrix.allocate(50, 6)) {
      for (double size = 0.01; size < 0.8; size *= 1.7) {
        for (int i = 0; i < 50; i++) {
          for (int j = 0; j < 6; j++) {
            mapped.set(i, j, (float) (y.get(i, j) + size * noise.get(i, j) + 0.1 * j));
          }
        }
        KlBound bound = KlBound.of(cpu, mapped, y, 1e-6);
        assertTrue(KlGaussianDiagonal.of(cpu, mapped, y, 1e-6) <= bound.value());
      }
    }
  }

  /** mapped = (1 − ε)·y: the spread is the bound's own worst case, so both are equal. */
  @Test
  void shrinkingAttainsTheBound() {
    try (Matrix.Owned y = Samples.normal(1, 50, 6);
        Matrix.Owned mapped = Matrix.allocate(50, 6)) {
      for (int i = 0; i < 50; i++) {
        for (int j = 0; j < 6; j++) {
          mapped.set(i, j, 0.7f * y.get(i, j));
        }
      }
      double expected = KlGaussianDiagonal.of(cpu, mapped, y, 0);
      assertEquals(expected, KlBound.of(cpu, mapped, y, 0).value(), 1e-5 * expected);
    }
  }

  @Test
  void aResidualAsLargeAsTheTargetHasNoBound() {
    try (Matrix.Owned y = Samples.normal(1, 50, 3);
        Matrix.Owned mapped = Samples.normal(2, 50, 3)) {
      KlBound bound = KlBound.of(cpu, mapped, y, 0);
      assertEquals(3, bound.failing());
      assertEquals(Double.POSITIVE_INFINITY, bound.value());
    }
  }
}
