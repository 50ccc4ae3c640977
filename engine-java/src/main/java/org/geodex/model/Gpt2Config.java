package org.geodex.model;

import java.util.List;
import org.geodex.backend.transformer.ActivationFunction;
import org.geodex.error.InputException;

/**
 * GPT-2.
 *
 * @param inner width of the feed-forward block
 * @param scaleScores divide the scores by √(head size)
 * @param scaleByLayer divide the scores of layer i by i + 1 as well
 * @param tied the head is the token embedding
 * @param headed the checkpoint's class has a language-model head
 */
public record Gpt2Config(
    int vocabulary,
    int positions,
    int width,
    int layers,
    int heads,
    int inner,
    ActivationFunction function,
    double epsilon,
    boolean scaleScores,
    boolean scaleByLayer,
    boolean tied,
    boolean headed,
    int padToken,
    List<Integer> endTokens)
    implements ModelConfig {

  static Gpt2Config read(ConfigFile file) {
    file.refuseForeign(List.of());
    int width = file.size(768, "n_embd", "hidden_size");
    int heads = file.size(12, "n_head", "num_attention_heads");
    if (width % heads != 0) {
      throw new InputException(
          "%s: n_embd = %d is not a multiple of n_head = %d", file.path(), width, heads);
    }
    String architecture = file.architecture();
    List<Integer> end = file.tokens("eos_token_id");
    int vocabulary = file.size(50257, "vocab_size");
    return new Gpt2Config(
        vocabulary,
        file.size(1024, "n_positions", "max_position_embeddings"),
        width,
        file.size(12, "n_layer", "num_hidden_layers"),
        heads,
        file.size(4 * width, "n_inner"),
        file.function("gelu_new", "activation_function"),
        file.fraction(1e-5, "layer_norm_epsilon"),
        file.flag(true, "scale_attn_weights"),
        file.flag(false, "scale_attn_by_inverse_layer_idx"),
        file.flag(true, "tie_word_embeddings"),
        ConfigFile.hasTokenHead(architecture),
        file.padding(end.isEmpty() ? 0 : end.get(0), vocabulary),
        end);
  }

  @Override
  public String modelType() {
    return "gpt2";
  }

  @Override
  public int maxLength() {
    return positions;
  }

  @Override
  public boolean causal() {
    return true;
  }
}
