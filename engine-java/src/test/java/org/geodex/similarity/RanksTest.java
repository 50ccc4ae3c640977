package org.geodex.similarity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RanksTest {
  /** Places 0 … 6 less 3; the two zeros share 2 and 3, the three ones 4, 5 and 6. */
  @Test
  void equalValuesShareTheirMeanRank() {
    float[] values = {1, -0f, 1, -7, 0, -1e-30f, 1};
    assertArrayEquals(new double[] {2, -0.5, 2, -3, -0.5, -2, 2}, Ranks.centred(values));
  }

  /** By counting what is below and what is equal. */
  @Test
  void ranksAreCounts() {
    Random random = new Random(1);
    float[] values = new float[500];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(200) / 7f - 10;
    }
    double[] expected = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      for (float other : values) {
        expected[i] += other < values[i] ? 1 : other == values[i] ? 0.5 : 0;
      }
      expected[i] -= 0.5 + (values.length - 1) / 2.0;
    }
    assertArrayEquals(expected, Ranks.centred(values), 1e-12, Arrays.toString(values));
  }
}
