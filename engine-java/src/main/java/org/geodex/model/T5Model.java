package org.geodex.model;

import java.util.ArrayList;
import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.backend.transformer.Attention;
import org.geodex.backend.transformer.Epilogue;
import org.geodex.backend.transformer.Heads;
import org.geodex.backend.transformer.Norm;
import org.geodex.backend.transformer.Projection;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;

/**
 * T5: an encoder and a decoder of layers x += attention(rms(x)); in the decoder x +=
 * attention(rms(x) to the encoder); x += forward(rms(x)); a final RMS norm. Scores are not scaled;
 * self-attention adds a bias by relative position, shared by all layers of a stack.
 */
final class T5Model extends TransformerModel {
  private final T5Config config;
  private final StoredMatrix tokens;
  private final Half encoder;
  private final Half decoder;
  private final Projection head;
  private final Norm headNorm;

  /** One stack: its layers, its table of position biases, its final norm. */
  private record Half(Stack stack, List<Layer> layers, Matrix bias, Norm finalNorm) {}

  private record Layer(
      Norm norm1, Projections self, Norm norm2, Projections cross, Norm norm3, Forward forward) {}

  private record Projections(
      Projection query, Projection key, Projection value, Projection output) {}

  /** {@code gate} is null unless the block is gated: then inner = f(gate(x)) ∘ up(x). */
  private record Forward(Projection gate, Projection up, Projection down) {}

  T5Model(T5Config config, Checkpoint weights, Backend backend) {
    super(weights, backend);
    this.config = config;
    int d = config.width();
    String name =
        weights.firstOf(
            "shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight");
    tokens = weights.matrix(name, config.vocabulary(), d);
    encoder = half(Stack.ENCODER, config.layers());
    boolean decodes = config.decoderLayers() > 0 && weights.has("decoder.final_layer_norm.weight");
    decoder = decodes ? half(Stack.DECODER, config.decoderLayers()) : null;
    // A configuration that says both scales for the tied embedding; else the head is its own.
    boolean own = !config.tied() || !config.scaled() && weights.has("lm_head.weight");
    head = decodes ? head(own, tokens, d) : null;
    headNorm = decodes ? headNorm(decoder.finalNorm()) : null;
  }

  @Override
  public boolean decodes() {
    return decoder != null;
  }

