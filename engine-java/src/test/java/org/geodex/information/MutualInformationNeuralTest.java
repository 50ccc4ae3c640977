package org.geodex.information;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

class MutualInformationNeuralTest {
  private static final int N = 1500;
  private static final double RHO = 0.8;

  /** Two pairs of correlation 0.8. */
  private static final double TRUTH = -Math.log(1 - RHO * RHO);

  private final Backend two = new CpuBackend(2, 1L << 30);
  private final Backend one = new CpuBackend(1, 1L << 30);
  private final NeuralParameters parameters =
      new NeuralParameters(new int[] {24, 12}, 100, 25, 8, 2e-3, 1e-4, 5, 0.99, 7);

  @Test
  void boundsComeNearTheTruthAndShufflingGivesNothing() {
    try (Matrix.Owned x = Samples.normal(1, N, 2);
        Matrix.Owned y = Samples.correlated(2, x, RHO)) {
      int[] apart = new int[N];
      for (int i = 0; i < N; i++) {
        apart[i] = (i + N / 2) % N;
      }
      NeuralEstimate mine = MutualInformationMine.of(two, x, y, null, parameters);
      NeuralEstimate contrast = MutualInformationInfoNce.of(two, x, y, null, parameters);
      assertEquals(TRUTH, mine.value(), 0.2);
      assertEquals(TRUTH, contrast.value(), 0.2);
      assertEquals(0, MutualInformationMine.of(two, x, y, apart, parameters).value(), 0.1);
      assertEquals(0, MutualInformationInfoNce.of(two, x, y, apart, parameters).value(), 0.1);
      assertTrue(mine.curve().size() > mine.best());
      assertEquals(mine, MutualInformationMine.of(one, x, y, null, parameters));
      assertEquals(contrast, MutualInformationInfoNce.of(one, x, y, null, parameters));
    }
  }
}
