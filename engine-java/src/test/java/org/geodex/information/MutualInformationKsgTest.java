package org.geodex.information;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.error.InputException;
import org.geodex.information.KsgParameters.Norm;
import org.geodex.information.KsgParameters.Variant;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

class MutualInformationKsgTest {
  /** 1 the short cut of one column; 5 and 33 the register tile; 33 has a tail in every loop. */
  private static final int[][] DIMENSIONS = {{1, 1}, {2, 1}, {5, 5}, {33, 7}};

  private final Backend cpu = new CpuBackend(2, 1L << 30);
  private final Backend one = new CpuBackend(1, 1L << 30);
  private final Backend scalar = new ScalarBackend(1L << 30);

  @Test
  void countsEqualTheSpecification() {
    for (int[] d : DIMENSIONS) {
      for (int n : new int[] {6, 33, 257}) {
        try (Matrix.Owned x = Samples.normal(n, n, d[0]);
            Matrix.Owned y = Samples.normal(n + 1, n, d[1])) {
          assertSameCounts(x, y);
        }
      }
    }
  }

  /** Integers make distances equal that no order can tell apart. */
  @Test
  void countsEqualTheSpecificationAmongTies() {
    for (int[] d : DIMENSIONS) {
      try (Matrix.Owned x = Samples.integers(1, 150, d[0], 4);
          Matrix.Owned y = Samples.integers(2, 150, d[1], 3)) {
        assertSameCounts(x, y);
      }
    }
  }

  /** Far from zero, f32 differences that round alike still differ in f64. */
  @Test
  void countsTellApartWhatF32Rounds() {
    try (Matrix.Owned x = Samples.normal(1, 200, 3);
        Matrix.Owned y = Samples.normal(2, 200, 2)) {
      for (int i = 0; i < 200; i++) {
        x.set(i, 0, (i % 2 == 0 ? 1e-4f : 1000) * (1 + i * 1e-7f));
        x.set(i, 1, (i % 3 == 0 ? 3e-5f : 1000) * (1 + i * 1e-7f));
      }
      assertSameCounts(x, y);
    }
  }

  private void assertSameCounts(Matrix x, Matrix y) {
    for (Variant variant : Variant.values()) {
      for (Norm norm : Norm.values()) {
        KsgParameters parameters = new KsgParameters(4, variant, norm);
        KsgCounts exact = scalar.information().ksgCounts(x, y, null, parameters);
        KsgCounts fast = cpu.information().ksgCounts(x, y, null, parameters);
        KsgCounts single = one.information().ksgCounts(x, y, null, parameters);
        assertArrayEquals(exact.x(), fast.x(), parameters.toString());
        assertArrayEquals(exact.y(), fast.y(), parameters.toString());
        assertArrayEquals(fast.x(), single.x());
        assertArrayEquals(fast.y(), single.y());
      }
    }
  }

  @Test
  void conditionalCountsEqualTheSpecification() {
    for (Norm norm : Norm.values()) {
      try (Matrix.Owned x = Samples.normal(1, 120, 3);
          Matrix.Owned y = Samples.normal(2, 120, 2);
          Matrix.Owned z = Samples.integers(3, 120, 2, 5)) {
        KsgParameters parameters = new KsgParameters(3, Variant.ONE, norm);
        KsgCounts exact = scalar.information().ksgCounts(x, y, z, parameters);
        KsgCounts fast = cpu.information().ksgCounts(x, y, z, parameters);
        assertArrayEquals(exact.x(), fast.x());
        assertArrayEquals(exact.y(), fast.y());
        assertArrayEquals(exact.z(), fast.z());
      }
    }
  }

  /** −½·ln(1 − ρ²), two of them; four standard errors of this n. */
  @Test
  void normalVariablesGiveTheClosedForm() {
    double rho = 0.7;
    double truth = -Math.log(1 - rho * rho);
    try (Matrix.Owned x = Samples.normal(5, 2000, 2);
        Matrix.Owned y = Samples.correlated(6, x, rho)) {
      for (Variant variant : Variant.values()) {
        KsgParameters parameters = KsgParameters.of(4, variant);
        assertEquals(truth, MutualInformationKsg.of(cpu, x, y, parameters), 0.08);
        assertEquals(
            MutualInformationKsg.of(cpu, x, y, parameters),
            MutualInformationKsg.of(cpu, y, x, parameters),
            1e-12);
      }
    }
  }

  /** Six points by hand: x and y equal, k = 1, so ε is the gap to the nearer side. */
  @Test
  void sixPointsByHand() {
    float[] at = {0, 1, 3, 6, 10, 15};
    float[][] rows = new float[at.length][1];
    Arrays.setAll(rows, i -> new float[] {at[i]});
    try (Matrix.Owned x = Matrix.of(rows)) {
      KsgCounts counts = cpu.information().ksgCounts(x, x, null, KsgParameters.of(1, Variant.ONE));
      assertArrayEquals(new int[6], counts.x());
      // ψ(1) − 2·ψ(1) + ψ(6) = γ + ψ(6) = 1 + 1/2 + 1/3 + 1/4 + 1/5.
      assertEquals(
          137.0 / 60, MutualInformationKsg.of(cpu, x, x, KsgParameters.of(1, Variant.ONE)), 1e-12);
    }
  }

  @Test
  void refusesWhatItCannotMeasure() {
    try (Matrix.Owned x = Samples.normal(1, 4, 2);
        Matrix.Owned y = Samples.normal(2, 5, 2)) {
      KsgParameters parameters = KsgParameters.of(4, Variant.ONE);
      assertThrows(InputException.class, () -> MutualInformationKsg.of(cpu, x, y, parameters));
      assertThrows(InputException.class, () -> MutualInformationKsg.of(cpu, x, x, parameters));
    }
  }
}
