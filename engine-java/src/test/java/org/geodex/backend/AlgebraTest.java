package org.geodex.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AlgebraTest {
  private static final double EPS32 = 1.2e-7;

  private static Matrix.Owned normal(long seed, int n, int d) {
    Random random = new Random(seed);
    Matrix.Owned x = Matrix.allocate(n, d);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        x.set(i, j, (float) random.nextGaussian());
      }
    }
    return x;
  }

  /**
   * 1 one element; 7 x 5 one tile; 257, 513 tile + tail of the row tiles; 600 wide column tiles;
   * few columns of a tall product, with tails of rows, columns and lanes.
   */
  @ParameterizedTest
  @CsvSource({
    "1,1,1",
    "7,5,3",
    "257,40,19",
    "513,7,33",
    "40,600,24",
    "256,1,256",
    "323,6,301",
    "261,16,259"
  })
  void gemmEqualsTheSpecification(int m, int n, int k) {
    for (boolean transposeA : List.of(false, true)) {
      for (boolean transposeB : List.of(false, true)) {
        try (Backend cpu = new CpuBackend(2, 1 << 30);
            Backend scalar = new ScalarBackend(1 << 30);
            Matrix.Owned a = transposeA ? normal(1, k, m) : normal(1, m, k);
            Matrix.Owned b = transposeB ? normal(2, n, k) : normal(2, k, n);
            Matrix.Owned fast = Matrix.allocate(m, n);
            Matrix.Owned exact = Matrix.allocate(m, n)) {
          cpu.algebra().gemm(a, transposeA, b, transposeB, fast);
          scalar.algebra().gemm(a, transposeA, b, transposeB, exact);
          for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
              assertEquals(exact.get(i, j), fast.get(i, j), 20 * k * EPS32);
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "5,3", "512,9", "513,9", "1537,30", "3000,17"})
  void momentsEqualTheSpecificationAndDoNotDependOnThreads(int n, int d) {
    try (Backend one = new CpuBackend(1, 1 << 30);
        Backend two = new CpuBackend(2, 1 << 30);
        Backend scalar = new ScalarBackend(1 << 30);
        Matrix.Owned x = normal(3, n, d)) {
      double[] means = scalar.algebra().means(x);
      assertArrayEquals(means, two.algebra().means(x), 1e-12);
      assertArrayEquals(one.algebra().means(x), two.algebra().means(x));
      double[][] exact = values(scalar.algebra().scatter(x, means));
      double[][] a = values(one.algebra().scatter(x, means));
      double[][] b = values(two.algebra().scatter(x, means));
      double[][] cross = values(two.algebra().crossScatter(x, means, x, means));
      for (int i = 0; i < d; i++) {
        assertArrayEquals(a[i], b[i]);
        assertArrayEquals(exact[i], a[i], 1e-10 * n);
        assertArrayEquals(exact[i], cross[i], 1e-10 * n);
      }
    }
  }

  private static double[][] values(Matrix64 matrix) {
    try (matrix) {
      return matrix.toArray();
    }
  }

  /** Two partial sums of two and three blocks. */
  @Test
  void aWideScatterAddsUpOverTheRows() {
    try (Backend one = new CpuBackend(1, 1 << 30);
        Backend two = new CpuBackend(2, 1 << 30);
        Matrix.Owned x = normal(6, 2100, 530)) {
      double[][] a = values(one.algebra().scatter(x, null, true));
      double[][] b = values(two.algebra().scatter(x, null, true));
      double[][] front = values(two.algebra().scatter(x.rows(0, 1000), null, true));
      double[][] back = values(two.algebra().scatter(x.rows(1000, 2100), null, true));
      for (int i = 0; i < 530; i++) {
        assertArrayEquals(a[i], b[i]);
        for (int j = 0; j < 530; j++) {
          assertEquals(front[i][j] + back[i][j], a[i][j], 1e-12);
          assertEquals(a[j][i], a[i][j], 0);
        }
      }
    }
  }

  @Test
  void factorizationsReproduceTheMatrix() {
    for (Backend backend : List.of(new CpuBackend(2, 1 << 30), new ScalarBackend(1 << 30))) {
      try (backend;
          Matrix.Owned x = normal(4, 60, 12);
          Matrix64 a = backend.algebra().scatter(x, null);
          Matrix64 l = a.copy();
          Matrix64 v = a.copy()) {
        assertEquals(0, backend.algebra().cholesky(l));
        double[] w = backend.algebra().eigenvectors(v);
        double[] s = backend.algebra().singularValues(a);
        try (Matrix64 llt = backend.algebra().multiply(l, false, l, true);
            Algebra.Svd svd = backend.algebra().svd(a)) {
          for (int i = 0; i < 12; i++) {
            assertArrayEquals(a.toArray()[i], llt.toArray()[i], 1e-10);
            assertEquals(w[11 - i], s[i], 1e-10);
            assertEquals(svd.s()[i], s[i], 1e-10);
            for (int j = 0; j < 12; j++) {
              double fromEigen = 0;
              double fromSvd = 0;
              for (int k = 0; k < 12; k++) {
                fromEigen += v.get(i, k) * w[k] * v.get(j, k);
                fromSvd += svd.u().get(i, k) * s[k] * svd.vt().get(k, j);
              }
              assertEquals(a.get(i, j), fromEigen, 1e-10);
              assertEquals(a.get(i, j), fromSvd, 1e-10);
            }
          }
        }
      }
    }
  }

  @Test
  void gramEqualsTheSpecification() {
    try (Backend cpu = new CpuBackend(2, 1 << 30);
        Backend scalar = new ScalarBackend(1 << 30);
        Matrix.Owned x = normal(5, 700, 6);
        Matrix64 fast = cpu.algebra().gram(x, null);
        Matrix64 exact = scalar.algebra().gram(x, null)) {
      for (int i = 0; i < 700; i += 23) {
        assertArrayEquals(exact.toArray()[i], fast.toArray()[i], 1e-12);
      }
    }
  }
}
