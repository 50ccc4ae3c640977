package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.geodex.activation.LayerStates;
import org.geodex.alignment.PaddedPooling;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --compat reference}: the mean over a document's positions and its padding. */
class PaddedPoolingTest {
  private static final List<String> DOCUMENTS =
      List.of("The cat sat.", "A dog. The cat sat on a dog.", "The dog sat on the cat!");

  @Test
  void aRowIsTheMeanOverAllPositionsWithPadding(@TempDir Path folder) {
    Path checkpoint = ActivationsTextTest.model(folder, "bert-hub-4l", "word-pieces");
    try (Backend backend = Backends.open(BackendOptions.defaults().withBackend("cpu"));
        Model model = Model.load(checkpoint, backend);
        Tokenizer tokenizer = Tokenizer.load(checkpoint);
        PaddedPooling pooled =
            PaddedPooling.run(backend, model, tokenizer, DOCUMENTS, 2, done -> {})) {
      int length = Math.min(128, model.config().maxLength());
      LayerStates states = pooled.states();
      for (int document = 0; document < DOCUMENTS.size(); document++) {
        int[] tokens = tokenizer.encode(DOCUMENTS.get(document), true).ids();
        int[] ids = Arrays.copyOf(tokens, length);
        Arrays.fill(ids, tokens.length, length, model.config().padToken());
        int[] mask = new int[length];
        Arrays.fill(mask, 0, tokens.length, 1);
        TokenBatch alone = TokenBatch.of(new int[][] {ids}, new int[][] {mask});
        try (Activations all = model.forward(alone, Keep.hiddenStates(), LayerHook.NONE)) {
          for (int layer = 0; layer <= states.layers(); layer++) {
            assertMean(all.get(Stack.ONLY.hiddenName(layer)), states.states().get(layer), document);
          }
        }
      }
    }
  }

  private static void assertMean(Matrix positions, Matrix means, int row) {
    for (int j = 0; j < positions.columns(); j++) {
      double sum = 0;
      for (int i = 0; i < positions.rows(); i++) {
        sum += positions.get(i, j);
      }
      assertEquals(sum / positions.rows(), means.get(row, j), 1e-5);
    }
  }
}
