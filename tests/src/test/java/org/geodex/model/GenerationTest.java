package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.cli.CommandRun;
import org.geodex.cuda.Emulator;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Greedy generation against the goldens, token for token; drawing repeats by seed. */
class GenerationTest {
  static List<Golden> goldens() {
    return Golden.all().stream()
        .filter(golden -> Files.exists(golden.folder().resolve("generation.json")))
        .toList();
  }

  private static int[] ids(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }

  private static int[][] field(Golden golden, String name) {
    return StreamSupport.stream(golden.json("generation.json").get("cases").spliterator(), false)
        .map(one -> ids(one.get(name)))
        .toArray(int[][]::new);
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void greedyEqualsTheGolden(Golden golden) {
    int[][] prompts = field(golden, "prompt");
    int[][] expected = field(golden, "generated");
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(golden.folder(), backend)) {
      for (boolean cache : List.of(true, false)) {
        Generation greedy = Generation.greedy(20, model.config()).withCache(cache);
        List<int[]> together = greedy.run(model, prompts, 0, LayerHook.NONE);
        for (int i = 0; i < prompts.length; i++) {
          assertArrayEquals(expected[i], together.get(i), "together, cache " + cache);
          int[][] one = {prompts[i]};
          List<int[]> alone = greedy.run(model, one, i, LayerHook.NONE);
          assertArrayEquals(expected[i], alone.getFirst(), "alone, cache " + cache);
        }
      }
    }
  }

