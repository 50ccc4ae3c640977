package org.geodex.token;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;
import org.junit.jupiter.api.Test;

class CovarianceDistanceTest {

  /** Commuting matrices: eigenvalues (4, 1) and (1, 9) in one rotated basis. */
  @Test
  void commutingMatricesHaveClosedForms() {
    try (Backend cpu = new CpuBackend(2, 1 << 30);
        Matrix64 a = rotated(4, 1);
        Matrix64 b = rotated(1, 9)) {
      assertEquals(
          Math.sqrt(1 + 4), CovarianceDistance.buresWasserstein(cpu, a, b), 1e-12, "√λ differ");
      double logs = Math.hypot(Math.log(4), Math.log(9));
      assertEquals(logs, CovarianceDistance.affineInvariant(cpu, a, b), 1e-12);
      assertEquals(logs, CovarianceDistance.logEuclidean(cpu, a, b), 1e-12);
      assertEquals(0, CovarianceDistance.affineInvariant(cpu, a, a), 1e-12);
      assertEquals(0, CovarianceDistance.buresWasserstein(cpu, a, a), 1e-7);
    }
  }

  private static Matrix64 rotated(double first, double second) {
    double c = Math.cos(0.4);
    double s = Math.sin(0.4);
    double mixed = (first - second) * c * s;
    return Matrix64.of(
        new double[] {first * c * c + second * s * s, mixed},
        new double[] {mixed, first * s * s + second * c * c});
  }

  @Test
  void singularCovariancesNeedShrinkage() {
    try (Backend cpu = new CpuBackend(1, 1 << 30);
        Matrix.Owned x = Matrix.of(new float[] {0, 0}, new float[] {1, 1});
        Matrix64 singular = CovarianceDistance.covariance(cpu, x, 0);
        Matrix64 shrunk = CovarianceDistance.covariance(cpu, x, 0.5)) {
      assertEquals(0.5, singular.get(0, 1), 1e-15);
      assertEquals(0.25, shrunk.get(0, 1), 1e-15);
      assertEquals(0.5, shrunk.get(0, 0), 1e-15);
      assertThrows(
          InputException.class, () -> CovarianceDistance.logEuclidean(cpu, singular, shrunk));
      assertThrows(InputException.class, () -> CovarianceDistance.covariance(cpu, x.rows(0, 1), 0));
    }
  }
}
