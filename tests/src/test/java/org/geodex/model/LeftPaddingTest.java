package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Padding on the left changes nothing that a token sees: each token's states are those of the
 * sequence alone, where its position is counted from its own start. GPT-2 and BERT count positions
 * from the left edge unless told otherwise; RoBERTa counts from the padding, T5 knows distances
 * only.
 */
class LeftPaddingTest {
  private static final int PADDING = 3;

  @ParameterizedTest
  @CsvSource({
    "gpt2-lm-4l, 0, true",
    "bert-hub-4l, 0, true",
    "bert-plain-4l, 0, true",
    "roberta-hub-4l, 1, false",
    "t5-encoder-2l, 0, false"
  })
  void tokensAreAsWithoutPadding(String name, int padToken, boolean positions) {
    int[] ids = {7, 4, 11, 5, 9, 6};
    int[] padded = left(ids, padToken);
    int[] mask = left(new int[] {1, 1, 1, 1, 1, 1}, 0);
    int[][] places = positions ? new int[][] {left(new int[] {0, 1, 2, 3, 4, 5}, 0)} : null;
    TokenBatch batch =
        new TokenBatch(new int[][] {padded}, new int[][] {mask}, null, places, null, null);
    try (Backend backend = Backends.open(BackendOptions.defaults().withBackend("cpu"));
        Model model = Model.load(Golden.of(name).folder(), backend);
        Activations alone = model.forward(TokenBatch.of(ids), Keep.hiddenStates(), LayerHook.NONE);
        Activations behind = model.forward(batch, Keep.hiddenStates(), LayerHook.NONE)) {
      for (Activations.Tensor tensor : alone.tensors()) {
        assertRows(tensor.name(), tensor.values(), behind.get(tensor.name()));
      }
    }
  }

  private static int[] left(int[] values, int padding) {
    int[] padded = new int[PADDING + values.length];
    Arrays.fill(padded, padding);
    System.arraycopy(values, 0, padded, PADDING, values.length);
    return padded;
  }

  private static void assertRows(String name, Matrix expected, Matrix actual) {
    assertEquals(expected.rows() + PADDING, actual.rows(), name);
    for (int i = 0; i < expected.rows(); i++) {
      for (int j = 0; j < expected.columns(); j++) {
        assertEquals(expected.get(i, j), actual.get(PADDING + i, j), 1e-5, name);
      }
    }
  }
}
