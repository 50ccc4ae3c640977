package org.geodex.divergence;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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

class KlCategoricalTest {
  private final Backend cpu = new CpuBackend(2, 1L << 30);
  private final Backend scalar = new ScalarBackend(1L << 30);

  @Test
  void edgeValuesAreTheDefinitions() {
    try (Matrix.Owned p = Matrix.of(new float[] {0.5f, 0.5f, 0}, new float[] {1, 0, 0});
        Matrix.Owned q = Matrix.of(new float[] {0.25f, 0.25f, 0.5f}, new float[] {0, 0.5f, 0.5f})) {
      double[] rows = KlCategorical.rows(cpu, p, q, false);
      assertEquals(Math.log(2), rows[0], 1e-15);
      assertEquals(Double.POSITIVE_INFINITY, rows[1]);
      assertEquals(Double.POSITIVE_INFINITY, KlCategorical.mean(cpu, p, q, false));
      assertEquals(0, KlCategorical.mean(cpu, p, p, false), 0);
    }
  }

  @Test
  void rowsAndPairsEqualTheSpecification() {
    try (Matrix.Owned p = Samples.normal(1, 70, 37);
        Matrix.Owned q = Samples.normal(2, 70, 37);
        Matrix.Owned fast = Matrix.allocate(70, 70);
        Matrix.Owned exact = Matrix.allocate(70, 70)) {
      double[] rows = KlCategorical.rows(cpu, p, q, true);
      assertArrayEquals(KlCategorical.rows(scalar, p, q, true), rows, 1e-13);
      KlCategorical.pairwise(cpu, p, q, true, fast);
      KlCategorical.pairwise(scalar, p, q, true, exact);
      for (int i = 0; i < 70; i++) {
        assertArrayEquals(exact.toArray()[i], fast.toArray()[i], 1e-6f);
        assertEquals(rows[i], fast.get(i, i), 1e-6);
        assertTrue(rows[i] > 0);
      }
    }
  }

  @Test
  void refusesRowsThatAreNoDistribution() {
    try (Matrix.Owned p = Matrix.of(new float[] {0.5f, 0.5f}, new float[] {0.6f, 0.6f});
        Matrix.Owned q = Matrix.of(new float[] {1.5f, -0.5f}, new float[] {1, 0})) {
      assertTrue(message(p, p).startsWith("P: row 1 sums to 1.2"));
      assertTrue(message(q, q).startsWith("P: row 0, column 1 is -0.5"));
    }
  }

  private String message(Matrix p, Matrix q) {
    return assertThrows(InputException.class, () -> KlCategorical.mean(cpu, p, q, false))
        .getMessage();
  }
}
