package org.geodex.backend.cuda;

import org.geodex.backend.Backend;
import org.geodex.backend.Loss;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Losses and their gradients on the emulator against the f64 specification. */
class CudaLossTest {

  @BeforeAll
  static void needsEmulator() {
    OnEmulator.require();
  }

  /** One pair; fewer than a block's threads; more. The average is begun, then moved twice. */
  @ParameterizedTest
  @CsvSource({"1,panama", "7,jcuda", "33,panama", "259,jcuda"})
  void bounds(int n, String binding) {
    try (CudaBackend cuda = OnEmulator.cuda(binding);
        Backend scalar = OnEmulator.scalar()) {
      for (boolean resident : new boolean[] {false, true}) {
        Check<Loss> check = new Check<>(scalar.loss(), cuda.loss(), cuda, resident);
        check.of(
            2 * n,
            1,
            (loss, x) -> {
              Matrix average = x[1].rows(0, 1);
              Matrix bound = x[1].rows(1, 2);
              average.fill(Float.NaN);
              loss.donskerVaradhan(x[0], 0.9, average, x[2], bound);
              loss.donskerVaradhan(x[3], 0.9, average, x[2], bound);
              loss.donskerVaradhan(x[0], 0.9, average, x[2], bound);
            });
        check.of(n, n, (loss, x) -> loss.infoNce(x[0], x[1], x[2].reshaped(1, 1)));
        check.of(n, n, (loss, x) -> loss.infoNce(x[0], null, x[2].reshaped(1, 1)));
      }
    }
  }

  /** Rows of one warp; a block of rows and one more; chunks of 4096 elements and more. */
  @ParameterizedTest
  @CsvSource({"2,1,panama", "9,3,jcuda", "33,130,panama", "130,40,jcuda"})
  void ofMaps(int n, int d, String binding) {
    try (CudaBackend cuda = OnEmulator.cuda(binding);
        Backend scalar = OnEmulator.scalar()) {
      for (boolean resident : new boolean[] {false, true}) {
        Check<Loss> check = new Check<>(scalar.loss(), cuda.loss(), cuda, resident);
        check.of(n, d, (loss, x) -> loss.residual(x[0], x[1], 3, x[2], x[3].reshaped(1, 1)));
        check.of(n, d, (loss, x) -> loss.residual(x[0], x[1], 3, null, x[3].reshaped(1, 1)));
        check.of(n, d, (loss, x) -> loss.pull(x[0], x[1], 0.7, false));
        check.of(n, d, (loss, x) -> loss.pull(x[0], x[1], 70, true));
        check.of(
            3 * n, d, (loss, x) -> loss.curvature(x[0], n, 2.5, 0.3, x[1], x[2].reshaped(1, 1)));
        check.of(
            3 * n, d, (loss, x) -> loss.curvature(x[0], n, 2.5, 0.3, null, x[2].reshaped(1, 1)));
        check.of(n, d, (loss, x) -> stress(loss, x, 0.5, true));
        check.of(n, d, (loss, x) -> stress(loss, x, 0, false));
        check.of(
            n,
            d,
            (loss, x) -> stress(loss, new Matrix[] {x[0].fill(0), x[1], x[2], x[3]}, 1, true));
      }
    }
  }

  /** Distances that depend on i and j alone, in columns of different scales. */
  private static void stress(Loss loss, Matrix[] x, double weight, boolean scaled) {
    int n = x[0].intRows();
    try (Matrix.Owned distances = Matrix.allocate(n, n)) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          distances.set(i, j, Math.abs(i - j) + (i == j ? 0 : 1f / (1 + i + j)));
        }
      }
      Matrix scale = scaled ? x[3].rows(0, 1) : null;
      Matrix gradient = weight == 0 ? null : x[1];
      loss.stress(x[0], scale, distances, weight, gradient, x[2].reshaped(1, 1));
    }
  }
}
