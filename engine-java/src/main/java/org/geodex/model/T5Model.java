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
    StoredMatrix output =
        config.tied() || !decodes
            ? tokens
            : weights.matrix("lm_head.weight", config.vocabulary(), d);
    head = new Projection(output, true, null);
    headNorm = decodes ? headNorm(decoder.finalNorm()) : null;
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
    return new Norm(weights.vector(name + ".weight", config.width()), null, config.epsilon(), true);
  }

  /** The final norm with 1/√d folded into its gain, for logits from the tied embedding. */
  private Norm headNorm(Norm norm) {
    if (!config.tied()) {
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
    checkLayers(keep);
    Activations result = new Activations();
    try {
      float[] mask = keyMask(batch.attentionMask());
      Pass pass = pass(Stack.ENCODER, batch.size(), batch.length(), keep, hook, result);
      Matrix raw = run(encoder, batch.inputIds(), mask, null, pass);
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
      Stack stack, int batch, int length, Keep keep, LayerHook hook, Activations result) {
    int layers = stack == Stack.ENCODER ? config.layers() : config.decoderLayers();
    return new Pass(stack, layers, batch, length, config.width(), keep, hook, result, workspace);
  }

  private void decode(
      TokenBatch batch,
      Matrix encoded,
      float[] encoderMask,
      Keep keep,
      LayerHook hook,
      Activations result) {
    if (decoder == null) {
      throw new InputException("decoder_input_ids: this checkpoint has no decoder");
    }
    TokenBatch.checkRange(
        "decoder_input_ids", batch.decoderInputIds(), config.vocabulary(), "vocab_size");
    Pass pass = pass(Stack.DECODER, batch.size(), batch.decoderLength(), keep, hook, result);
    float[] mask = keyMask(batch.decoderAttentionMask());
    Encoded source = new Encoded(encoded, batch.length(), encoderMask);
    Matrix raw = run(decoder, batch.decoderInputIds(), mask, source, pass);
    ops.norm(raw, decoder.finalNorm(), pass.hidden(config.decoderLayers()));
    if (keep.heads()) {
      Matrix scaled = pass.temporary("scaled", config.width());
      ops.norm(raw, headNorm, scaled);
      Matrix logits = result.add("logits", pass.batch(), pass.queries(), config.vocabulary());
      ops.linear(scaled, head, Epilogue.NONE, logits);
    }
  }

  /** What the decoder looks at: the encoder's output, its length and padding. */
  private record Encoded(Matrix states, int length, float[] mask) {}

  /** Runs a stack up to its final norm. */
  private Matrix run(Half half, int[][] ids, float[] mask, Encoded encoded, Pass pass) {
    int d = config.width();
    Matrix x = pass.hidden(0);
    embed(new StoredMatrix[] {tokens}, new int[][] {flat(ids)}, x);
    pass.residual(0, x);
    Matrix bias = bias(half, pass.queries());
    int count = half.layers().size();
    for (int i = 0; i < count; i++) {
      Layer layer = half.layers().get(i);
      Matrix middle = pass.temporary("middle", d);
      selfAttention(i, layer, x, mask, bias, pass, half.stack() == Stack.DECODER, middle);
      if (encoded != null) {
        Matrix crossed = pass.temporary("crossed", d);
        crossAttention(i, layer, middle, encoded, pass, crossed);
        middle = crossed;
      }
      Matrix next = i == count - 1 ? pass.temporary("raw", d) : pass.hidden(i + 1);
      forward(layer, middle, pass, next);
      pass.residual(i + 1, next);
      x = next;
    }
    return x;
  }

  private void selfAttention(
      int i,
      Layer layer,
      Matrix x,
      float[] mask,
      Matrix bias,
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
    Attention attention = attention(pass, pass.queries(), causal, q, k, v, mask, bias);
    pass.attention(ops, attention, i, false, context);
    ops.linear(context, layer.self().output(), Epilogue.plus(x), out);
  }

  private void crossAttention(
      int i, Layer layer, Matrix x, Encoded encoded, Pass pass, Matrix out) {
    int inner = config.innerWidth();
    Matrix normed = pass.temporary("normed", config.width());
    Matrix q = pass.temporary("query", inner);
    long rows = (long) pass.batch() * encoded.length();
    Matrix k = workspace.matrix("crossKey", rows, inner);
    Matrix v = workspace.matrix("crossValue", rows, inner);
    Matrix context = pass.temporary("context", inner);
    ops.norm(x, layer.norm2(), normed);
    ops.linear(normed, layer.cross().query(), Epilogue.NONE, q);
    ops.linear(encoded.states(), layer.cross().key(), Epilogue.NONE, k);
    ops.linear(encoded.states(), layer.cross().value(), Epilogue.NONE, v);
    Attention attention = attention(pass, encoded.length(), false, q, k, v, encoded.mask(), null);
    pass.attention(ops, attention, i, true, context);
    ops.linear(context, layer.cross().output(), Epilogue.plus(x), out);
  }

  private Attention attention(
      Pass pass,
      int keys,
      boolean causal,
      Matrix q,
      Matrix k,
      Matrix v,
      float[] mask,
      Matrix bias) {
    return new Attention(
        pass.batch(),
        pass.queries(),
        keys,
        keys,
        config.heads(),
        config.keySize(),
        1,
        causal,
        Heads.of(q),
        Heads.of(k),
        Heads.of(v),
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
