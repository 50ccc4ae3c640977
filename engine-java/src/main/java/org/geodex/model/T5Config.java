package org.geodex.model;

import java.util.List;
import org.geodex.backend.transformer.ActivationFunction;
import org.geodex.error.InputException;

/**
 * T5 v1.0, v1.1 and Flan.
 *
 * @param keySize d_kv, the width of one head; heads·keySize need not be the model's width
 * @param buckets rows of the relative position table
 * @param maxDistance distance from which on all positions share the last bucket
 * @param gated feed-forward blocks have two first matrices, one of them through {@code function}
 * @param tied logits come from the token embedding, unless the checkpoint has a head of its own
 * @param scaled what the head reads is scaled by 1/√d; older configurations say it by {@code tied}
 * @param headed the checkpoint's class has a head over tokens
 * @param encoderOnly the checkpoint's class has no decoder
 */
public record T5Config(
    int vocabulary,
    int width,
    int layers,
    int decoderLayers,
    int heads,
    int keySize,
    int inner,
    int buckets,
    int maxDistance,
    ActivationFunction function,
    boolean gated,
    double epsilon,
    boolean tied,
    boolean scaled,
    boolean headed,
    boolean encoderOnly,
    int maxLength,
    int startToken,
    int padToken,
    List<Integer> endTokens)
    implements ModelConfig {

  static T5Config read(ConfigFile file) {
    file.refuseForeign(List.of());
    String forward = file.text("relu", "feed_forward_proj");
    String[] parts = forward.split("-", -1);
    if (parts.length > 2 || (parts.length == 2 && !parts[0].equals("gated"))) {
      throw new InputException(
          "%s: feed_forward_proj = \"%s\", expected an activation or gated-ACTIVATION",
          file.path(), forward);
    }
    String name = forward.equals("gated-gelu") ? "gelu_new" : parts[parts.length - 1];
    ActivationFunction function = ActivationFunction.named(name);
    if (function == null) {
      throw new InputException(
          "%s: feed_forward_proj = \"%s\" is not implemented; known activations are %s",
          file.path(), forward, ActivationFunction.names());
    }
    int layers = file.size(6, "num_layers", "num_hidden_layers");
    int buckets = file.size(32, "relative_attention_num_buckets");
    int distance = file.size(128, "relative_attention_max_distance");
    String architecture = file.architecture();
    boolean encoderOnly = "T5EncoderModel".equals(architecture);
    // The first buckets are of one distance each: half of all, in both directions a quarter each.
    int single = buckets / (encoderOnly ? 4 : 2);
    if (buckets < 4 || distance <= single) {
      throw new InputException(
          "%s: relative_attention_num_buckets = %d and relative_attention_max_distance = %d,"
              + " expected at least 4, and a distance of more than %d",
          file.path(), buckets, distance, single);
    }
    boolean tied = file.flag(true, "tie_word_embeddings");
    int vocabulary = file.size(32128, "vocab_size");
    int pad = file.padding(0, vocabulary);
    return new T5Config(
        vocabulary,
        file.size(512, "d_model", "hidden_size"),
        layers,
        encoderOnly ? 0 : file.size(layers, "num_decoder_layers"),
        file.size(8, "num_heads", "num_attention_heads"),
        file.size(64, "d_kv"),
        file.size(2048, "d_ff"),
        buckets,
        distance,
        file.has("dense_act_fn") ? file.function(name, "dense_act_fn") : function,
        file.flag(parts.length == 2, "is_gated_act"),
        file.fraction(1e-6, "layer_norm_epsilon"),
        tied,
        file.flag(tied, "scale_decoder_outputs"),
        ConfigFile.hasTokenHead(architecture),
        encoderOnly,
        file.size(512, "n_positions"),
        file.integer(pad, 0, "decoder_start_token_id"),
        pad,
        file.has("eos_token_id") ? file.tokens("eos_token_id") : List.of(1));
  }

  @Override
  public Stack reader() {
    return Stack.ENCODER;
  }

  @Override
  public String modelType() {
    return "t5";
  }

  @Override
  public boolean limitedLength() {
    return false;
  }

  /** Width of all heads together. */
  public int innerWidth() {
    return heads * keySize;
  }
}
