package org.geodex.entropy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.matrix.Matrix;
import org.geodex.statistics.Jackknife;
import org.junit.jupiter.api.Test;

class JackknifeMomentsTest {
  private static final int N = 90;
  private static final int D = 7;
  private static final long[] BOUNDS = {0, 20, 55, 90};

  private static Matrix.Owned rows(int from, int to) {
    Random random = new Random(3);
    Matrix.Owned rows = Matrix.allocate(N - (to - from), D);
    int kept = 0;
    for (int i = 0; i < N; i++) {
      float[] row = new float[D];
      for (int j = 0; j < D; j++) {
        row[j] = (float) (random.nextGaussian() * (j + 1) + i % 5);
      }
      if (i < from || i >= to) {
        rows.setRow(kept++, row);
      }
    }
    return rows;
  }

  /** Against moments of rows that were really left out. */
  @Test
  void leavingOutIsAsIfTheRowsWereNotThere() {
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Matrix.Owned x = rows(0, 0);
        JackknifeMoments moments = JackknifeMoments.of(backend, x, RowForm.UNIT, BOUNDS);
        SecondMoment whole = SecondMoment.of(backend, x, RowForm.UNIT)) {
      assertEquals(MatrixEntropy.of(whole), MatrixEntropy.of(moments.all()), 1e-12);
      double[] without = new double[3];
      for (int b = 0; b < 3; b++) {
        try (Matrix.Owned rest = rows((int) BOUNDS[b], (int) BOUNDS[b + 1]);
            SecondMoment moment = SecondMoment.of(backend, rest, RowForm.UNIT)) {
          without[b] = MatrixEntropy.of(moment);
        }
      }
      double expected = Jackknife.standardError(without);
      assertEquals(expected, moments.standardError(MatrixEntropy::of), 1e-10);
      assertTrue(expected > 1e-3);
    }
  }

  @Test
  void fewBlocksOrFewRowsHaveNoError() {
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Matrix.Owned x = rows(0, 0);
        JackknifeMoments two = JackknifeMoments.of(backend, x, RowForm.CENTRED, 0, 40, N);
        JackknifeMoments wide =
            JackknifeMoments.of(backend, x.rows(0, 6), RowForm.CENTRED, 0, 2, 4, 6)) {
      assertTrue(Double.isNaN(two.standardError(ParticipationRatio::of)));
      assertTrue(Double.isNaN(wide.standardError(ParticipationRatio::of)));
    }
  }
}
