package org.geodex.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.geodex.backend.transformer.ActivationFunction;
import org.geodex.error.InputException;
import org.geodex.file.TextFile;

/** A checkpoint's config.json: typed values with defaults, and errors that name file and key. */
final class ConfigFile {
  /**
   * Keys of other architectures that would change what these four families compute. A neutral value
   * (null, false, 0, an empty list) is fine.
   */
  private static final List<String> FOREIGN =
      List.of(
          "quantization_config",
          "rope_scaling",
          "rope_theta",
          "rotary_dim",
          "rotary_pct",
          "rotary_emb_base",
          "alibi",
          "use_alibi",
          "sliding_window",
          "attention_window",
          "attn_logit_softcapping",
          "final_logit_softcapping",
          "logit_scale",
          "logits_scaling",
          "embedding_multiplier",
          "residual_multiplier",
          "attention_multiplier",
          "use_parallel_residual",
          "parallel_attn",
          "multi_query",
          "num_key_value_heads",
          "head_dim",
          "embedding_size",
          "num_experts",
          "pruned_heads",
          "is_decoder",
          "add_cross_attention");

  private final Path path;
  private final JsonNode root;

  private ConfigFile(Path path, JsonNode root) {
    this.path = path;
    this.root = root;
  }

  static ConfigFile read(Path path) {
    if (!Files.exists(path)) {
      throw new InputException("%s: no such file; expected a checkpoint's config.json", path);
    }
    JsonNode root = TextFile.json(path);
    if (!root.isObject()) {
      throw new InputException("%s: expected a JSON object", path);
    }
    return new ConfigFile(path, root);
  }

  Path path() {
    return path;
  }

  /** The value of the first key that is there and not null; null when none is. */
  private JsonNode find(String... keys) {
    for (String key : keys) {
      JsonNode value = root.get(key);
      if (value != null && !value.isNull()) {
        return value;
      }
    }
    return null;
  }

  boolean has(String key) {
    return find(key) != null;
  }

  /** A whole number of at least {@code least}, or {@code absent}; further keys are other names. */
  int integer(int absent, int least, String... keys) {
    JsonNode value = find(keys);
    if (value == null) {
      return absent;
    }
    if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < least) {
      throw wrong(keys[0], value, "a whole number of at least " + least);
    }
    return value.intValue();
  }

  /**
   * The id that pads: any will do, for nothing looks at it; 0 for one that the vocabulary lacks.
   */
  int padding(int absent, int vocabulary) {
    int id = integer(absent, Integer.MIN_VALUE, "pad_token_id");
    return id >= 0 && id < vocabulary ? id : 0;
  }

  /** A size: a whole number of at least 1. */
  int size(int absent, String... keys) {
    return integer(absent, 1, keys);
  }

  /** A number from 0 to 1, or {@code absent}. */
  double fraction(double absent, String key) {
    JsonNode value = find(key);
    if (value == null) {
      return absent;
    }
    if (!value.isNumber() || !(value.doubleValue() >= 0) || value.doubleValue() > 1) {
      throw wrong(key, value, "a number between 0 and 1");
    }
    return value.doubleValue();
  }

  boolean flag(boolean absent, String key) {
    JsonNode value = find(key);
    if (value == null) {
      return absent;
    }
    if (!value.isBoolean()) {
      throw wrong(key, value, "true or false");
    }
    return value.booleanValue();
  }

  String text(String absent, String key) {
    JsonNode value = find(key);
    if (value == null) {
      return absent;
    }
    if (!value.isTextual()) {
      throw wrong(key, value, "a text");
    }
    return value.textValue();
  }

  ActivationFunction function(String absent, String key) {
    String name = text(absent, key);
    ActivationFunction function = ActivationFunction.named(name);
    if (function == null) {
      throw new InputException(
          "%s: %s \"%s\" is not implemented; known are %s",
          path, key, name, ActivationFunction.names());
    }
    return function;
  }

  /** The class that the checkpoint was saved from, or null. */
  String architecture() {
    JsonNode names = find("architectures");
    return names != null && names.isArray() && names.size() > 0 ? names.get(0).asText() : null;
  }

  /** Whether a class of GPT-2's or T5's predicts tokens; one that is not known is taken to. */
  static boolean hasTokenHead(String architecture) {
    return architecture == null
        || !List.of("GPT2Model", "T5Model", "T5EncoderModel").contains(architecture)
            && !architecture.endsWith("Classification")
            && !architecture.endsWith("QuestionAnswering");
  }

  /** Refuses a key whose value is anything but neutral. */
  void refuse(String key, String why) {
    if (!isNeutral(root.get(key))) {
      throw new InputException("%s: %s = %s: %s", path, key, root.get(key), why);
    }
  }

  /** Refuses the keys of architectures that are not implemented, but for those in {@code known}. */
  void refuseForeign(List<String> known) {
    for (String key : FOREIGN) {
      if (!known.contains(key)) {
        refuse(key, "this changes what the model computes and is not implemented");
      }
    }
  }

  private static boolean isNeutral(JsonNode value) {
    return value == null
        || value.isNull()
        || (value.isBoolean() && !value.booleanValue())
        || (value.isNumber() && value.doubleValue() == 0)
        || (value.isContainerNode() && value.isEmpty());
  }

  /** Token ids under a key that holds a number or a list; empty when absent. */
  List<Integer> tokens(String key) {
    JsonNode value = find(key);
    if (value == null) {
      return List.of();
    }
    if (value.isIntegralNumber()) {
      return List.of(value.intValue());
    }
    List<Integer> tokens = new java.util.ArrayList<>();
    for (JsonNode token : value) {
      if (!token.isIntegralNumber()) {
        throw wrong(key, value, "a token id or a list of them");
      }
      tokens.add(token.intValue());
    }
    return tokens;
  }

  InputException wrong(String key, Object value, String expected) {
    return new InputException("%s: %s = %s, expected %s", path, key, value, expected);
  }
}
