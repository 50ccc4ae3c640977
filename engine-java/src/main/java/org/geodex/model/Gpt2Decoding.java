package org.geodex.model;

import java.util.Arrays;
import org.geodex.matrix.Matrix;

/** Prompts of GPT-2, padded in front so that all of them grow at the same place. */
final class Gpt2Decoding implements Decoding {
  private final Gpt2Model model;
  private final LayerHook hook;
  private final KeyValueCache cache;
  private int[][] ids;
  private int[][] mask;
  private int fresh;

  Gpt2Decoding(Gpt2Model model, int[][] prompts, int newTokens, boolean cached, LayerHook hook) {
    Generation.Padded padded = Generation.Padded.of(prompts, model.config().padToken(), true);
    this.model = model;
    this.hook = hook;
    this.ids = padded.ids();
    this.mask = padded.mask();
    this.fresh = ids[0].length;
    Gpt2Config config = model.config();
    int capacity = ids[0].length + newTokens;
    this.cache =
        cached
            ? new KeyValueCache(
                model.backend, config.layers(), prompts.length, capacity, config.width())
            : null;
  }

  @Override
  public Matrix logits() {
    int length = ids[0].length;
    int from = cache == null ? 0 : length - fresh;
    int[][] tokens = columns(ids, from);
    TokenBatch batch = new TokenBatch(tokens, null, null, columns(positions(), from), null, null);
    return model.nextLogits(batch, TransformerModel.keyMask(mask), cache, hook);
  }

  private static int[][] columns(int[][] rows, int from) {
    return Arrays.stream(rows)
        .map(row -> Arrays.copyOfRange(row, from, row.length))
        .toArray(int[][]::new);
  }

  /**
   * Places counted over the tokens that are not padding; 1 for padding, as the reference has it.
   */
  private int[][] positions() {
    int[][] positions = new int[ids.length][ids[0].length];
    for (int b = 0; b < ids.length; b++) {
      int next = 0;
      for (int i = 0; i < ids[b].length; i++) {
        positions[b][i] = mask[b][i] == 1 ? next++ : 1;
      }
    }
    return positions;
  }

  @Override
  public void append(int[] tokens) {
    for (int b = 0; b < tokens.length; b++) {
      ids[b] = extended(ids[b], tokens[b]);
      mask[b] = extended(mask[b], 1);
    }
    fresh = 1;
  }

  static int[] extended(int[] row, int value) {
    int[] longer = Arrays.copyOf(row, row.length + 1);
    longer[row.length] = value;
    return longer;
  }

  @Override
  public void close() {
    if (cache != null) {
      cache.close();
    }
  }
}