  private Half half(Stack stack, int count) {
    String prefix = stack == Stack.ENCODER ? "encoder." : "decoder.";
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      layers.add(layer(prefix + "block." + i + ".layer.", stack == Stack.DECODER));
    }
    Matrix bias =
        weights
            .matrix(
                prefix + "block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                config.buckets(),
                config.heads())
            .f32();
    return new Half(stack, layers, bias, rms(prefix + "final_layer_norm"));
  }

  private Layer layer(String name, boolean decoder) {
    int last = decoder ? 2 : 1;
    return new Layer(
        rms(name + "0.layer_norm"),
        projections(name + "0.SelfAttention."),
        decoder ? rms(name + "1.layer_norm") : null,
        decoder ? projections(name + "1.EncDecAttention.") : null,
        rms(name + last + ".layer_norm"),
        forward(name + last + ".DenseReluDense."));
  }

  private Projections projections(String name) {
    int d = config.width();
    int inner = config.innerWidth();
    return new Projections(
        matrix(name + "q", d, inner),
        matrix(name + "k", d, inner),
        matrix(name + "v", d, inner),
        matrix(name + "o", inner, d));
  }

  private Forward forward(String name) {
    int d = config.width();
    int inner = config.inner();
    Projection down = matrix(name + "wo", inner, d);
    return config.gated()
        ? new Forward(matrix(name + "wi_0", d, inner), matrix(name + "wi_1", d, inner), down)
        : new Forward(null, matrix(name + "wi", d, inner), down);
  }

  private Projection matrix(String name, int inputs, int outputs) {
    return new Projection(weights.matrix(name + ".weight", outputs, inputs), true, null);
  }

  private Norm rms(String name) {
    return new Norm(vector(name + ".weight", config.width()), null, config.epsilon(), true);
  }

  /** The final norm, with 1/√d folded into its gain where the head reads it so. */
  private Norm headNorm(Norm norm) {
    if (!config.scaled()) {
      return norm;
    }
    int d = config.width();
    Matrix gain = workspace.matrix("headGain", 1, d);
    float scale = (float) (1 / Math.sqrt(d));
    for (int j = 0; j < d; j++) {
      gain.set(0, j, norm.gain().get(0, j) * scale);
    }
    return new Norm(gain, null, norm.epsilon(), true);
  }

  @Override
  public T5Config config() {
    return config;
  }

  @Override
  public Activations forward(TokenBatch batch, Keep keep, LayerHook hook) {
    checkTokens(batch);
    checkLayers(keep, batch);
    Activations result = new Activations(backend);
    try {
      float[] mask = keyMask(batch.attentionMask());
      Pass pass = pass(Stack.ENCODER, batch.size(), batch.length(), 0, keep, hook, result);
      Matrix raw = run(encoder, batch.inputIds(), mask, null, null, pass);
      Matrix encoded = pass.hidden(config.layers());
      ops.norm(raw, encoder.finalNorm(), encoded);
      if (batch.decoderInputIds() != null) {
        decode(batch, encoded, mask, keep, hook, result);
      }
      return result;
    } catch (Throwable e) {
      result.close();
      throw e;
    }
  }

  private Pass pass(
      Stack stack, int batch, int length, int past, Keep keep, LayerHook hook, Activations result) {
    int layers = stack == Stack.ENCODER ? config.layers() : config.decoderLayers();
    return new Pass(
        stack, layers, batch, length, past, config.width(), keep, hook, result, workspace);
  }

  private void decode(
      TokenBatch batch,
      Matrix encoded,
      float[] encoderMask,
      Keep keep,
      LayerHook hook,
      Activations result) {
    TokenBatch.checkRange(
        "decoder_input_ids", batch.decoderInputIds(), config.vocabulary(), "vocab_size");
    Pass pass = pass(Stack.DECODER, batch.size(), batch.decoderLength(), 0, keep, hook, result);
    float[] mask = keyMask(batch.decoderAttentionMask());
    Encoded source = new Encoded(encoded, batch.length(), encoderMask);
    Matrix raw = run(decoder, batch.decoderInputIds(), mask, source, null, pass);
    ops.norm(raw, decoder.finalNorm(), pass.hidden(config.decoderLayers()));
    if (keep.heads() && config.headed()) {
      requireHead(head);
      addLogits(raw, pass, keep, result, this::logits);
    }
  }

  private void logits(Matrix raw, Matrix logits) {
    Matrix scaled = workspace.matrix("scaled", raw.rows(), config.width());
    ops.norm(raw, headNorm, scaled);
    ops.linear(scaled, head, Epilogue.NONE, logits);
  }

  @Override
  public Decoding decode(int[][] prompts, int newTokens, boolean cache, LayerHook hook) {
    if (decoder == null) {
      throw new InputException("%s: this checkpoint has no decoder", folder());
    }
    requireHead(head);
    return new T5Decoding(this, prompts, newTokens, cache, hook);
  }

  /** The encoder's output; the caller closes it. */
  Matrix.Owned encode(TokenBatch batch, LayerHook hook) {
    try (Activations none = new Activations(backend)) {
      Pass pass = pass(Stack.ENCODER, batch.size(), batch.length(), 0, Keep.nothing(), hook, none);
      float[] mask = keyMask(batch.attentionMask());
      Matrix raw = run(encoder, batch.inputIds(), mask, null, null, pass);
      Matrix.Owned encoded = backend.allocate(raw.rows(), raw.columns());
      ops.norm(raw, encoder.finalNorm(), encoded);
      return encoded;
    }
  }

  /** Logits after the last of these decoder tokens, which follow those in the cache. */
  Matrix nextLogits(
      int[][] ids, Encoded source, KeyValueCache cache, KeyValueCache cross, LayerHook hook) {
    try (Activations none = new Activations(backend)) {
      int length = ids[0].length;
      int past = cache == null ? 0 : cache.length();
      Pass pass = pass(Stack.DECODER, ids.length, length, past, Keep.nothing(), hook, none);
      Caches caches = cache == null ? null : new Caches(cache, cross);
      Matrix raw = run(decoder, ids, null, source, caches, pass);
      Matrix ends = workspace.matrix("next", ids.length, config.width());
      ops.gather(raw, length - 1, length, ends);
      Matrix logits = workspace.matrix("logits", ids.length, config.vocabulary());
      logits(ends, logits);
      return logits;
    }
  }

  /** What the decoder looks at: the encoder's output, its length and padding. */
  record Encoded(Matrix states, int length, float[] mask) {}

  /** Keys and values of the decoder's own tokens, and of the encoder's for every layer. */
  private record Caches(KeyValueCache self, KeyValueCache cross) {}

  /** Runs a stack up to its final norm. */
  private Matrix run(
      Half half, int[][] ids, float[] mask, Encoded encoded, Caches caches, Pass pass) {
    int d = config.width();
    Matrix x = pass.hidden(0);
    ops.embed(new StoredMatrix[] {tokens}, new int[][] {flat(ids)}, x);
    pass.residual(0, x);
    int past = caches == null ? 0 : caches.self().length();
    Matrix bias = bias(half, past + pass.queries());
    int count = half.layers().size();
    for (int i = 0; i < count; i++) {
      Layer layer = half.layers().get(i);
      Matrix middle = pass.temporary("middle", d);
      KeyValueCache self = caches == null ? null : caches.self();
      boolean causal = half.stack() == Stack.DECODER;
      selfAttention(i, layer, x, mask, bias, self, pass, causal, middle);
      if (encoded != null) {
        Matrix crossed = pass.temporary("crossed", d);
        KeyValueCache cross = caches == null ? null : caches.cross();
        crossAttention(i, layer, middle, encoded, cross, pass, crossed);
        middle = crossed;
      }
      Matrix next = i == count - 1 ? pass.temporary("raw", d) : pass.hidden(i + 1);
      forward(layer, middle, pass, next);
      pass.residual(i + 1, next);
      x = next;
    }
    if (caches != null) {
      caches.self().advance(pass.queries());
      caches.cross().advance(encoded.length() - caches.cross().length());
    }
    return x;
  }

  private void selfAttention(
      int i,
      Layer layer,
      Matrix x,
      float[] mask,
      Matrix bias,
      KeyValueCache cache,
      Pass pass,
      boolean causal,
      Matrix out) {
    int inner = config.innerWidth();
    Matrix normed = pass.temporary("normed", config.width());
    Matrix q = pass.temporary("query", inner);
    Matrix k = pass.temporary("key", inner);
    Matrix v = pass.temporary("value", inner);
    Matrix context = pass.temporary("context", inner);
    ops.norm(x, layer.norm1(), normed);
    ops.linear(normed, layer.self().query(), Epilogue.NONE, q);
    ops.linear(normed, layer.self().key(), Epilogue.NONE, k);
    ops.linear(normed, layer.self().value(), Epilogue.NONE, v);
    Heads keys = Heads.of(k);
    Heads values = Heads.of(v);
    int count = pass.queries();
    int stride = count;
    if (cache != null) {
      cache.append(i, keys, values, count);
      keys = cache.keys(i);
      values = cache.values(i);
      count += cache.length();
      stride = cache.capacity();
    }
    Attention attention =
        attention(pass, count, stride, causal, Heads.of(q), keys, values, mask, bias);
    pass.attention(ops, attention, i, false, context);
    ops.linear(context, layer.self().output(), Epilogue.plus(x), out);
  }

  private void crossAttention(
      int i, Layer layer, Matrix x, Encoded encoded, KeyValueCache cache, Pass pass, Matrix out) {
    int inner = config.innerWidth();
    Matrix normed = pass.temporary("normed", config.width());
    Matrix q = pass.temporary("query", inner);
    Matrix context = pass.temporary("context", inner);
    ops.norm(x, layer.norm2(), normed);
    ops.linear(normed, layer.cross().query(), Epilogue.NONE, q);
    int keys = encoded.length();
    if (cache == null || cache.length() == 0) {
      project(layer.cross(), encoded, pass.batch(), i, cache);
    }
    long rows = (long) pass.batch() * keys;
    Heads k = cache == null ? Heads.of(crossMatrix("Key", rows)) : cache.keys(i);
    Heads v = cache == null ? Heads.of(crossMatrix("Value", rows)) : cache.values(i);
    Attention attention =
        attention(pass, keys, keys, false, Heads.of(q), k, v, encoded.mask(), null);
    pass.attention(ops, attention, i, true, context);
    ops.linear(context, layer.cross().output(), Epilogue.plus(x), out);
  }

  /** Keys and values of the encoder's output, kept where there is a cache. */
  private void project(
      Projections cross, Encoded encoded, int batch, int layer, KeyValueCache cache) {
    long rows = (long) batch * encoded.length();
    Matrix k = crossMatrix("Key", rows);
    Matrix v = crossMatrix("Value", rows);
    ops.linear(encoded.states(), cross.key(), Epilogue.NONE, k);
    ops.linear(encoded.states(), cross.value(), Epilogue.NONE, v);
    if (cache != null) {
      cache.append(layer, Heads.of(k), Heads.of(v), encoded.length());
    }
  }

  private Matrix crossMatrix(String name, long rows) {
    return workspace.matrix("cross" + name, rows, config.innerWidth());
  }

  private Attention attention(
      Pass pass,
      int keys,
      int keyStride,
      boolean causal,
      Heads q,
      Heads k,
      Heads v,
      float[] mask,
      Matrix bias) {
    return new Attention(
        pass.batch(),
        pass.queries(),
        keys,
        keyStride,
        config.heads(),
        config.keySize(),
        1,
        causal,
        q,
        k,
        v,
        mask,
        bias);
  }

  private void forward(Layer layer, Matrix x, Pass pass, Matrix next) {
    Forward block = layer.forward();
    Matrix normed = pass.temporary("normed", config.width());
    Matrix inner = pass.temporary("inner", config.inner());
    ops.norm(x, layer.norm3(), normed);
    if (block.gate() == null) {
      ops.linear(normed, block.up(), Epilogue.of(config.function()), inner);
    } else {
      Matrix gate = pass.temporary("gate", config.inner());
      ops.linear(normed, block.gate(), Epilogue.of(config.function()), gate);
      ops.linear(normed, block.up(), Epilogue.times(gate), inner);
    }
    ops.linear(inner, block.down(), Epilogue.plus(x), next);
  }

  /** Bias of each head by key place − query place, from −(keys − 1) to keys − 1. */
  private Matrix bias(Half half, int keys) {
    Matrix bias = workspace.matrix(half.stack() + "bias", config.heads(), 2 * keys - 1);
    for (int offset = 1 - keys; offset < keys; offset++) {
      int bucket =
          bucket(offset, half.stack() == Stack.ENCODER, config.buckets(), config.maxDistance());
      for (int h = 0; h < config.heads(); h++) {
        bias.set(h, offset + keys - 1, half.bias().get(bucket, h));
      }
    }
    return bias;
  }

  /**
   * Bucket of a relative position: small distances have one each, larger ones share by logarithm,
   * all from {@code maxDistance} on share the last.
   *
   * @param offset key place − query place
   * @param bidirectional half of the buckets is for keys after the query; otherwise those count as
   *     distance 0
   */
  static int bucket(int offset, boolean bidirectional, int buckets, int maxDistance) {
    int count = bidirectional ? buckets / 2 : buckets;
    int first = bidirectional && offset > 0 ? count : 0;
    int distance = bidirectional ? Math.abs(offset) : Math.max(-offset, 0);
    int exact = count / 2;
    if (distance < exact) {
      return first + distance;
    }
    double octaves = Math.log((double) distance / exact) / Math.log((double) maxDistance / exact);
    return first + Math.min(exact + (int) (octaves * (count - exact)), count - 1);
  }
}
