package org.geodex.model;

import java.nio.file.Path;
import org.geodex.backend.Backend;

/**
 * A transformer loaded from a checkpoint folder: config.json and safetensors, as published. The
 * numbers are those of the reference implementation in f32, to rounding. Weights stay mapped; f16
 * and bf16 ones are widened once.
 *
 * <p>Hidden state 0 is what enters the first layer, i what leaves layer i, the last one what the
 * model returns: after the final norm in GPT-2 and T5, the last layer's output in BERT and RoBERTa.
 *
 * <p>One thread at a time; the work inside is spread over the backend's threads. Temporaries are
 * kept between passes.
 */
public sealed interface Model extends AutoCloseable permits TransformerModel {

  /**
   * Loads a checkpoint; the caller closes the model before the backend.
   *
   * @throws org.geodex.error.InputException for a file, key, tensor or shape that does not fit, and
   *     for a weight that is not finite
   */
  static Model load(Path folder, Backend backend) {
    TransformerModel model = open(folder, backend);
    try {
      model.weights.checkFinite(backend.parallel());
      return model;
    } catch (Throwable e) {
      model.close();
      throw e;
    }
  }

  private static TransformerModel open(Path folder, Backend backend) {
    ModelConfig config = ModelConfig.read(folder);
    Checkpoint checkpoint = Checkpoint.open(folder);
    try {
      return switch (config) {
        case Gpt2Config gpt2 -> new Gpt2Model(gpt2, checkpoint, backend);
        case BertConfig bert -> new BertModel(bert, checkpoint, backend);
        case T5Config t5 -> new T5Model(t5, checkpoint, backend);
      };
    } catch (Throwable e) {
      checkpoint.close();
      throw e;
    }
  }

  ModelConfig config();

  /** Whether the checkpoint has a decoder beside its encoder. */
  default boolean decodes() {
    return false;
  }

  /** The checkpoint's folder. */
  Path folder();

  /**
   * Runs a batch. T5 runs its decoder where the batch has decoder tokens.
   *
   * @param hook called after each layer; {@link LayerHook#NONE} for none
   * @return what was asked for; the caller closes it
   * @throws org.geodex.error.InputException for an id, type or position out of range, or a sequence
   *     longer than the model takes
   */
  Activations forward(TokenBatch batch, Keep keep, LayerHook hook);

  /**
   * Starts to decode: GPT-2 continues the prompts, T5's decoder answers them.
   *
   * @param prompts token ids, of any lengths of at least 1
   * @param newTokens most tokens that will be appended
   * @param cache keep keys and values, so that a step reads only its new token
   * @return the decoding; the caller closes it and does not use the model meanwhile
   * @throws org.geodex.error.InputException when the model cannot decode
   */
  Decoding decode(int[][] prompts, int newTokens, boolean cache, LayerHook hook);

  @Override
  void close();
}
