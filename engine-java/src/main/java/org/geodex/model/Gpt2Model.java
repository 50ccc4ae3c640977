package org.geodex.model;

import java.util.ArrayList;
import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.backend.transformer.Attention;
import org.geodex.backend.transformer.Epilogue;
import org.geodex.backend.transformer.Heads;
import org.geodex.backend.transformer.Norm;
import org.geodex.backend.transformer.Projection;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;

/**
 * GPT-2: x₀ = token + position; x += attention(norm(x)); x += forward(norm(x)) in every layer; a
 * final norm; logits by the token embedding.
 */
final class Gpt2Model extends TransformerModel {
  private final Gpt2Config config;
  private final StoredMatrix tokens;
  private final StoredMatrix positions;
  private final List<Layer> layers = new ArrayList<>();
  private final Norm finalNorm;
  private final Projection head;

  /** Weights of one layer; {@code attend} gives queries, keys and values side by side. */
  private record Layer(
      Norm norm1,
      Projection attend,
      Projection output,
      Norm norm2,
      Projection up,
      Projection down) {}

  Gpt2Model(Gpt2Config config, Checkpoint weights, Backend backend) {
    super(weights, backend);
    this.config = config;
    int d = config.width();
    String prefix = weights.has("transformer.ln_f.weight") ? "transformer." : "";
    String embedding = prefix + "wte.weight";
    if (config.tied()) {
      // Where the two are one tensor, a file may hold it under either name.
      embedding = weights.firstOf(embedding, "lm_head.weight");
    }
    tokens = weights.matrix(embedding, config.vocabulary(), d);
    positions = weights.matrix(prefix + "wpe.weight", config.positions(), d);
    for (int i = 0; i < config.layers(); i++) {
      layers.add(layer(prefix + "h." + i + "."));
    }
    finalNorm = layerNorm(prefix + "ln_f", d, config.epsilon());
    head = head(!config.tied(), tokens, d);
  }

  private Layer layer(String name) {
    int d = config.width();
    return new Layer(
        layerNorm(name + "ln_1", d, config.epsilon()),
        convolution(name + "attn.c_attn", d, 3 * d),
        convolution(name + "attn.c_proj", d, d),
        layerNorm(name + "ln_2", d, config.epsilon()),
        convolution(name + "mlp.c_fc", d, config.inner()),
        convolution(name + "mlp.c_proj", config.inner(), d));
  }

  /** GPT-2 stores its projections [in, out]. */
  private Projection convolution(String name, int inputs, int outputs) {
    return new Projection(
        weights.matrix(name + ".weight", inputs, outputs), false, vector(name + ".bias", outputs));
  }

  @Override
  public Gpt2Config config() {
    return config;
  }

  @Override
  public Activations forward(TokenBatch batch, Keep keep, LayerHook hook) {
    checkTokens(batch);
    checkLayers(keep, batch);
    Activations result = new Activations(backend);
    try {
      Pass pass =
          new Pass(
              Stack.ONLY,
              config.layers(),
              batch.size(),
              batch.length(),
              0,
              config.width(),
              keep,
              hook,
              result,
              workspace);
      Matrix last = run(batch, keyMask(batch.attentionMask()), null, pass);
      if (keep.heads() && config.headed()) {
        requireHead(head);
        addLogits(
            last,
            pass,
            keep,
            result,
            (rows, logits) -> ops.linear(rows, head, Epilogue.NONE, logits));
      }
      return result;
    } catch (Throwable e) {
      result.close();
      throw e;
    }
  }

  @Override
  public Decoding decode(int[][] prompts, int newTokens, boolean cache, LayerHook hook) {
    requireHead(head);
    return new Gpt2Decoding(this, prompts, newTokens, cache, hook);
  }

