package org.geodex.token;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.error.InputException;
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

  /** Rows in the plane of the first two of five columns, in both bases. */
  @Test
  void theGramSideEqualsTheColumnSide() {
    Random random = new Random(5);
    double[][] x = centred(random, 4, 9);
    double[][] y = centred(random, 3, 9);
    try (Backend cpu = new CpuBackend(1, 1 << 30);
        Matrix64 a = covariance(x, 0.3);
        Matrix64 b = covariance(y, 0.3)) {
      CovarianceDistance inside = CovarianceDistance.between(cpu, x, y, 0.3);
      assertEquals(
          CovarianceDistance.buresWasserstein(cpu, a, b), inside.buresWasserstein(), 1e-10);
      assertEquals(CovarianceDistance.affineInvariant(cpu, a, b), inside.affineInvariant(), 1e-10);
      assertEquals(CovarianceDistance.logEuclidean(cpu, a, b), inside.logEuclidean(), 1e-10);
    }
  }

  private static double[][] centred(Random random, int n, int d) {
    double[][] rows = new double[n][];
    for (int i = 0; i < n; i++) {
      rows[i] = random.doubles(d, -1, 1).toArray();
    }
    for (int j = 0; j < d; j++) {
      double mean = 0;
      for (double[] row : rows) {
        mean += row[j] / n;
      }
      for (double[] row : rows) {
        row[j] -= mean;
      }
    }
    return rows;
  }

  /** (1 − s)·C + s·(tr C/d)·I over n − 1, written out. */
  private static Matrix64 covariance(double[][] rows, double s) {
    int d = rows[0].length;
    double[][] c = new double[d][d];
    double trace = 0;
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        for (double[] row : rows) {
          c[i][j] += row[i] * row[j] / (rows.length - 1);
        }
      }
      trace += c[i][i];
    }
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        c[i][j] = (1 - s) * c[i][j] + (i == j ? s * trace / d : 0);
      }
    }
    return Matrix64.of(c);
  }

  @Test
  void singularCovariancesNeedShrinkage() {
    double[][] line = {{-1, -1}, {1, 1}};
    double[][] across = {{-1, 1}, {1, -1}};
    try (Backend cpu = new CpuBackend(1, 1 << 30)) {
      // Eigenvalues (3, 1) and (1, 3) of 4·½ along and ½·2 across, in one basis.
      assertEquals(
          2 * Math.pow(Math.sqrt(3) - 1, 2),
          Math.pow(CovarianceDistance.between(cpu, line, across, 0.5).buresWasserstein(), 2),
          1e-12);
      assertThrows(InputException.class, () -> CovarianceDistance.between(cpu, line, across, 0));
      assertThrows(
          InputException.class,
          () -> CovarianceDistance.between(cpu, new double[][] {{0, 0}}, line, 0.5));
    }
  }
}
