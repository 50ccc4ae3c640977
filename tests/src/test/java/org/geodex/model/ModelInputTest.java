package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.error.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checkpoints that do not fit are refused with file, key or tensor, and what was expected. */
class ModelInputTest {
  @TempDir Path folder;

  private void copy(String golden) throws IOException {
    for (String file : new String[] {"config.json", "model.safetensors"}) {
      Files.copy(Golden.of(golden).folder().resolve(file), folder.resolve(file));
    }
  }

  private void config(String key, String value) throws IOException {
    ObjectMapper json = new ObjectMapper();
    Path path = folder.resolve("config.json");
    ObjectNode root = (ObjectNode) json.readTree(path.toFile());
    JsonNode node = json.readTree(value);
    if (value.equals("absent")) {
      root.remove(key);
    } else {
      root.set(key, node);
    }
    Files.writeString(path, root.toString());
  }

  private void loads() {
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(folder, backend)) {
      assertTrue(model.config().layers() > 0);
    }
  }

  private void refuses(String... parts) {
    InputException e = assertThrows(InputException.class, this::loads);
    for (String part : parts) {
      assertTrue(e.getMessage().contains(part), e.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gpt2-lm-4l | model_type | \"gptj\" | not implemented",
        "gpt2-lm-4l | activation_function | \"mish\" | not implemented",
        "gpt2-lm-4l | add_cross_attention | true | not implemented",
        "gpt2-lm-4l | pruned_heads | {\"0\": [1]} | not implemented",
        "gpt2-lm-4l | quantization_config | {\"bits\": 4} | not implemented",
        "gpt2-lm-4l | n_head | 5 | not a multiple",
        "gpt2-lm-4l | n_layer | \"4\" | whole number",
        "gpt2-lm-4l | n_layer | 5 | no tensor",
        "gpt2-lm-4l | vocab_size | 121 | [121, 48]",
        "gpt2-lm-4l | layer_norm_epsilon | -1 | between 0 and 1",
        "bert-hub-4l | position_embedding_type | \"relative_key\" | absolute",
        "bert-hub-4l | is_decoder | true | not implemented",
        "bert-hub-4l | intermediate_size | 145 | [145, 48]",
        "t5-v1_0-relu-3l | feed_forward_proj | \"gated-gelu\" | wi_0",
        "t5-v1_0-relu-3l | feed_forward_proj | \"a-b-c\" | feed_forward_proj",
        "t5-v1_0-relu-3l | relative_attention_max_distance | 16 | relative_attention_max_distance",
      })
  void refusesByName(String golden, String key, String value, String message) throws IOException {
    copy(golden);
    config(key, value);
    refuses(message);
  }

  /** Keys that change nothing, and neutral values of those that would. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gpt2-lm-4l | task_specific_params | {\"a\": 1}",
        "gpt2-lm-4l | pruned_heads | {}",
        "gpt2-lm-4l | reorder_and_upcast_attn | true",
        "bert-hub-4l | is_decoder | false",
        "bert-hub-4l | chunk_size_feed_forward | 4",
        "bert-hub-4l | use_cache | null",
        "t5-v1_0-relu-3l | n_positions | 512",
      })
  void ignoresHarmlessKeys(String golden, String key, String value) throws IOException {
    copy(golden);
    config(key, value);
    loads();
  }

  @Test
  void xlmRobertaIsRoberta() throws IOException {
    copy("roberta-hub-4l");
    config("model_type", "\"xlm-roberta\"");
    loads();
  }

  @Test
  void missingTensorIsNamed() throws IOException {
    copy("gpt2-lm-4l");
    Path path = folder.resolve("model.safetensors");
    String bytes = new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
    Files.write(
        path,
        bytes
            .replaceFirst("h\\.2\\.ln_1\\.bias", "h.2.ln_1.bios")
            .getBytes(StandardCharsets.ISO_8859_1));
    refuses("transformer.h.2.ln_1.bias", "[48]");
  }

  /** One bit pattern of each stored type, at a place of its own. */
  @ParameterizedTest
  @CsvSource({"gpt2-lm-4l,4,0x7fc00000", "gpt2-fp16-3l,2,0x7c00", "gpt2-bf16-3l,2,0xff80"})
  void aWeightThatIsNotFiniteIsNamed(String golden, int size, String bits) throws IOException {
    copy(golden);
    String name =
        golden.contains("bf16") ? "h.1.mlp.c_fc.weight" : "transformer.h.1.mlp.c_fc.weight";
    Path path = folder.resolve("model.safetensors");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    int header = (int) bytes.getLong(0);
    String text = new String(bytes.array(), 8, header, StandardCharsets.UTF_8);
    JsonNode tensor = new ObjectMapper().readTree(text).get(name);
    int columns = tensor.at("/shape/1").asInt();
    int at = 8 + header + tensor.at("/data_offsets/0").asInt() + size * (2 * columns + 3);
    for (int b = 0; b < size; b++) {
      bytes.put(at + b, (byte) (Integer.decode(bits) >>> 8 * b));
    }
    Files.write(path, bytes.array());
    refuses("tensor " + name, "row 2, column 3");
  }

  @Test
  void missingFilesAreNamed() throws IOException {
    refuses("config.json");
    Files.copy(
        Golden.of("gpt2-lm-4l").folder().resolve("config.json"), folder.resolve("config.json"));
    refuses("model.safetensors");
    Files.writeString(folder.resolve("pytorch_model.bin"), "x");
    refuses("pytorch_model.bin", "save_pretrained");
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": ");
    refuses("not valid JSON");
  }

  /** The buckets of every relative position that the reference lists. */
  @Test
  void relativePositionBuckets() {
    for (String name : new String[] {"t5-v1_0-relu-3l", "t5-v1_1-gated-3l", "t5-encoder-2l"}) {
      Golden golden = Golden.of(name);
      JsonNode config = golden.json("config.json");
      int buckets = config.get("relative_attention_num_buckets").asInt();
      int distance = config.path("relative_attention_max_distance").asInt(128);
      JsonNode table = golden.json("relative_position_buckets.json");
      for (boolean both : new boolean[] {true, false}) {
        JsonNode expected = both ? table.get("bidirectional") : other(table);
        for (int offset = -160; offset <= 160; offset++) {
          assertEquals(
              expected.get(offset + 160).asInt(),
              T5Model.bucket(offset, both, buckets, distance),
              name + " " + offset);
        }
      }
    }
  }

  /** The other list of the file, whatever its name. */
  private static JsonNode other(JsonNode table) {
    for (var entry : table.properties()) {
      if (entry.getValue().isArray() && !entry.getKey().equals("bidirectional")) {
        return entry.getValue();
      }
    }
    throw new AssertionError("no second list of buckets");
  }
}
