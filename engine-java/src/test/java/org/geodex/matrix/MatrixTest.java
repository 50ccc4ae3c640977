package org.geodex.matrix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class MatrixTest {
  @Test
  void aViewOfRowsSharesTheMemory() {
    try (Matrix.Owned x = Matrix.of(new float[] {1, 2}, new float[] {3, 4})) {
      Matrix.View second = x.rows(1, 2);
      second.set(0, 1, 5);
      assertArrayEquals(new float[] {3, 5}, x.toArray()[1]);
      assertEquals(0, x.segment().address() % 64);
    }
  }

  @Test
  void useAfterCloseIsRefused() {
    Matrix.Owned x = Matrix.of(new float[] {1});
    Matrix.View view = x.rows(0, 1);
    x.close();
    x.close();
    assertThrows(IllegalStateException.class, () -> x.get(0, 0));
    assertThrows(IllegalStateException.class, () -> view.get(0, 0));
  }

  @Test
  void rowsOfDifferentLengthAreRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> Matrix.of(new float[] {1, 2}, new float[] {3}));
  }
}
