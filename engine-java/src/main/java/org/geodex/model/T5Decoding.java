package org.geodex.model;

import java.util.Arrays;
import org.geodex.matrix.Matrix;

/** Answers of T5: the encoder has read the prompts once, the decoder grows from its start token. */
final class T5Decoding implements Decoding {
  private final T5Model model;
  private final LayerHook hook;
  private final T5Model.Encoded source;
  private final Matrix.Owned encoded;
  private final KeyValueCache cache;
  private final KeyValueCache cross;
  private int[][] ids;
  private int fresh = 1;

  T5Decoding(T5Model model, int[][] prompts, int newTokens, boolean cached, LayerHook hook) {
    T5Config config = model.config();
    Generation.Padded padded = Generation.Padded.of(prompts, config.padToken(), false);
    this.model = model;
    this.hook = hook;
    int length = padded.ids()[0].length;
    TokenBatch batch = TokenBatch.of(padded.ids(), padded.mask());
    this.encoded = model.encode(batch, hook);
    this.source = new T5Model.Encoded(encoded, length, TransformerModel.keyMask(padded.mask()));
    this.ids = new int[prompts.length][];
    Arrays.setAll(ids, b -> new int[] {config.startToken()});
    int layers = config.decoderLayers();
    int width = config.innerWidth();
    this.cache =
        cached ? new KeyValueCache(model.backend, layers, prompts.length, newTokens, width) : null;
    this.cross =
        cached ? new KeyValueCache(model.backend, layers, prompts.length, length, width) : null;
  }

  @Override
  public Matrix logits() {
    int from = cache == null ? 0 : ids[0].length - fresh;
    int[][] tokens =
        Arrays.stream(ids)
            .map(row -> Arrays.copyOfRange(row, from, row.length))
            .toArray(int[][]::new);
    return model.nextLogits(tokens, source, cache, cross, hook);
  }

  @Override
  public void append(int[] tokens) {
    for (int b = 0; b < tokens.length; b++) {
      ids[b] = Gpt2Decoding.extended(ids[b], tokens[b]);
    }
    fresh = 1;
  }

  @Override
  public void close() {
    encoded.close();
    if (cache != null) {
      cache.close();
      cross.close();
    }
  }
}
