package org.geodex.activation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

class PoolingTest {
  private static final TokenTable TABLE =
      new TokenTable(
          new int[] {0, 0, 0, 1},
          new int[] {0, 0, 1, 1},
          new int[] {0, 1, 2, 0},
          new int[] {5, 6, 7, 8},
          new int[] {0, 3, 6, 0},
          List.of(),
          List.of());

  @Test
  void groupsAreSentencesOfEveryDocument() {
    int[] groups = Pooling.sentences(TABLE);
    assertArrayEquals(new int[] {0, 0, 1, 2}, groups);
    float[][] rows = {{1, 2}, {3, 6}, {5, 5}, {7, 8}};
    try (Matrix.Owned x = Matrix.of(rows);
        Matrix.Owned mean = Pooling.mean(x, groups, 3);
        Matrix.Owned last = Pooling.last(x, groups, 3)) {
      assertArrayEquals(new float[][] {{2, 4}, {5, 5}, {7, 8}}, mean.toArray());
      assertArrayEquals(new float[][] {{3, 6}, {5, 5}, {7, 8}}, last.toArray());
    }
  }
}
