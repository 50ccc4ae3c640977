package org.geodex.token;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

class SentenceStudyTest {
  private static final int SENTENCES = 12;
  private static final int LENGTH = 40;

  /** Two documents that differ in the shape of their sentences alone: one long in x, one in y. */
  @Test
  void shapesAreFoundByCovariancesAndNotByMeans() {
    int n = SENTENCES * LENGTH;
    int[] documents = new int[n];
    int[] sentences = new int[n];
    Random random = new Random(3);
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned x = Matrix.allocate(n, 3)) {
      for (int i = 0; i < n; i++) {
        documents[i] = i < n / 2 ? 0 : 1;
        sentences[i] = i / LENGTH;
        for (int j = 0; j < 3; j++) {
          x.set(i, j, (float) ((j == documents[i] ? 10 : 1) * random.nextGaussian()));
        }
      }
      Map<String, Object> result =
          new SentenceStudy(100, 1).run(backend, x, documents, sentences, null);
      assertEquals(SENTENCES, result.get("sentences"));
      assertEquals(5 / 11.0, (double) result.get("chance"), 1e-12);
      for (String name : new String[] {"bures_wasserstein", "affine_invariant", "log_euclidean"}) {
        assertEquals(1, mean(result, name), name);
      }
      assertTrue(mean(result, "mean_euclidean") < 0.9, "" + mean(result, "mean_euclidean"));
      assertThrows(
          InputException.class,
          () -> new SentenceStudy(100, 1).run(backend, x, new int[n], sentences, null));
    }
  }

  private static double mean(Map<String, Object> result, String name) {
    return (double) ((Map<?, ?>) result.get(name)).get("mean");
  }
}
