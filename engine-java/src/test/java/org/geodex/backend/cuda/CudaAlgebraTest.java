package org.geodex.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products and moments on the emulator against the f64 specification. */
class CudaAlgebraTest {

  @BeforeAll
  static void needsEmulator() {
    OnEmulator.require();
  }

  @AfterEach
  void cuBlasAgain() {
    System.clearProperty("geodex.cuda.products");
  }

  /**
   * One element; 127 x 129 around the tile, 17 a slab and a tail; 50 a slab again in the first
   * buffer; by cuBLAS and by our kernel.
   */
  @ParameterizedTest
  @CsvSource({"1,1,1,own", "127,129,17,own", "5,130,16,own", "30,33,50,own", "40,33,9,cublas"})
  void gemmEqualsTheSpecification(int m, int n, int k, String products) {
    System.setProperty("geodex.cuda.products", products);
    for (boolean left : List.of(false, true)) {
      for (boolean right : List.of(false, true)) {
        try (Backend cuda = OnEmulator.cuda(right ? "jcuda" : "panama");
            Backend scalar = OnEmulator.scalar();
            Matrix.Owned a = left ? normal(1, k, m) : normal(1, m, k);
            Matrix.Owned b = right ? normal(2, n, k) : normal(2, k, n);
            Matrix.Owned got = Matrix.allocate(m, n);
            Matrix.Owned want = Matrix.allocate(m, n)) {
          cuda.algebra().gemm(a, left, b, right, got);
          scalar.algebra().gemm(a, left, b, right, want);
          for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
              assertEquals(want.get(i, j), got.get(i, j), 1e-6 * k);
            }
          }
        }
      }
    }
  }

  private static Matrix.Owned normal(long seed, int n, int d) {
    return OnEmulator.normal(seed + OnEmulator.FRESH, n, d);
  }

  /** Around the f64 tile of 64, one row, and more rows than one part of a product takes. */
  @ParameterizedTest
  @CsvSource({"1,3", "40,63", "70,65", "1024,2", "1025,3"})
  void momentsEqualTheSpecification(int n, int d) {
    try (Backend cuda = OnEmulator.cuda("panama");
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned x = normal(3, n, d);
        Matrix.Owned y = normal(4, n, 5)) {
      double[] mean = scalar.algebra().means(x);
      double[] other = scalar.algebra().means(y);
      assertArrayEquals(mean, cuda.algebra().means(x), 1e-14);
      for (boolean unit : List.of(false, true)) {
        assertClose(scalar.algebra().scatter(x, mean, unit), cuda.algebra().scatter(x, mean, unit));
        assertClose(scalar.algebra().gram(x, null, unit), cuda.algebra().gram(x, null, unit));
        assertClose(scalar.algebra().gram(x, mean, unit), cuda.algebra().gram(x, mean, unit));
        assertArrayEquals(
            scalar.algebra().squaredLengths(x, mean, unit),
            cuda.algebra().squaredLengths(x, mean, unit),
            1e-11);
      }
      assertClose(
          scalar.algebra().crossScatter(x, mean, y, other),
          cuda.algebra().crossScatter(x, mean, y, other));
    }
  }

  @Test
  void partsOfAProduct() {
    assertEquals(1024, CudaAlgebra.part(4, 1, 1025));
    assertEquals(1024, CudaAlgebra.part(4, 1, 1 << 20));
    assertEquals(2048, CudaAlgebra.part(4, 1, 1 << 21));
    assertEquals(Math.ceilDiv(100_000, 7), CudaAlgebra.part(768 * 768, 144, 100_000));
    // No room for parts, or tiles enough: the whole.
    assertEquals(5000, CudaAlgebra.part(1 << 24, 4096, 5000));
  }

  private static void assertClose(Matrix64 want, Matrix64 got) {
    try (want;
        got) {
      assertEquals(want.rows(), got.rows());
      for (int i = 0; i < want.rows(); i++) {
        for (int j = 0; j < want.columns(); j++) {
          assertEquals(want.get(i, j), got.get(i, j), 1e-11 * (1 + Math.abs(want.get(i, j))));
        }
      }
    }
  }

  @Test
  void saysWhatRanOnTheHost() {
    try (Backend cuda = OnEmulator.cuda("panama");
        Matrix64 a = Matrix64.of(new double[] {4, 2}, new double[] {2, 3})) {
      assertEquals(List.of(), cuda.hostOperations());
      cuda.algebra().eigenvalues(a);
      assertEquals(List.of("algebra.eigenvalues"), cuda.hostOperations());
    }
  }
}
