package org.geodex.divergence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.divergence.KlKnn.Bias;
import org.geodex.error.InputException;
import org.geodex.information.Samples;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KlKnnTest {
  private final Backend cpu = new CpuBackend(2, 1L << 30);
  private final Backend scalar = new ScalarBackend(1L << 30);

  /** The formula over all pairs, f64. */
  @Test
  void fixedOrderIsTheFormulaOverAllPairs() {
    try (Matrix.Owned p = Samples.normal(1, 90, 4);
        Matrix.Owned q = Samples.normal(2, 70, 4)) {
      double sum = 0;
      for (int i = 0; i < 90; i++) {
        double[] within = distances(p, i, p);
        double[] across = distances(p, i, q);
        // The row itself is the first of its own.
        sum += Math.log(across[2] / within[3]);
      }
      double expected = 4 * sum / 90 + Math.log(70.0 / 89);
      for (Backend backend : new Backend[] {cpu, scalar}) {
        KlKnn.Estimate estimate = KlKnn.of(backend, p, q, 3, Bias.FIXED_ORDER);
        assertEquals(expected, estimate.value(), 1e-9);
        assertEquals(0, estimate.duplicates());
      }
    }
  }

  /** The formula over all pairs, f64: the k-th neighbour lies on the border of its own ball. */
  @ParameterizedTest
  @CsvSource({"1,4", "2,4", "5,30"})
  void commonRadiusIsTheFormulaOverAllPairs(int k, int d) {
    int n = 250;
    int m = 190;
    try (Matrix.Owned p = Samples.normal(1, n, d);
        Matrix.Owned q = Samples.normal(2, m, d)) {
      double sum = 0;
      for (int i = 0; i < n; i++) {
        double[] within = distances(p, i, p);
        double[] across = distances(p, i, q);
        double radius = Math.max(within[k], across[k - 1]);
        int own = (int) Arrays.stream(within).filter(distance -> distance <= radius).count();
        int other = (int) Arrays.stream(across).filter(distance -> distance <= radius).count();
        sum += d * Math.log(across[other - 1] / within[own - 1]);
        sum += digamma(own - 1) - digamma(other);
      }
      double expected = sum / n + Math.log((double) m / (n - 1));
      for (Backend backend : new Backend[] {cpu, scalar}) {
        double value = KlKnn.of(backend, p, q, k, Bias.COMMON_RADIUS).value();
        assertEquals(expected, value, 1e-5 * d, backend.name()); // distances inside are refined
      }
    }
  }

  /** ψ(n) = −γ + 1 + ½ + … + 1/(n − 1). */
  private static double digamma(int n) {
    return IntStream.range(1, n).mapToDouble(i -> 1.0 / i).sum() - 0.5772156649015329;
  }

  /** N(0, 1) against N(1, 1): ½. */
  @Test
  void bothFormsComeNearTheClosedForm() {
    try (Matrix.Owned p = Samples.normal(1, 1500, 1);
        Matrix.Owned q = Samples.normal(2, 1500, 1)) {
      for (int i = 0; i < 1500; i++) {
        q.set(i, 0, q.get(i, 0) + 1);
      }
      assertEquals(0.5, KlKnn.of(cpu, p, q, 5, Bias.FIXED_ORDER).value(), 0.12);
      assertEquals(0.5, KlKnn.of(cpu, p, q, 5, Bias.COMMON_RADIUS).value(), 0.12);
    }
  }

  @Test
  void copiesAreLeftOutAndCounted() {
    try (Matrix.Owned p = Samples.normal(1, 50, 3);
        Matrix.Owned q = Samples.normal(2, 50, 3);
        Matrix.Owned same = Matrix.allocate(9, 3)) {
      float[] row = new float[3];
      for (int i = 0; i < 6; i++) {
        p.setRow(i, row);
      }
      assertEquals(6, KlKnn.of(cpu, p, q, 5, Bias.FIXED_ORDER).duplicates());
      assertEquals(6, KlKnn.of(cpu, p, q, 5, Bias.COMMON_RADIUS).duplicates());
      same.fill(2);
      assertThrows(InputException.class, () -> KlKnn.of(cpu, same, q, 5, Bias.FIXED_ORDER));
      assertThrows(InputException.class, () -> KlKnn.of(cpu, q, q.rows(0, 4), 5, Bias.FIXED_ORDER));
    }
  }

  private static double[] distances(Matrix x, int i, Matrix y) {
    double[] all = new double[y.intRows()];
    for (int j = 0; j < all.length; j++) {
      double sum = 0;
      for (int c = 0; c < x.columns(); c++) {
        double difference = (double) x.get(i, c) - y.get(j, c);
        sum += difference * difference;
      }
      all[j] = Math.sqrt(sum);
    }
    Arrays.sort(all);
    return all;
  }
}
