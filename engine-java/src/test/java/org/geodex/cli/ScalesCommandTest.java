package org.geodex.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.geodex.activation.LayerStates;
import org.geodex.activation.TextDocuments;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.corpus.ShippedModels;
import org.geodex.file.TextFile;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.Stack;
import org.geodex.model.T5Config;
import org.geodex.model.TokenBatch;
import org.geodex.model.Tokenizer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScalesCommandTest {
  @TempDir Path folder;

  private Path text;

  @BeforeEach
  void write() {
    CommandRun.of("corpus", "--documents", 12, "--seed", 5, "--out", folder, "--json").json();
    text = folder.resolve("text.txt");
  }

  private JsonNode scales(String model) {
    return scales(ShippedModels.folder(model), "--partition", "auto");
  }

  private JsonNode scales(Path checkpoint, String option, String value) {
    return CommandRun.of(
            "scales", "--model", checkpoint, "--text", text, option, value, "--quiet", "--json")
        .json();
  }

  @Test
  void encoderAndDecoderOfT5HaveScalesOfTheirOwn() {
    JsonNode found = scales("t5");
    for (JsonNode stack : List.of(found, found.get("decoder"))) {
      assertEquals(6, stack.get("layers").asInt());
      assertEquals(2, stack.get("stability").size());
      assertEquals("0", stack.get("partition").get("local").asText().split("-")[0]);
      assertEquals("6", stack.get("partition").get("global").asText().split("-")[1]);
    }
    assertFalse(scales("gpt2-16").has("decoder"));
  }

  /** Its decoder is cut to one layer, or there is none: the encoder's scales stand all the same. */
  @Test
  void aDecoderWithoutScalesSaysWhy() throws IOException {
    Path checkpoint = copyOf("t5");
    ObjectNode config = (ObjectNode) TextFile.json(checkpoint.resolve("config.json"));
    Path file = checkpoint.resolve("config.json");
    Files.writeString(file, config.put("num_decoder_layers", 1).toString());
    JsonNode found = scales(checkpoint, "--partition", "0-2/3-4/5-6");
    assertEquals("3-4", found.get("partition").get("intermediate").asText());
    assertTrue(found.get("decoder").get("partition").isNull());
    assertTrue(found.get("decoder").get("reason").asText().contains("cannot be cut"));
    config.putArray("architectures").add("T5EncoderModel");
    Files.writeString(file, config.toString());
    assertFalse(scales(checkpoint, "--partition", "thirds").has("decoder"));
    JsonNode tokens =
        CommandRun.of("tokens", "--model", checkpoint, "--text", text, "--contexts", 2, "--json")
            .json();
    assertFalse(tokens.has("loss"), "nothing answers");
    assertTrue(tokens.has("information_gain"));
  }

  private Path copyOf(String model) throws IOException {
    Path copy = Files.createDirectory(folder.resolve(model));
    try (Stream<Path> files = Files.list(ShippedModels.folder(model))) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    return copy;
  }

  /** The states of a document by hand: the decoder reads its tokens one place later. */
  @Test
  void theDecoderReadsTheText() {
    Path checkpoint = ShippedModels.folder("t5");
    try (Backend cpu = new CpuBackend(1, 1L << 30);
        Model model = Model.load(checkpoint, cpu);
        Tokenizer tokenizer = Tokenizer.load(checkpoint)) {
      List<String> first = TextDocuments.read(text).subList(0, 2);
      TokenTable table = TokenTable.of(first, tokenizer, model.config().maxLength());
      TokenTable.Window window = table.windows().getFirst();
      int[] ids = new int[window.length()];
      System.arraycopy(table.tokens(), window.first(), ids, 0, ids.length);
      int[] later = new int[ids.length];
      System.arraycopy(ids, 0, later, 1, ids.length - 1);
      later[0] = ((T5Config) model.config()).startToken();
      TokenBatch batch = TokenBatch.of(ids).withDecoder(new int[][] {later}, null);
      try (Activations alone = model.forward(batch, Keep.hiddenStates(), LayerHook.NONE);
          LayerStates states = LayerStates.run(model, table, 2, cpu, Stack.DECODER, done -> {})) {
        for (int layer : List.of(0, 3, 6)) {
          Matrix expected = alone.get(Stack.DECODER.hiddenName(layer));
          Matrix got = states.states().get(layer);
          for (int i = 0; i < ids.length; i++) {
            // The batch pads the shorter document; f32 products of another shape.
            assertEquals(expected.get(i, 5), got.get(window.first() + i, 5), 1e-3, "row " + i);
          }
        }
      }
    }
  }
}