  /** With a cache on the device, through both bindings. */
  @ParameterizedTest
  @MethodSource("goldens")
  void greedyOnTheDeviceEqualsTheGolden(Golden golden) {
    assumeTrue(Emulator.isAvailable(), "this build has no emulator");
    int[][] prompts = field(golden, "prompt");
    int[][] expected = field(golden, "generated");
    for (String binding : List.of("panama", "jcuda")) {
      BackendOptions options = new BackendOptions("cuda", binding, "emulator", 2, 1L << 30);
      try (Backend backend = Backends.open(options);
          Model model = Model.load(golden.folder(), backend)) {
        Generation greedy = Generation.greedy(20, model.config());
        List<int[]> together = greedy.run(model, prompts, 0, LayerHook.NONE);
        for (int i = 0; i < prompts.length; i++) {
          assertArrayEquals(expected[i], together.get(i));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void commandWritesOneLineAPrompt(Golden golden, @TempDir Path folder) throws IOException {
    Path prompts = folder.resolve("prompts.json");
    Files.writeString(prompts, new ObjectMapper().writeValueAsString(field(golden, "prompt")));
    Path out = folder.resolve("out.jsonl");
    CommandRun.of(
            "generate",
            "--model",
            golden.folder(),
            "--input-ids",
            prompts,
            "--max-new-tokens",
            20,
            "--out",
            out,
            "--json")
        .json();
    int[][] expected = field(golden, "generated");
    List<String> lines = Files.readAllLines(out);
    assertEquals(expected.length, lines.size());
    for (int i = 0; i < expected.length; i++) {
      JsonNode line = new ObjectMapper().readTree(lines.get(i));
      assertArrayEquals(expected[i], ids(line.get("generated")));
      assertEquals("greedy", line.get("method").asText());
    }
  }

  @Test
  void drawingRepeatsBySeedWhateverTheBatch() {
    Golden golden = Golden.of("gpt2-lm-4l");
    int[][] prompts = field(golden, "prompt");
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(golden.folder(), backend)) {
      Sampling sampling = new Sampling(1.5, 40, 0.95);
      Generation seeded = new Generation(12, sampling, 7, Set.of(), true);
      Generation other = new Generation(12, sampling, 8, Set.of(), true);
      List<int[]> together = seeded.run(model, prompts, 0, LayerHook.NONE);
      int[][] second = {prompts[1]};
      assertArrayEquals(together.get(1), seeded.run(model, second, 1, LayerHook.NONE).getFirst());
      List<int[]> differently = other.run(model, prompts, 0, LayerHook.NONE);
      assertFalse(Arrays.equals(together.getFirst(), differently.getFirst()));
    }
  }

  /** The nucleus of 0.7, 0.2, 0.1 at 0.8 is the first two; top-k 1 and temperature 0 are greedy. */
  @Test
  void truncationKeepsTheLikeliest() {
    double[] logits = {Math.log(0.1), Math.log(0.7), Math.log(0.2)};
    int[] counts = new int[3];
    java.util.SplittableRandom random = new java.util.SplittableRandom(1);
    for (int i = 0; i < 3000; i++) {
      counts[new Sampling(1, 0, 0.8).choose(logits.clone(), random)]++;
      assertEquals(1, new Sampling(3, 1, 1).choose(logits.clone(), random));
      // Of the two that top-k leaves, 0.7 is 0.78 of all.
      assertEquals(1, new Sampling(1, 2, 0.75).choose(logits.clone(), random));
    }
    assertEquals(0, counts[0]);
    assertEquals(3000 * 7 / 9.0, counts[1], 4 * Math.sqrt(3000 * 14 / 81.0));
    assertEquals(1, Sampling.GREEDY.choose(logits.clone(), random));
  }

  /** A hook that changes nothing changes no bit; one that scales a layer equals a run by hand. */
  @Test
  void hooksSeeAndEditTheStream() {
    Golden golden = Golden.of("gpt2-lm-4l");
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(golden.folder(), backend)) {
      LayerHook looks =
          new LayerHook() {
            @Override
            public boolean wantsAttention(Site site) {
              return true;
            }
          };
      LayerHook scales =
          new LayerHook() {
            @Override
            public void residual(Site site, Matrix x) {
              if (site.layer() == 2) {
                for (long i = 0; i < x.rows(); i++) {
                  for (int j = 0; j < x.columns(); j++) {
                    x.set(i, j, 2 * x.get(i, j));
                  }
                }
              }
            }
          };
      Keep keep = Keep.hiddenStates();
      try (Activations plain = model.forward(golden.inputs(), keep, LayerHook.NONE);
          Activations watched = model.forward(golden.inputs(), keep, looks);
          Activations scaled = model.forward(golden.inputs(), keep, scales)) {
        for (int layer = 0; layer <= 4; layer++) {
          String name = "hidden_states." + layer;
          assertEquals(-1, plain.get(name).segment().mismatch(watched.get(name).segment()), name);
        }
        assertEquals(
            2 * plain.get("hidden_states.2").get(3, 5), scaled.get("hidden_states.2").get(3, 5));
        float before = plain.get("hidden_states.3").get(3, 5);
        assertTrue(before != scaled.get("hidden_states.3").get(3, 5));
      }
    }
  }

  @Test
  void infillingFillsEveryMask(@TempDir Path folder) throws IOException {
    Golden golden = Golden.of("roberta-hub-4l");
    Path prompts = folder.resolve("p.json");
    Files.writeString(prompts, "[[0, 11, 12, 13, 2], [0, 21, 2]]");
    for (String method : List.of("mask-predict", "gibbs")) {
      Path out = folder.resolve(method + ".jsonl");
      CommandRun.of(
              "generate",
              "--model",
              golden.folder(),
              "--input-ids",
              prompts,
              "--max-new-tokens",
              5,
              "--mask-token",
              4,
              "--method",
              method,
              "--iterations",
              3,
              "--out",
              out,
              "--json")
          .json();
      for (String line : Files.readAllLines(out)) {
        int[] filled = ids(new ObjectMapper().readTree(line).get("generated"));
        assertEquals(5, filled.length);
        assertTrue(Arrays.stream(filled).noneMatch(id -> id == 4));
      }
    }
  }

  @Test
  void badUseIsNamed(@TempDir Path folder) throws IOException {
    Golden golden = Golden.of("gpt2-lm-4l");
    Path prompts = folder.resolve("p.json");
    Path out = folder.resolve("o.jsonl");
    Files.writeString(prompts, "[[1, 2, 3]]");
    CommandRun tooLong =
        CommandRun.of(
            "generate",
            "--model",
            golden.folder(),
            "--input-ids",
            prompts,
            "--max-new-tokens",
            46,
            "--out",
            out);
    assertEquals(3, tooLong.exit());
    assertTrue(tooLong.err().contains("longer than the 48"), tooLong.err());
    CommandRun noText =
        CommandRun.of(
            "generate",
            "--model",
            golden.folder(),
            "--prompt",
            "a",
            "--max-new-tokens",
            4,
            "--out",
            out);
    assertEquals(3, noText.exit());
    assertTrue(noText.err().contains("no tokenizer"), noText.err());
  }
}
