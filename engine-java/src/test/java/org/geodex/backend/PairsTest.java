package org.geodex.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Random;
import org.geodex.backend.Pairs.Distance;
import org.geodex.backend.Pairs.Gaussian;
import org.geodex.backend.Pairs.Kernel;
import org.geodex.backend.Pairs.Sums;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.error.MemoryBudgetException;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PairsTest {
  /** Sums of f32 products; n·d terms whose errors mostly cancel. */
  private static final double RTOL = 1e-6;

  private static Matrix.Owned rows(long seed, int n, int d, double offset) {
    Random random = new Random(seed);
    Matrix.Owned x = Matrix.allocate(n, d);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        x.set(i, j, (float) (offset + random.nextGaussian()));
      }
    }
    return x;
  }

  /** 2 one pair; 256 one tile; 257 a tile of one row; 300 tile + tail; d off the lanes. */
  @ParameterizedTest
  @CsvSource({"2,3,0", "5,1,0", "256,7,0", "257,5,100", "300,19,0"})
  void sumsEqualTheSpecificationAndDoNotDependOnThreads(int n, int d, double offset) {
    try (Backend one = new CpuBackend(1, 1 << 30);
        Backend two = new CpuBackend(2, 1 << 30);
        Backend scalar = new ScalarBackend(1 << 30);
        Matrix.Owned x = rows(1, n, d, offset);
        Matrix.Owned y = rows(2, n, d + 2, 0);
        Matrix.Owned z = rows(3, n, 1, 0)) {
      List<Matrix> xs = List.of(x, y, z);
      for (Kernel kernel :
          List.of(new Distance(), new Gaussian(2, 1), new Gaussian(Double.NaN, 0.7))) {
        Sums exact = scalar.pairs().sums(xs, kernel);
        Sums fast = two.pairs().sums(xs, kernel);
        Sums single = one.pairs().sums(xs, kernel);
        for (int a = 0; a < 3; a++) {
          assertArrayEquals(single.rows()[a], fast.rows()[a]);
          assertArrayEquals(single.products()[a], fast.products()[a]);
          for (int b = 0; b < 3; b++) {
            double expected = exact.products()[a][b];
            assertEquals(expected, fast.products()[a][b], RTOL * Math.max(1, expected));
          }
          for (int i = 0; i < n; i++) {
            double row = exact.rows()[a][i];
            assertEquals(row, fast.rows()[a][i], RTOL * Math.max(1, Math.abs(row)));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"2,3", "3,3", "257,4", "300,2"})
  void medianAndCondensedDistancesEqualTheSpecification(int n, int d) {
    try (Backend cpu = new CpuBackend(2, 1 << 30);
        Backend tight = new CpuBackend(2, 1 << 20);
        Backend scalar = new ScalarBackend(1 << 30);
        Matrix.Owned x = rows(4, n, d, 3);
        Matrix.Owned exact = scalar.pairs().condensedDistances(x);
        Matrix.Owned fast = cpu.pairs().condensedDistances(x)) {
      assertArrayEquals(exact.toArray()[0], fast.toArray()[0], 1e-6f);
      double median = scalar.pairs().medianDistance(x);
      assertEquals(median, cpu.pairs().medianDistance(x), 1e-6 * median);
      assertEquals(cpu.pairs().medianDistance(x), tight.pairs().medianDistance(x));
    }
  }

  /** Kernels so wide that every value is 1 but for its last digits. */
  @Test
  void widenedKernelsKeepTheirDigits() {
    try (Backend cpu = new CpuBackend(2, 1 << 30);
        Backend scalar = new ScalarBackend(1 << 30);
        Matrix.Owned x = rows(5, 70, 6, 0)) {
      double tangent = scalar.pairs().sums(List.of(x), new Gaussian(1e6, 1)).products()[0][0];
      for (double sigma : new double[] {200, 300, 500, 1e3, 1e6, 1e9}) {
        double wide = cpu.pairs().sums(List.of(x), new Gaussian(sigma, 1)).products()[0][0];
        assertEquals(1, wide * Math.pow(sigma / 1e6, 4) / tangent, 1e-3, "sigma " + sigma);
        double exact = scalar.pairs().sums(List.of(x), new Gaussian(sigma, 1)).products()[0][0];
        assertEquals(1, wide / exact, 2e-6, "sigma " + sigma);
      }
    }
  }

  /** Of counts, whose distances are often the same: to the bit, for their ranks. */
  @Test
  void equalDistancesAreEqual() {
    try (Backend cpu = new CpuBackend(2, 1 << 30);
        Backend scalar = new ScalarBackend(1 << 30);
        Matrix.Owned x = Matrix.allocate(300, 37)) {
      Random random = new Random(11);
      for (int i = 0; i < 300; i++) {
        for (int j = 0; j < 37; j++) {
          x.set(i, j, random.nextInt(20) == 0 ? 1 + random.nextInt(3) : 0);
        }
      }
      try (Matrix.Owned exact = scalar.pairs().condensedDistances(x);
          Matrix.Owned fast = cpu.pairs().condensedDistances(x)) {
        assertArrayEquals(exact.toArray(), fast.toArray());
      }
    }
  }

  /** The product form alone would give 1e-3 here. */
  @Test
  void equalRowsFarFromTheOriginAreAtDistanceZero() {
    try (Backend cpu = new CpuBackend(2, 1 << 30);
        Matrix.Owned x = Matrix.allocate(40, 8)) {
      for (int i = 0; i < 40; i++) {
        for (int j = 0; j < 8; j++) {
          x.set(i, j, i == 39 ? -5000f : 1000.1f + j);
        }
      }
      Sums sums = cpu.pairs().sums(List.of(x), new Distance());
      double far = sums.rows()[0][0];
      assertEquals(39 * far, sums.rows()[0][39], 1e-6 * far);
      assertEquals(0, cpu.pairs().medianDistance(x));
    }
  }

  @Test
  void distancesBeyondTheBudgetAreRefused() {
    try (Backend cpu = new CpuBackend(1, 1000);
        Matrix.Owned x = rows(1, 40, 3, 0)) {
      assertThrows(MemoryBudgetException.class, () -> cpu.pairs().condensedDistances(x));
    }
  }
}
