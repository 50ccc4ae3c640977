package org.geodex.token;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.corpus.ShippedModels;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.Stack;
import org.geodex.model.TokenBatch;
import org.junit.jupiter.api.Test;

class AttentionScoresTest {
  private static final int N = 7;
  private static final int LAST = 1;

  /** Rollout as the full product of ½(A + I) over the layers, written out. */
  @Test
  void rolloutIsARowOfTheProduct() {
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Model model = Model.load(ShippedModels.folder("gpt2-16"), backend);
        Activations pass =
            model.forward(
                TokenBatch.of(new int[] {5, 9, 11, 30, 2, 17, 8}),
                Keep.layers(IntStream.rangeClosed(0, LAST).toArray()).withAttentions(),
                LayerHook.NONE)) {
      double[][] product = identity();
      double[] mean = null;
      for (int layer = 0; layer <= LAST; layer++) {
        double[][] half = half(pass.get(Stack.ONLY.attentionName(layer)));
        mean = half[5].clone();
        product = times(half, product);
      }
      AttentionScores scores = AttentionScores.of(pass, Stack.ONLY, LAST, N, 5);
      assertArrayEquals(product[5], scores.rollout(), 1e-12);
      for (int key = 0; key < N; key++) {
        double expected = 2 * mean[key] - (key == 5 ? 1 : 0);
        assertEquals(expected, scores.mean()[key], 1e-12);
      }
      assertEquals(3, scores.between(1, 4).rollout().length);
      assertEquals(scores.heads()[0][2], scores.between(1, 4).heads()[0][1]);
    }
  }

  private static double[][] identity() {
    double[][] identity = new double[N][N];
    for (int i = 0; i < N; i++) {
      identity[i][i] = 1;
    }
    return identity;
  }

  private static double[][] half(Matrix weights) {
    double[][] half = identity();
    int heads = (int) (weights.rows() / N);
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        half[i][j] /= 2;
        for (int h = 0; h < heads; h++) {
          half[i][j] += weights.get(h * N + i, j) / (2.0 * heads);
        }
      }
    }
    return half;
  }

  private static double[][] times(double[][] a, double[][] b) {
    double[][] c = new double[N][N];
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        for (int k = 0; k < N; k++) {
          c[i][j] += a[i][k] * b[k][j];
        }
      }
    }
    return c;
  }
}
