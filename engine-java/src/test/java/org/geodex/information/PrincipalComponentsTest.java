package org.geodex.information;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

class PrincipalComponentsTest {
  /** Variances 9, 4, 0.01 along rotated axes: the scores have them back, and are uncorrelated. */
  @Test
  void scoresHaveThePlantedVariances() {
    Random random = new Random(5);
    int n = 4000;
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned x = Matrix.allocate(n, 3)) {
      double c = Math.cos(0.7);
      double s = Math.sin(0.7);
      for (int i = 0; i < n; i++) {
        double a = 3 * random.nextGaussian();
        double b = 2 * random.nextGaussian();
        x.setRow(
            i,
            new float[] {
              (float) (c * a - s * b + 100),
              (float) (s * a + c * b),
              (float) (0.1 * random.nextGaussian())
            });
      }
      try (Matrix.Owned scores = PrincipalComponents.scores(backend, x, 2)) {
        double[] moments = new double[3];
        for (int i = 0; i < n; i++) {
          moments[0] += scores.get(i, 0) * scores.get(i, 0) / n;
          moments[1] += scores.get(i, 1) * scores.get(i, 1) / n;
          moments[2] += scores.get(i, 0) * scores.get(i, 1) / n;
        }
        assertEquals(9, moments[0], 0.5);
        assertEquals(4, moments[1], 0.25);
        assertEquals(0, moments[2], 1e-3);
      }
      assertThrows(UsageException.class, () -> PrincipalComponents.scores(backend, x, 4));
    }
  }
}
