package org.geodex.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

class LinearProbeTest {
  private static final int N = 2000;

  @Test
  void findsAPlantedLabelAndNothingInNoise() {
    Random random = new Random(1);
    int[] labels = new int[N];
    int[] documents = new int[N];
    try (Matrix.Owned planted = Matrix.allocate(N, 24);
        Matrix.Owned noise = Matrix.allocate(N, 24)) {
      for (int i = 0; i < N; i++) {
        labels[i] = random.nextInt(4);
        documents[i] = i / 20;
        for (int j = 0; j < 24; j++) {
          float value = (float) random.nextGaussian();
          noise.set(i, j, value);
          planted.set(i, j, value + (j == labels[i] ? 6 : 0) + 100);
        }
      }
      LinearProbe probe = new LinearProbe(labels, documents, 7);
      LinearProbe.Accuracy found = probe.accuracy(planted);
      assertEquals(400, found.testRows());
      assertTrue(found.accuracy() > 0.98, () -> "accuracy " + found.accuracy());
      LinearProbe.Accuracy nothing = probe.accuracy(noise);
      assertEquals(0.25, nothing.accuracy(), 0.09);
      assertEquals(0.25, nothing.majority(), 0.09);
      assertEquals(found, probe.accuracy(planted), "same input, same result");
    }
  }

  /** A label that is only the document's own mark cannot be learned from other documents. */
  @Test
  void documentsAreNotSplit() {
    Random random = new Random(2);
    int[] labels = new int[N];
    int[] documents = new int[N];
    try (Matrix.Owned x = Matrix.allocate(N, 120)) {
      x.fill(0);
      for (int i = 0; i < N; i++) {
        documents[i] = i / 20;
        labels[i] = documents[i] * 7 % 3;
        x.set(i, documents[i], 1 + (float) random.nextGaussian() * 0.1f);
      }
      double accuracy = new LinearProbe(labels, documents, 7).accuracy(x).accuracy();
      assertTrue(accuracy < 0.6, () -> "accuracy " + accuracy);
    }
  }

  @Test
  void rowsWithoutALabelAreLeftOutAndTooFewDocumentsRefused() {
    int[] labels = {0, 1, -1, 0, 1, 0, 1};
    assertThrows(
        InputException.class, () -> new LinearProbe(labels, new int[] {0, 0, 1, 1, 2, 2, 3}, 0));
  }
}
