package org.geodex.model;

import java.util.List;
import org.geodex.backend.transformer.ActivationFunction;
import org.geodex.error.InputException;

/**
 * BERT, RoBERTa and XLM-RoBERTa.
 *
 * @param modelType {@code bert}, {@code roberta} or {@code xlm-roberta}
 * @param positions rows of the position table, RoBERTa's unused ones included
 * @param types rows of the token type table
 * @param tied the head's matrix is the token embedding
 */
public record BertConfig(
    String modelType,
    int vocabulary,
    int positions,
    int width,
    int layers,
    int heads,
    int inner,
    int types,
    ActivationFunction function,
    double epsilon,
    boolean tied,
    int padToken,
    List<Integer> endTokens)
    implements ModelConfig {

  static BertConfig read(ConfigFile file, String type) {
    file.refuseForeign(List.of());
    String positions = file.text("absolute", "position_embedding_type");
    if (!positions.equals("absolute")) {
      throw new InputException(
          "%s: position_embedding_type = \"%s\" is not implemented; known is \"absolute\"",
          file.path(), positions);
    }
    boolean roberta = !type.equals("bert");
    int width = file.size(768, "hidden_size");
    int heads = file.size(12, "num_attention_heads");
    if (width % heads != 0) {
      throw new InputException(
          "%s: hidden_size = %d is not a multiple of num_attention_heads = %d",
          file.path(), width, heads);
    }
    return new BertConfig(
        type,
        file.size(type.equals("roberta") ? 50265 : 30522, "vocab_size"),
        file.size(512, "max_position_embeddings"),
        width,
        file.size(12, "num_hidden_layers"),
        heads,
        file.size(3072, "intermediate_size"),
        file.size(2, "type_vocab_size"),
        file.function("gelu", "hidden_act"),
        file.fraction(1e-12, "layer_norm_eps"),
        file.flag(true, "tie_word_embeddings"),
        file.integer(roberta ? 1 : 0, 0, "pad_token_id"),
        roberta && !file.has("eos_token_id") ? List.of(2) : file.tokens("eos_token_id"));
  }

  /** RoBERTa counts its positions from the padding token's id + 1. */
  public boolean countsFromPadding() {
    return !modelType.equals("bert");
  }

  @Override
  public int maxLength() {
    return countsFromPadding() ? Math.max(0, positions - padToken - 1) : positions;
  }
}