  /** Logits after the last token of every sequence; {@code mask} covers the cached tokens too. */
  Matrix nextLogits(TokenBatch batch, float[] mask, KeyValueCache cache, LayerHook hook) {
    int size = batch.size();
    try (Activations none = new Activations(backend)) {
      Pass pass =
          new Pass(
              Stack.ONLY,
              config.layers(),
              size,
              batch.length(),
              cache == null ? 0 : cache.length(),
              config.width(),
              Keep.nothing(),
              hook,
              none,
              workspace);
      Matrix last = run(batch, mask, cache, pass);
      Matrix ends = workspace.matrix("next", size, config.width());
      ops.gather(last, batch.length() - 1, batch.length(), ends);
      Matrix logits = workspace.matrix("logits", size, config.vocabulary());
      ops.linear(ends, head, Epilogue.NONE, logits);
      return logits;
    }
  }

  private Matrix run(TokenBatch batch, float[] mask, KeyValueCache cache, Pass pass) {
    Matrix x = pass.hidden(0);
    embed(batch, x);
    pass.residual(0, x);
    for (int i = 0; i < config.layers(); i++) {
      boolean isLast = i == config.layers() - 1;
      Matrix next = isLast ? pass.temporary("raw", config.width()) : pass.hidden(i + 1);
      layer(i, x, mask, cache, pass, next);
      pass.residual(i + 1, next);
      x = next;
    }
    if (cache != null) {
      cache.advance(pass.queries());
    }
    Matrix last = pass.hidden(config.layers());
    ops.norm(x, finalNorm, last);
    return last;
  }

  private void embed(TokenBatch batch, Matrix x) {
    int[][] places = batch.positionIds();
    if (places == null) {
      places = places(batch.size(), batch.length());
    } else {
      TokenBatch.checkRange("position_ids", places, config.positions(), "n_positions");
    }
    int[] ids = flat(batch.inputIds());
    if (batch.tokenTypeIds() == null) {
      ops.embed(new StoredMatrix[] {tokens, positions}, new int[][] {ids, flat(places)}, x);
    } else {
      int[][] types = batch.tokenTypeIds();
      TokenBatch.checkRange("token_type_ids", types, config.vocabulary(), "vocab_size");
      ops.embed(
          new StoredMatrix[] {tokens, positions, tokens},
          new int[][] {ids, flat(places), flat(types)},
          x);
    }
  }

  private void layer(int i, Matrix x, float[] mask, KeyValueCache cache, Pass pass, Matrix next) {
    Layer layer = layers.get(i);
    int d = config.width();
    Matrix normed = pass.temporary("normed", d);
    Matrix attended = pass.temporary("attended", 3 * d);
    Matrix context = pass.temporary("context", d);
    Matrix middle = pass.temporary("middle", d);
    Matrix inner = pass.temporary("inner", config.inner());
    ops.norm(x, layer.norm1(), normed);
    ops.linear(normed, layer.attend(), Epilogue.NONE, attended);
    pass.attention(ops, attention(i, attended, mask, cache, pass), i, false, context);
    ops.linear(context, layer.output(), Epilogue.plus(x), middle);
    ops.norm(middle, layer.norm2(), normed);
    ops.linear(normed, layer.up(), Epilogue.of(config.function()), inner);
    ops.linear(inner, layer.down(), Epilogue.plus(middle), next);
  }

  private Attention attention(
      int i, Matrix attended, float[] mask, KeyValueCache cache, Pass pass) {
    int d = config.width();
    int headSize = d / config.heads();
    double scale = config.scaleScores() ? 1 / Math.sqrt(headSize) : 1;
    Heads keys = new Heads(attended, d);
    Heads values = new Heads(attended, 2 * d);
    if (cache != null) {
      cache.append(i, keys, values, pass.queries());
    }
    return new Attention(
        pass.batch(),
        pass.queries(),
        pass.queries() + (cache == null ? 0 : cache.length()),
        cache == null ? pass.queries() : cache.capacity(),
        config.heads(),
        headSize,
        config.scaleByLayer() ? scale / (i + 1) : scale,
        true,
        new Heads(attended, 0),
        cache == null ? keys : cache.keys(i),
        cache == null ? values : cache.values(i),
        mask,
        null);
  }
}
