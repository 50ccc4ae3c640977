package org.geodex.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import org.geodex.activation.LayerStates;
import org.geodex.activation.TextDocuments;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.corpus.ShippedModels;
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
    Path checkpoint = ShippedModels.folder(model);
    return CommandRun.of("scales", "--model", checkpoint, "--text", text, "--quiet", "--json")
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
