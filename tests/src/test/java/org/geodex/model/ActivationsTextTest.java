package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.cli.CommandRun;
import org.geodex.cuda.Emulator;
import org.geodex.matrix.ArrowFile;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Text through the command: rows, ids and columns, against single forward passes. */
class ActivationsTextTest {
  private static final String TEXT =
      "The cat sat. The dog sat on the cat!\n  \nA dog. The cat sat on a dog.\nThe end.\n\n\n";

  /** A golden's checkpoint with a hand-made tokenizer beside it, and a text. */
  static Path model(Path folder, String golden, String tokenizer) {
    try {
      for (Path source : new Path[] {Golden.of(golden).folder(), TokenizerTest.folder(tokenizer)}) {
        try (Stream<Path> files = Files.list(source)) {
          for (Path file : files.toList()) {
            Files.copy(file, folder.resolve(file.getFileName()));
          }
        }
      }
      Files.writeString(folder.resolve("text.txt"), TEXT);
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A batch is written while the next one runs: three windows, one a batch, and all at once. */
  @ParameterizedTest
  @CsvSource({"panama,1", "jcuda,2", "panama,8"})
  void deviceWritesWhatTheCpuWrites(String binding, int batch, @TempDir Path folder)
      throws IOException {
    assumeTrue(Emulator.isAvailable(), "this build has no emulator");
    Path model = model(folder, "gpt2-lm-4l", "byte-pairs");
    Files.writeString(model.resolve("text.txt"), TEXT + TEXT + "One more, and longer: the cat.\n");
    Path expected = write(model, "cpu.safetensors", batch, "--backend", "cpu");
    Path found =
        write(
            model,
            "cuda.safetensors",
            batch,
            "--backend",
            "cuda",
            "--cuda-driver",
            "emulator",
            "--cuda-binding",
            binding);
    try (SafetensorsFile cpu = SafetensorsFile.open(expected);
        SafetensorsFile cuda = SafetensorsFile.open(found);
        Arena arena = Arena.ofConfined()) {
      for (int layer = 0; layer <= 4; layer++) {
        float[][] left = cpu.matrix("hidden_states." + layer, arena).toArray();
        float[][] right = cuda.matrix("hidden_states." + layer, arena).toArray();
        assertEquals(left.length, right.length);
        for (int i = 0; i < left.length; i++) {
          assertArrayEquals(left[i], right[i], 2e-5f, layer + ", row " + i);
        }
      }
    }
  }

  private static Path write(Path model, String name, int batch, String... backend) {
    Path out = model.resolve(name);
    List<Object> arguments =
        new ArrayList<>(
            List.of(
                "activations",
                "--model",
                model,
                "--text",
                model.resolve("text.txt"),
                "--out",
                out));
    arguments.addAll(List.of("--batch", batch));
    arguments.addAll(List.of((Object[]) backend));
    CommandRun.of(arguments.toArray());
    return out;
  }

  @Test
  void arrowHoldsOneRowPerTokenOfEveryLayer(@TempDir Path folder) {
    Path model = model(folder, "bert-hub-4l", "word-pieces");
    Path out = folder.resolve("out.arrow");
    JsonNode json =
        CommandRun.of(
                "activations",
                "--model",
                model,
                "--text",
                model.resolve("text.txt"),
                "--out",
                out,
                "--json")
            .json();
    assertEquals(2, json.get("documents").asInt());
    assertEquals(5, json.get("sentences").asInt());
    assertEquals(0, json.get("cut_documents").asInt());
    try (ArrowFile file = ArrowFile.open(out);
        Arena arena = Arena.ofConfined()) {
      assertEquals(
          "[document, sentence, position, token, layer_0, layer_1, layer_2, layer_3, layer_4]",
          file.columns().toString());
      long[] tokens = file.longs("token");
      assertEquals(json.get("tokens").asInt(), tokens.length);
      assertEquals(2, tokens[0]);
      assertEquals(3, tokens[tokens.length - 1]);
      long[] documents = file.longs("document");
      long[] sentences = file.longs("sentence");
      int second = (int) LongStream.of(documents).filter(d -> d == 0).count();
      assertEquals(0, file.longs("position")[second]);
      assertEquals(0, sentences[second]);
      assertEquals(1, sentences[second - 1]);
      assertEquals(2, sentences[tokens.length - 1]);
      for (int layer = 0; layer <= 4; layer++) {
        Matrix rows = file.matrix("layer_" + layer, arena);
        checkRows(model, "hidden_states." + layer, Arrays.copyOf(tokens, second), rows, 0);
        checkRows(
            model,
            "hidden_states." + layer,
            Arrays.copyOfRange(tokens, second, tokens.length),
            rows,
            second);
      }
    }
  }

  /** Rows of one document equal a forward pass of it alone, to rounding. */
  private static void checkRows(Path model, String tensor, long[] tokens, Matrix rows, int from) {
    int[] ids = LongStream.of(tokens).mapToInt(Math::toIntExact).toArray();
    try (Backend backend = Backends.open(BackendOptions.defaults().withBackend("scalar"));
        Model loaded = Model.load(model, backend);
        Activations alone =
            loaded.forward(TokenBatch.of(ids), Keep.hiddenStates(), LayerHook.NONE)) {
      Matrix expected = alone.get(tensor);
      for (int i = 0; i < ids.length; i++) {
        for (int j = 0; j < expected.columns(); j++) {
          assertEquals(expected.get(i, j), rows.get(from + i, j), 2e-5, tensor + " row " + i);
        }
      }
    }
  }

  @Test
  void longDocumentsAreCutIntoWindowsAndCounted(@TempDir Path folder) {
    Path model = model(folder, "t5-encoder-2l", "unigram");
    Path out = folder.resolve("out.safetensors");
    JsonNode json =
        CommandRun.of(
                "activations",
                "--model",
                model,
                "--text",
                model.resolve("text.txt"),
                "--max-length",
                6,
                "--layers",
                "0,2",
                "--out",
                out,
                "--json")
            .json();
    assertEquals(2, json.get("cut_documents").asInt());
    assertTrue(json.get("windows").asInt() > 4);
    assertEquals(6, json.get("window_length").asInt());
    try (SafetensorsFile file = SafetensorsFile.open(out)) {
      assertArrayEquals(
          new String[] {
            "document",
            "encoder_hidden_states.0",
            "encoder_hidden_states.2",
            "position",
            "sentence",
            "token"
          },
          file.names().stream().sorted().toArray());
      long rows = json.get("tokens").asLong();
      assertEquals(rows, file.tensor("encoder_hidden_states.2").shape().getFirst());
      assertEquals(1, file.tensor("token").data().get(ValueLayout.JAVA_INT_UNALIGNED, 4 * 5));
    }
  }

  /**
   * Windows of different lengths, two and two together: each has the weights of a run of its own.
   */
  @Test
  void attentionsOfWindows(@TempDir Path folder) {
    Path model = model(folder, "gpt2-lm-4l", "byte-pairs");
    Path out = write(model, "text.safetensors", 2, "--attentions", "--max-length", "7");
    try (SafetensorsFile file = SafetensorsFile.open(out);
        Backend backend = Backends.open(BackendOptions.defaults().withBackend("scalar"));
        Model loaded = Model.load(model, backend);
        Arena arena = Arena.ofConfined()) {
      int[] first = ints(file, "window_first");
      int[] length = ints(file, "window_length");
      int[] tokens = ints(file, "token");
      Matrix weights = file.matrix("attentions.3", arena);
      List<Long> shape = file.tensor("attentions.3").shape();
      assertEquals(List.of((long) first.length, shape.get(1), 7L, 7L), shape);
      assertTrue(Arrays.stream(length).distinct().count() > 1, "windows of one length");
      int heads = shape.get(1).intValue();
      for (int w = 0; w < first.length; w++) {
        int[] ids = Arrays.copyOfRange(tokens, first[w], first[w] + length[w]);
        Keep keep = Keep.hiddenStates().withAttentions();
        try (Activations alone = loaded.forward(TokenBatch.of(ids), keep, LayerHook.NONE)) {
          Matrix expected = alone.get("attentions.3");
          for (int row = 0; row < heads * 7; row++) {
            int i = row % 7;
            for (int j = 0; j < 7; j++) {
              boolean within = i < ids.length && j < ids.length;
              float value = within ? expected.get((long) row / 7 * ids.length + i, j) : 0;
              assertEquals(value, weights.get((long) w * heads * 7 + row, j), 2e-6, "window " + w);
            }
          }
        }
      }
    }
  }

  private static int[] ints(SafetensorsFile file, String name) {
    return file.tensor(name).data().toArray(ValueLayout.JAVA_INT_UNALIGNED);
  }

  /** A causal model's first tokens do not know of those that are cut off. */
  @Test
  void idsAreCut(@TempDir Path folder) throws IOException {
    Path model = model(folder, "gpt2-lm-4l", "byte-pairs");
    Path ids = folder.resolve("ids.json");
    Files.writeString(ids, "{\"input_ids\": [[1, 2, 3, 4], [5, 6, 7, 8]]}");
    Path out = folder.resolve("ids.safetensors");
    CommandRun.of(
        "activations", "--model", model, "--input-ids", ids, "--max-length", 3, "--out", out);
    try (SafetensorsFile file = SafetensorsFile.open(out);
        Arena arena = Arena.ofConfined()) {
      assertEquals(List.of(2L, 3L), file.tensor("hidden_states.4").shape().subList(0, 2));
      checkRows(
          model, "hidden_states.4", new long[] {5, 6, 7}, file.matrix("hidden_states.4", arena), 3);
    }
  }

  @Test
  void badUseAndBadInputAreNamed(@TempDir Path folder) throws IOException {
    Path model = model(folder, "gpt2-lm-4l", "byte-pairs");
    Path text = model.resolve("text.txt");
    Path out = folder.resolve("out.arrow");
    check(2, "out of range", "--model", model, "--text", text, "--out", out, "--layers", "9");
    check(2, "--attentions", "--model", model, "--text", text, "--out", out, "--attentions");
    check(2, "at least 1", "--model", model, "--text", text, "--out", out, "--max-length", 0);
    check(2, "at most 48", "--model", model, "--text", text, "--out", out, "--max-length", 49);
    check(2, ".arrow or", "--model", model, "--text", text, "--out", folder.resolve("x.npy"));
    Path ids = folder.resolve("ids.json");
    Files.writeString(ids, "{\"input_ids\": [[1, 2, 120]]}");
    check(3, "place 2 is 120", "--model", model, "--input-ids", ids, "--out", out);
    Files.writeString(ids, "{\"input_ids\": [[1, 2], [3]]}");
    check(3, "row 1 has 1 tokens", "--model", model, "--input-ids", ids, "--out", out);
    Files.writeString(ids, "{\"input_ids\": [[1, 2]], \"attention_mask\": [[1]]}");
    check(3, "attention_mask", "--model", model, "--input-ids", ids, "--out", out);
    Files.writeString(ids, "[" + Arrays.toString(new int[49]) + "]");
    check(3, "at most 48", "--model", model, "--input-ids", ids, "--out", out);
    Files.writeString(text, " \n\n ");
    check(3, "no text", "--model", model, "--text", text, "--out", out);
    assertTrue(Files.notExists(out));
  }

  private static void check(int exit, String message, Object... args) {
    Object[] all = new Object[args.length + 1];
    all[0] = "activations";
    System.arraycopy(args, 0, all, 1, args.length);
    CommandRun run = CommandRun.of(all);
    assertEquals(exit, run.exit(), run.err());
    assertTrue(run.err().contains(message), run.err());
  }
}
