package org.geodex.alignment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import org.geodex.activation.LayerStates;
import org.geodex.activation.Pooling;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.ModelConfig;
import org.geodex.model.Stack;
import org.geodex.model.TokenBatch;
import org.geodex.model.Tokenizer;

/**
 * Documents as the published code of arXiv 2505.20333 represents them: cut to 128 positions, padded
 * to 128, and averaged over all 128, padding included. The attention does not see the padding, the
 * mean does; so the shorter a document, the more of its row is padding. For comparison only.
 *
 * <p>A model that takes fewer positions is given as many as it takes. Of T5 the encoder. Owns its
 * rows.
 */
public final class PaddedPooling implements AutoCloseable {
  private static final int POSITIONS = 128;

  private final List<Matrix.Owned> states = new ArrayList<>();
  private int documents;

  private PaddedPooling() {}

  /**
   * Runs a model over documents.
   *
   * @param done gets the number of documents after each batch
   */
  public static PaddedPooling run(
      Backend backend,
      Model model,
      Tokenizer tokenizer,
      List<String> documents,
      int batch,
      IntConsumer done) {
    ModelConfig config = model.config();
    int length = Math.min(POSITIONS, config.maxLength());
    TokenTable table = TokenTable.of(documents, tokenizer, length);
    List<TokenTable.Window> windows = firstWindows(table);
    PaddedPooling pooling = new PaddedPooling();
    pooling.documents = windows.size();
    try {
      for (int layer = 0; layer <= config.layers(); layer++) {
        pooling.states.add(Matrix.allocate(windows.size(), config.width()));
      }
      for (int from = 0; from < windows.size(); from += batch) {
        List<TokenTable.Window> some =
            windows.subList(from, Math.min(from + batch, windows.size()));
        pooling.add(model, padded(table, some, length, config.padToken()), from);
        done.accept(some.size());
      }
      return pooling;
    } catch (Throwable e) {
      pooling.close();
      throw e;
    }
  }

  private static List<TokenTable.Window> firstWindows(TokenTable table) {
    List<TokenTable.Window> first = new ArrayList<>();
    for (TokenTable.Window window : table.windows()) {
      if (table.documents()[window.first()] == first.size()) {
        first.add(window);
      }
    }
    return first;
  }

  private static TokenBatch padded(
      TokenTable table, List<TokenTable.Window> windows, int length, int pad) {
    int[][] ids = new int[windows.size()][length];
    int[][] mask = new int[windows.size()][length];
    for (int w = 0; w < ids.length; w++) {
      TokenTable.Window window = windows.get(w);
      Arrays.fill(ids[w], pad);
      System.arraycopy(table.tokens(), window.first(), ids[w], 0, window.length());
      Arrays.fill(mask[w], 0, window.length(), 1);
    }
    return TokenBatch.of(ids, mask);
  }

  private void add(Model model, TokenBatch batch, int first) {
    int[] groups = new int[batch.size() * batch.length()];
    Arrays.setAll(groups, i -> i / batch.length());
    Stack stack = model.config().reader();
    try (Activations activations = model.forward(batch, Keep.hiddenStates(), LayerHook.NONE)) {
      for (int layer = 0; layer < states.size(); layer++) {
        Matrix all = activations.get(stack.hiddenName(layer));
        try (Matrix.Owned means = Pooling.mean(all, groups, batch.size())) {
          states
              .get(layer)
              .rows(first, first + (long) batch.size())
              .segment()
              .copyFrom(means.segment());
        }
      }
    }
  }

  /** One row a document in each hidden state; belongs to this object. */
  public LayerStates states() {
    int[] numbers = new int[documents];
    Arrays.setAll(numbers, i -> i);
    return LayerStates.view(states, numbers, numbers, List.of());
  }

  @Override
  public void close() {
    states.forEach(Matrix.Owned::close);
  }
}
