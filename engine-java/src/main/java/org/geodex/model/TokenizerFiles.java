package org.geodex.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.geodex.error.InputException;
import org.geodex.file.TextFile;

/** Finds a checkpoint's tokenizer files and brings the older ones to the form of tokenizer.json. */
final class TokenizerFiles {
  private static final ObjectMapper JSON = new ObjectMapper();

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
    addSpecial(root, vocabulary, special);
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
    for (String line : TextFile.read(folder.resolve("vocab.txt")).lines().toList()) {
      vocabulary.put(line.stripTrailing(), vocabulary.size());
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
    addSpecial(root, vocabulary, List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"));
    return root;
  }

  private static ObjectNode skeleton() {
    ObjectNode root = JSON.createObjectNode();
    root.put("version", "1.0").putNull("truncation").putNull("padding");
    root.putArray("added_tokens");
    root.putNull("normalizer");
    return root;
  }

  private static void addSpecial(ObjectNode root, JsonNode vocabulary, List<String> tokens) {
    for (String token : tokens) {
      if (vocabulary.has(token)) {
        ObjectNode added = ((ArrayNode) root.get("added_tokens")).addObject();
        added.put("id", vocabulary.get(token).asInt()).put("content", token);
        added.setAll(flags(token.equals("<mask>")));
      }
    }
  }

  private static ObjectNode flags(boolean takesSpaceBefore) {
    ObjectNode flags = JSON.createObjectNode();
    for (var flag : Map.of("single_word", false, "rstrip", false, "normalized", false).entrySet()) {
      flags.put(flag.getKey(), flag.getValue());
    }
    return flags.put("lstrip", takesSpaceBefore).put("special", true);
  }

  /** tokenizer_config.json, or nothing. */
  private static JsonNode settings(Path folder) {
    Path path = folder.resolve("tokenizer_config.json");
    return Files.exists(path) ? TextFile.json(path) : JSON.createObjectNode();
  }
}
