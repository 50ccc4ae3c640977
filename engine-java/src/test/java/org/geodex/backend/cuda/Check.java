package org.geodex.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.function.BiConsumer;
import org.geodex.matrix.Matrix;

/**
 * Runs a part of a family on four random matrices, by the specification and by the device, and
 * compares all four after it.
 *
 * @param resident whether the device's matrices lie on it
 */
record Check<T>(T specification, T family, CudaBackend cuda, boolean resident) {
  /** A few roundings of f32. */
  private static final float RTOL = 4e-6f;

  void of(int n, int d, BiConsumer<T, Matrix[]> part) {
    Matrix.Owned[] expected = new Matrix.Owned[4];
    Matrix.Owned[] found = new Matrix.Owned[4];
    for (int k = 0; k < 4; k++) {
      expected[k] = OnEmulator.normal(10 + k + OnEmulator.FRESH, n, d);
      found[k] = resident ? cuda.allocate(n, d) : Matrix.allocate(n, d);
      found[k].copyFrom(expected[k]);
    }
    part.accept(specification, expected);
    part.accept(family, found);
    for (int k = 0; k < 4; k++) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < d; j++) {
          float value = expected[k].get(i, j);
          String where = "matrix %d (%d, %d) of %d x %d".formatted(k, i, j, n, d);
          assertEquals(value, found[k].get(i, j), RTOL * Math.max(1, Math.abs(value)), where);
        }
      }
      expected[k].close();
      found[k].close();
    }
  }
}
