package org.geodex.alignment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.geodex.backend.Backend;
import org.geodex.backend.ColumnMoments;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.divergence.KlGaussianDiagonal;
import org.geodex.information.Samples;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

class AffineMapTest {
  private final Backend cpu = new CpuBackend(2, 1L << 30);

  /** f32 rounding of 40 columns of size up to 50. */
  @Test
  void procrustesRecoversAPlantedRotation() {
    ScaleRows rows = Planted.rows(60, 40, 0, 1, Planted.isometry());
    try (AffineMap map = AffineMap.procrustes(cpu, rows.global(), rows.intermediate());
        Matrix.Owned mapped = map.apply(cpu, rows.global())) {
      assertEquals(0, largestDifference(mapped, rows.intermediate()), 2e-5);
    } finally {
      Planted.close(rows);
    }
  }

  /** With 400 rows of 6 columns and noise of variance 0.01 a fit leaves 0.01·(1 + 6/400). */
  @Test
  void ridgeRecoversALinearMapUpToItsNoise() {
    ScaleRows rows = Planted.rows(600, 6, 0.1, 2, Planted.isometry());
    Matrix x = rows.global();
    Matrix y = rows.intermediate();
    try (AffineMap map =
            AffineMap.ridge(
                cpu, x.rows(0, 400), y.rows(0, 400), x.rows(400, 500), y.rows(400, 500));
        Matrix.Owned mapped = map.apply(cpu, x.rows(500, 600))) {
      double sum = 0;
      for (int i = 0; i < 100; i++) {
        for (int j = 0; j < 6; j++) {
          double difference = mapped.get(i, j) - y.get(500 + i, j);
          sum += difference * difference;
        }
      }
      // 600 squares of normals have a standard deviation of 6 %.
      assertEquals(0.01 * (1 + 6.0 / 400), sum / 600, 0.0018);
    } finally {
      Planted.close(rows);
    }
  }

  @Test
  void momentsTakeTheKlAwayAndNothingElse() {
    try (Matrix.Owned x = Samples.normal(1, 80, 7);
        Matrix.Owned y = Samples.normal(2, 80, 7);
        AffineMap map = AffineMap.moments(cpu, x, y);
        Matrix.Owned mapped = map.apply(cpu, x)) {
      assertEquals(0, KlGaussianDiagonal.of(cpu, mapped, y, 0), 1e-10);
      ColumnMoments moments = cpu.information().columnMoments(mapped);
      assertEquals(cpu.information().columnMoments(y).means()[3], moments.means()[3], 1e-6);
    }
  }

  @Test
  void identityIsExact() {
    try (Matrix.Owned x = Samples.normal(1, 33, 7);
        AffineMap map = AffineMap.identity(7);
        Matrix.Owned mapped = map.apply(cpu, x)) {
      assertTrue(mapped.segment().mismatch(x.segment()) < 0);
    }
  }

  private static double largestDifference(Matrix a, Matrix b) {
    double largest = 0;
    for (int i = 0; i < a.rows(); i++) {
      for (int j = 0; j < a.columns(); j++) {
        largest = Math.max(largest, Math.abs(a.get(i, j) - b.get(i, j)));
      }
    }
    return largest;
  }
}
