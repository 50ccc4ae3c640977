package org.geodex.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.geodex.error.InputException;
import org.geodex.file.TextFile;

/** Finds a checkpoint's tokenizer files and brings the older ones to the form of tokenizer.json. */
final class TokenizerFiles {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SETTINGS = "tokenizer_config.json";

  private TokenizerFiles() {}

  /** The content of a tokenizer.json, found or made. */
  static String json(Path folder) {
    return find(folder).toString();
  }

  private static JsonNode find(Path folder) {
    if (Files.exists(folder.resolve("tokenizer.json"))) {
      JsonNode root = TextFile.json(folder.resolve("tokenizer.json"));
      if (!root.isObject() || !root.has("model")) {
        throw new InputException(
            "%s: expected an object with the key model", folder.resolve("tokenizer.json"));
      }
      return ((ObjectNode) root).putNull("truncation").putNull("padding");
    }
    if (Files.exists(folder.resolve("vocab.json")) && Files.exists(folder.resolve("merges.txt"))) {
      return bytePairs(folder);
    }
    if (Files.exists(folder.resolve("vocab.txt"))) {
      return wordPieces(folder);
    }
    for (String name : List.of("spiece.model", "sentencepiece.bpe.model")) {
      if (Files.exists(folder.resolve(name))) {
        throw new InputException(
            "%s: has %s but no tokenizer.json; make one with Python: from transformers import"
                + " AutoTokenizer; AutoTokenizer.from_pretrained('%s').save_pretrained('%s')",
            folder, name, folder, folder);
      }
    }
    throw new InputException(
        "%s: no tokenizer; expected tokenizer.json, vocab.json with merges.txt, or vocab.txt",
        folder);
  }

  /** Byte-level BPE of GPT-2 or RoBERTa from vocab.json and merges.txt. */
  private static JsonNode bytePairs(Path folder) {
    JsonNode vocabulary = TextFile.json(folder.resolve("vocab.json"));
    if (!vocabulary.isObject()) {
      throw new InputException(
          "%s: expected an object of tokens and ids", folder.resolve("vocab.json"));
    }
    ObjectNode root = skeleton();
    ObjectNode model = root.putObject("model");
    model.put("type", "BPE").putNull("dropout").putNull("unk_token");
    model.put("continuing_subword_prefix", "").put("end_of_word_suffix", "");
    model.put("fuse_unk", false);
    model.set("vocab", vocabulary);
    ArrayNode merges = model.putArray("merges");
    for (String line : TextFile.read(folder.resolve("merges.txt")).lines().toList()) {
      if (!line.startsWith("#version") && !line.isBlank()) {
        merges.add(line.stripTrailing());
      }
    }
    boolean prefix = settings(folder).path("add_prefix_space").asBoolean(false);
    root.set("pre_tokenizer", byteLevel(prefix, true));
    root.set("decoder", byteLevel(true, true));
    boolean roberta = vocabulary.has("<s>") && vocabulary.has("</s>");
    if (roberta) {
      ObjectNode processor = root.putObject("post_processor");
      processor.put("type", "RobertaProcessing").put("trim_offsets", true);
      processor.put("add_prefix_space", prefix);
      processor.putArray("sep").add("</s>").add(vocabulary.get("</s>").asInt());
      processor.putArray("cls").add("<s>").add(vocabulary.get("<s>").asInt());
    } else {
      root.set("post_processor", byteLevel(true, false));
    }
    List<String> special =
        roberta ? List.of("<s>", "<pad>", "</s>", "<unk>", "<mask>") : List.of("<|endoftext|>");
    addTokens(root, vocabulary, special, folder);
    return root;
  }

  private static ObjectNode byteLevel(boolean addPrefixSpace, boolean trimOffsets) {
    return JSON.createObjectNode()
        .put("type", "ByteLevel")
        .put("add_prefix_space", addPrefixSpace)
        .put("trim_offsets", trimOffsets)
        .put("use_regex", true);
  }

