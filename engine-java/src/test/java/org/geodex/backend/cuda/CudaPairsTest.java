package org.geodex.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.backend.Pairs.Distance;
import org.geodex.backend.Pairs.Gaussian;
import org.geodex.backend.Pairs.Kernel;
import org.geodex.backend.Pairs.Sums;
import org.geodex.cuda.Traffic;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.Precision;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Sums over pairs on the emulator against the f64 specification. */
class CudaPairsTest {
  /** Distances in f32, their errors mostly cancel in a sum. */
  private static final double RTOL = 1e-6;

  @BeforeAll
  static void needsEmulator() {
    OnEmulator.require();
  }

  /** 130 rows: a tile and two more. A square result has an exact zero diagonal in any metric. */
  @ParameterizedTest
  @EnumSource(
      value = Metric.class,
      names = {"EUCLIDEAN", "COSINE"})
  void pairwiseStaysOnTheDevice(Metric metric) {
    int n = 130;
    try (CudaBackend cuda = OnEmulator.cuda("panama");
        Matrix.Owned x = OnEmulator.normal(3 + OnEmulator.FRESH, n, 5);
        Matrix.Owned onDevice = cuda.allocate(n, 5);
        Matrix.Owned expected = Matrix.allocate(n, n);
        Matrix.Owned found = cuda.allocate(n, n)) {
      onDevice.copyFrom(x);
      for (Precision precision : List.of(Precision.REFINED, Precision.EXPANDED)) {
        cuda.geometry().pairwise(x, x, metric, precision, expected);
        Traffic before = cuda.traffic();
        cuda.geometry().pairwise(onDevice, onDevice, metric, precision, found);
        assertEquals(0, cuda.traffic().since(before).toHost());
        assertEquals(-1, expected.segment().mismatch(found.reading()), metric + " " + precision);
      }
    }
  }

  /** One pair; a row of lanes, one more; a tile, one more: two strips would begin there. */
  @ParameterizedTest
  @CsvSource({"2,3,panama", "32,1,jcuda", "33,5,panama", "129,4,jcuda"})
  void sumsEqualTheSpecification(int n, int d, String binding) {
    try (Backend cuda = OnEmulator.cuda(binding);
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned x = OnEmulator.normal(1 + OnEmulator.FRESH, n, d);
        Matrix.Owned y = OnEmulator.normal(2 + OnEmulator.FRESH, n, d + 2);
        Matrix.Owned z = cuda.allocate(n, d + 2)) {
      z.copyFrom(y);
      for (Kernel kernel :
          List.of(new Distance(), new Gaussian(2, 1), new Gaussian(Double.NaN, 0.7))) {
        Sums expected = scalar.pairs().sums(List.of(x, y), kernel);
        Sums found = cuda.pairs().sums(List.of(x, z), kernel);
        for (int a = 0; a < 2; a++) {
          for (int b = 0; b < 2; b++) {
            double product = expected.products()[a][b];
            assertEquals(product, found.products()[a][b], RTOL * Math.max(1, product));
          }
          for (int i = 0; i < n; i++) {
            double row = expected.rows()[a][i];
            assertEquals(row, found.rows()[a][i], RTOL * Math.max(1, Math.abs(row)));
          }
        }
        assertArrayEquals(expected.bandwidths(), found.bandwidths(), 1e-6);
      }
    }
  }
}
