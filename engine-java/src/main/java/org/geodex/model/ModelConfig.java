package org.geodex.model;

import java.nio.file.Path;
import java.util.List;
import org.geodex.error.InputException;

/** What a checkpoint's config.json says of the model; defaults are those of the original code. */
public sealed interface ModelConfig permits Gpt2Config, BertConfig, T5Config {

  /** {@code gpt2}, {@code bert}, {@code roberta}, {@code xlm-roberta} or {@code t5}. */
  String modelType();

  /** Width d of the residual stream. */
  int width();

  /** Layers of the stack that reads text: T5's encoder, the only stack of the others. */
  int layers();

  /** Layers of the decoder that is a second stack (T5); 0 otherwise. */
  default int decoderLayers() {
    return 0;
  }

  /** The stack that reads text. */
  default Stack reader() {
    return Stack.ONLY;
  }

  int heads();

  int vocabulary();

  /** Longest sequence in tokens that the positions allow, or that the model was trained for. */
  int maxLength();

  /** Whether {@link #maxLength} is a limit of the weights; relative positions have none. */
  default boolean limitedLength() {
    return true;
  }

  /** Whether a token sees only what stands before it. */
  default boolean causal() {
    return false;
  }

  /** The token that fills short sequences of a batch; 0 where the configuration has none. */
  int padToken();

  /** The token that a decoder begins with; the padding where a model has no decoder. */
  default int startToken() {
    return padToken();
  }

  /** The tokens that end a generation. */
  List<Integer> endTokens();

  /** Reads {@code FOLDER/config.json}. */
  static ModelConfig read(Path folder) {
    ConfigFile file = ConfigFile.read(folder.resolve("config.json"));
    String type = file.text(null, "model_type");
    if (type == null) {
      type = typeOf(file.architecture());
    }
    if (type == null) {
      throw new InputException(
          "%s: no model_type; expected gpt2, bert, roberta, xlm-roberta or t5", file.path());
    }
    return switch (type) {
      case "gpt2" -> Gpt2Config.read(file);
      case "bert" -> BertConfig.read(file, type);
      case "roberta", "xlm-roberta" -> BertConfig.read(file, type);
      case "t5" -> T5Config.read(file);
      default ->
          throw new InputException(
              "%s: model_type \"%s\" is not implemented; known are gpt2, bert, roberta, xlm-roberta"
                  + " and t5",
              file.path(), type);
    };
  }

  /** Old files name only the class. */
  private static String typeOf(String architecture) {
    if (architecture == null) {
      return null;
    }
    for (var entry :
        List.of(
            List.of("GPT2", "gpt2"),
            List.of("Bert", "bert"),
            List.of("XLMRoberta", "xlm-roberta"),
            List.of("Roberta", "roberta"),
            List.of("T5", "t5"))) {
      if (architecture.startsWith(entry.get(0))) {
        return entry.get(1);
      }
    }
    return null;
  }
}
