package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.error.InputException;
import org.geodex.matrix.ElementType;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.SafetensorsFile;
import org.geodex.matrix.SafetensorsSink;
import org.geodex.matrix.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Goldens whose checkpoint is laid out in another way must give the same numbers. */
class CheckpointLayoutTest {
  @TempDir Path folder;

  private void config(Golden golden, String key, Object value) throws IOException {
    ObjectNode config = (ObjectNode) golden.json("config.json");
    config.putPOJO(key, value);
    Files.writeString(folder.resolve("config.json"), new ObjectMapper().writeValueAsString(config));
  }

  private static SafetensorsFile weights(Golden golden) {
    return SafetensorsFile.open(golden.folder().resolve("model.safetensors"));
  }

  /** The f32 tensors of a golden; its buffers, which are of other types, are left out. */
  private static Map<String, Tensor> tensors(SafetensorsFile file) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (String name : file.names()) {
      Tensor tensor = file.tensor(name);
      if (tensor.type() == ElementType.F32) {
        tensors.put(name, tensor);
      }
    }
    return tensors;
  }

  private void write(String file, Map<String, Tensor> tensors) {
    SafetensorsSink.Builder builder = SafetensorsSink.builder();
    tensors.forEach(
        (name, tensor) ->
            builder.tensor(
                name,
                ElementType.F32,
                tensor.shape().stream().mapToLong(Long::longValue).toArray()));
    try (SafetensorsSink sink = builder.create(folder.resolve(file))) {
      tensors.forEach((name, tensor) -> sink.write(name, tensor.data()));
      sink.commit();
    }
  }

  /** Rows in the opposite order. */
  private static Tensor reversed(Tensor tensor) {
    long rows = tensor.shape().getFirst();
    long bytes = tensor.data().byteSize() / rows;
    MemorySegment data = MemorySegment.ofArray(new byte[(int) tensor.data().byteSize()]);
    for (long i = 0; i < rows; i++) {
      MemorySegment.copy(tensor.data(), i * bytes, data, (rows - 1 - i) * bytes, bytes);
    }
    return new Tensor(tensor.name(), ElementType.F32, tensor.shape(), data);
  }

  private void checkHiddenStatesAndLogits(Golden golden, boolean reversed) {
    try (Backend backend = Backends.open(BackendOptions.defaults().withBackend("cpu"));
        Model model = Model.load(folder, backend);
        Activations actual = model.forward(golden.inputs(), Keep.everything(), LayerHook.NONE);
        SafetensorsFile expected = golden.expected()) {
      for (Activations.Tensor tensor : actual.tensors()) {
        Matrix values = tensor.values();
        if (reversed && tensor.name().equals("logits")) {
          reverseColumns(values);
        }
        List<Long> shape = expected.tensor(tensor.name()).shape();
        golden.check(
            expected.tensor(tensor.name()),
            tensor.name(),
            new Tensor(tensor.name(), ElementType.F32, shape, values.segment()));
      }
      assertEquals(true, actual.has("logits"));
    }
  }

  private static void reverseColumns(Matrix values) {
    float[] row = new float[values.columns()];
    float[] back = new float[row.length];
    for (long i = 0; i < values.rows(); i++) {
      values.copyRow(i, row);
      for (int j = 0; j < row.length; j++) {
        back[j] = row[row.length - 1 - j];
      }
      values.setRow(i, back);
    }
  }

  /** A head of its own that lists the vocabulary backwards gives the logits backwards. */
  @Test
  void untiedGpt2() throws IOException {
    Golden golden = Golden.of("gpt2-lm-4l");
    config(golden, "tie_word_embeddings", false);
    try (SafetensorsFile file = weights(golden)) {
      Map<String, Tensor> tensors = tensors(file);
      tensors.put("lm_head.weight", reversed(tensors.get("transformer.wte.weight")));
      write("model.safetensors", tensors);
    }
    checkHiddenStatesAndLogits(golden, true);
  }

  @Test
  void untiedRoberta() throws IOException {
    Golden golden = Golden.of("roberta-hub-4l");
    config(golden, "tie_word_embeddings", false);
    try (SafetensorsFile file = weights(golden)) {
      Map<String, Tensor> tensors = tensors(file);
      Tensor words = tensors.get("roberta.embeddings.word_embeddings.weight");
      tensors.put("lm_head.decoder.weight", reversed(words));
      tensors.put("lm_head.bias", reversed(tensors.get("lm_head.bias")));
      tensors.remove("lm_head.decoder.bias");
      write("model.safetensors", tensors);
    }
    checkHiddenStatesAndLogits(golden, true);
  }

  /** XLM-RoBERTa is RoBERTa by another name. */
  @Test
  void xlmRoberta() throws IOException {
    Golden golden = Golden.of("roberta-hub-4l");
    config(golden, "model_type", "xlm-roberta");
    try (SafetensorsFile file = weights(golden)) {
      write("model.safetensors", tensors(file));
    }
    checkHiddenStatesAndLogits(golden, false);
  }

  /**
   * Transformers 5 calls every T5 tied and says by another key whether the head's input is scaled.
   */
  @Test
  void aT5ThatWasSavedAgain() throws IOException {
    Golden golden = Golden.of("t5-v1_1-gated-3l");
    ObjectNode config = (ObjectNode) golden.json("config.json");
    config.put("tie_word_embeddings", true).put("scale_decoder_outputs", false);
    Files.writeString(folder.resolve("config.json"), new ObjectMapper().writeValueAsString(config));
    try (SafetensorsFile file = weights(golden)) {
      write("model.safetensors", tensors(file));
    }
    checkHiddenStatesAndLogits(golden, false);
  }

  /** Untied embeddings without a head: the class has none, and hidden states need none. */
  @ParameterizedTest
  @CsvSource({"gpt2-lm-4l,GPT2Model", "t5-v1_1-gated-3l,T5Model"})
  void aClassWithoutAHead(String name, String architecture) throws IOException {
    Golden golden = Golden.of(name);
    ObjectNode config = (ObjectNode) golden.json("config.json");
    config.put("tie_word_embeddings", false).putArray("architectures").add(architecture);
    Files.writeString(folder.resolve("config.json"), new ObjectMapper().writeValueAsString(config));
    try (SafetensorsFile file = weights(golden)) {
      Map<String, Tensor> tensors = tensors(file);
      tensors.remove("lm_head.weight");
      write("model.safetensors", tensors);
    }
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(folder, backend);
        Activations activations =
            model.forward(golden.inputs(), Keep.everything(), LayerHook.NONE)) {
      assertFalse(activations.has("logits"));
      int[][] prompt = {{1, 2}};
      InputException e =
          assertThrows(
              InputException.class, () -> model.decode(prompt, 1, true, LayerHook.NONE).close());
      assertTrue(e.getMessage().contains("has no head"), e.getMessage());
    }
  }

  /**
   * The default ids of GPT-2's configuration beside a small vocabulary: padding is not looked at.
   */
  @Test
  void paddingOutsideOfTheVocabulary() throws IOException {
    Golden golden = Golden.of("gpt2-lm-4l");
    ObjectNode config = (ObjectNode) golden.json("config.json");
    config.put("eos_token_id", 50256).put("bos_token_id", 50256).remove("pad_token_id");
    Files.writeString(folder.resolve("config.json"), new ObjectMapper().writeValueAsString(config));
    try (SafetensorsFile file = weights(golden)) {
      write("model.safetensors", tensors(file));
    }
    int[][] prompts = {{1, 2, 3}, {4, 5}};
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(folder, backend)) {
      Generation greedy = Generation.greedy(4, model.config());
      List<int[]> together = greedy.run(model, prompts, 0, LayerHook.NONE);
      for (int b = 0; b < prompts.length; b++) {
        int[] alone = greedy.run(model, new int[][] {prompts[b]}, b, LayerHook.NONE).getFirst();
        assertArrayEquals(alone, together.get(b));
      }
    }
  }

  /** A head that is missing where it should be is missed by whoever asks for logits. */
  @Test
  void aMissingHeadIsMissedWithTheLogits() throws IOException {
    Golden golden = Golden.of("gpt2-lm-4l");
    config(golden, "tie_word_embeddings", false);
    try (SafetensorsFile file = weights(golden)) {
      write("model.safetensors", tensors(file));
    }
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(folder, backend)) {
      model.forward(golden.inputs(), Keep.hiddenStates(), LayerHook.NONE).close();
      InputException e =
          assertThrows(
              InputException.class,
              () -> model.forward(golden.inputs(), Keep.everything(), LayerHook.NONE).close());
      assertTrue(e.getMessage().contains("lm_head.weight"), e.getMessage());
    }
  }

  /** Of a decoder that is deeper than its encoder, and is given no tokens. */
  @Test
  void aLayerOfTheDecoderNeedsTokens() throws IOException {
    Golden golden = Golden.of("t5-v1_1-gated-3l");
    config(golden, "num_layers", 2);
    try (SafetensorsFile file = weights(golden)) {
      write("model.safetensors", tensors(file));
    }
    TokenBatch all = golden.inputs();
    TokenBatch encoded = TokenBatch.of(all.inputIds());
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(folder, backend)) {
      model.forward(all, Keep.layers(3), LayerHook.NONE).close();
      InputException e =
          assertThrows(
              InputException.class,
              () -> model.forward(encoded, Keep.layers(3), LayerHook.NONE).close());
      assertTrue(e.getMessage().contains("hidden states 0 … 2"), e.getMessage());
    }
  }

  /** Tensors dealt out to three files. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt2-lm-4l", "bert-hub-4l", "t5-v1_1-gated-3l"})
  void shards(String name) throws IOException {
    Golden golden = Golden.of(name);
    Files.copy(golden.folder().resolve("config.json"), folder.resolve("config.json"));
    Map<String, String> index = new LinkedHashMap<>();
    try (SafetensorsFile file = weights(golden)) {
      List<Map<String, Tensor>> shards =
          List.of(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
      tensors(file)
          .forEach(
              (tensor, values) -> {
                int shard = index.size() % shards.size();
                shards.get(shard).put(tensor, values);
                index.put(tensor, "model-%d.safetensors".formatted(shard));
              });
      for (int i = 0; i < shards.size(); i++) {
        write("model-%d.safetensors".formatted(i), shards.get(i));
      }
    }
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        new ObjectMapper().writeValueAsString(Map.of("weight_map", index)));
    checkHiddenStatesAndLogits(golden, false);
  }
}