  /** WordPiece of BERT from vocab.txt: one token a line, its number the id. */
  private static JsonNode wordPieces(Path folder) {
    ObjectNode vocabulary = JSON.createObjectNode();
    List<String> lines = TextFile.read(folder.resolve("vocab.txt")).lines().toList();
    for (int id = 0; id < lines.size(); id++) {
      vocabulary.put(lines.get(id), id); // of a token that stands twice the last number counts
    }
    for (String token : List.of("[UNK]", "[CLS]", "[SEP]")) {
      if (!vocabulary.has(token)) {
        throw new InputException("%s: has no token %s", folder.resolve("vocab.txt"), token);
      }
    }
    ObjectNode root = skeleton();
    ObjectNode model = root.putObject("model");
    model.put("type", "WordPiece").put("unk_token", "[UNK]");
    model.put("continuing_subword_prefix", "##").put("max_input_chars_per_word", 100);
    model.set("vocab", vocabulary);
    JsonNode settings = settings(folder);
    ObjectNode normalizer = root.putObject("normalizer");
    normalizer.put("type", "BertNormalizer").put("clean_text", true);
    normalizer.put("handle_chinese_chars", settings.path("tokenize_chinese_chars").asBoolean(true));
    normalizer.put("lowercase", settings.path("do_lower_case").asBoolean(true));
    JsonNode accents = settings.path("strip_accents");
    normalizer.set("strip_accents", accents.isBoolean() ? accents : JSON.nullNode());
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    root.putObject("decoder").put("type", "WordPiece").put("prefix", "##").put("cleanup", true);
    ObjectNode processor = root.putObject("post_processor");
    processor.put("type", "BertProcessing");
    processor.putArray("sep").add("[SEP]").add(vocabulary.get("[SEP]").asInt());
    processor.putArray("cls").add("[CLS]").add(vocabulary.get("[CLS]").asInt());
    List<String> special = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");
    addTokens(root, vocabulary, special, folder);
    return root;
  }

  private static ObjectNode skeleton() {
    ObjectNode root = JSON.createObjectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    root.putNull("normalizer");
    return root;
  }

  /**
   * The tokens that are cut out of a text before anything else, by their ids: the model's special
   * ones, and those that were added to its vocabulary later. Of a token of added_tokens.json the id
   * alone is known, one of {@code added_tokens_decoder} in tokenizer_config.json has its flags.
   */
  private static void addTokens(
      ObjectNode root, JsonNode vocabulary, List<String> special, Path folder) {
    SortedMap<Integer, ObjectNode> added = new TreeMap<>();
    for (String token : special) {
      if (vocabulary.has(token)) {
        added.put(vocabulary.get(token).asInt(), token(token, token.equals("<mask>"), true));
      }
    }
    Path later = folder.resolve("added_tokens.json");
    if (Files.exists(later)) {
      for (var entry : TextFile.json(later).properties()) {
        int id = id(later, entry.getValue().asText());
        added.putIfAbsent(id, token(entry.getKey(), false, false));
      }
    }
    for (var entry : settings(folder).path("added_tokens_decoder").properties()) {
      int id = id(folder.resolve(SETTINGS), entry.getKey());
      JsonNode flags = entry.getValue();
      ObjectNode token = token(flags.path("content").asText(), false, false);
      token.properties().forEach(flag -> flag.setValue(flags.path(flag.getKey())));
      added.put(id, token);
    }
    ArrayNode tokens = root.putArray("added_tokens");
    added.forEach((id, token) -> tokens.add(token.put("id", id)));
  }

  private static int id(Path path, String text) {
    try {
      return Integer.parseUnsignedInt(text);
    } catch (NumberFormatException e) {
      throw new InputException(e, "%s: %s is not the id of a token", path, text);
    }
  }

  private static ObjectNode token(String content, boolean takesSpaceBefore, boolean special) {
    ObjectNode token = JSON.createObjectNode().put("content", content);
    token.put("single_word", false).put("lstrip", takesSpaceBefore).put("rstrip", false);
    return token.put("normalized", false).put("special", special);
  }

  /** tokenizer_config.json, or nothing. */
  private static JsonNode settings(Path folder) {
    Path path = folder.resolve(SETTINGS);
    return Files.exists(path) ? TextFile.json(path) : JSON.createObjectNode();
  }
}
