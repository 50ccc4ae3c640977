package org.geodex.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.geodex.corpus.Corpus;
import org.geodex.corpus.ShippedModels;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokensCommandTest {
  /** Golden checkpoints of the module tests. */
  private static final Path HF = Path.of("../tests/src/test/resources/hf");

  @TempDir Path folder;

  private Path matrix(String name, int n, int d) {
    Random random = new Random(n * 31L + d);
    Path path = folder.resolve(name);
    try (Matrix.Owned x = Matrix.allocate(n, d)) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < d; j++) {
          x.set(i, j, (float) random.nextGaussian());
        }
      }
      MatrixWriter.write(path, x);
    }
    return path;
  }

  @Test
  void gainsOfARowsFileAreEqualBothWays() {
    JsonNode json = CommandRun.of("tokens", matrix("z.npy", 30, 12), "--json").json();
    assertTrue(json.get("max_difference").asDouble() < 1e-9);
    assertEquals(30, json.get("information_gain").size());
    assertEquals(29, json.get("lasso_coefficients").size());
    assertEquals(5, json.get("lasso_tokens").size());
  }

  @Test
  void aModelsTokensAreStudied() {
    Path model = HF.resolve("gpt2-lm-4l");
    Object[] args = {
      "tokens", "--model", model, "--input-ids", model.resolve("inputs.json"), "--json"
    };
    JsonNode json = CommandRun.of(args).json();
    assertEquals(3, json.get("contexts").asInt());
    assertTrue(json.get("max_difference_log_det_ridge").asDouble() < 1e-9);
    assertTrue(json.get("changes").get("drop").get("lasso").has("loss"));
    assertTrue(json.get("unexplained").get("lasso").get("mean").asDouble() < 1);
    JsonNode bert =
        CommandRun.of(
                "tokens",
                "--model",
                HF.resolve("bert-hub-4l"),
                "--input-ids",
                HF.resolve("bert-hub-4l/inputs.json"),
                "--json")
            .json();
    assertTrue(bert.get("changes").get("drop").get("lasso").has("representation"));
  }

  /** Masked models are asked for the target behind a mask, T5 behind its sentinel. */
  @Test
  void everyArchitectureIsAskedAboutTheTarget() throws Exception {
    Path text = folder.resolve("text.txt");
    Files.write(text, new Corpus(901, 4).documents().stream().map(d -> d.text() + "\n").toList());
    for (String name : ShippedModels.ARCHITECTURES) {
      JsonNode json =
          CommandRun.of(
                  "tokens",
                  "--model",
                  ShippedModels.folder(name),
                  "--text",
                  text,
                  "--target",
                  "random",
                  "--json")
              .json();
      assertTrue(json.get("loss").get("mean").asDouble() > 0, name);
      assertTrue(json.get("changes").get("keep").get("content").has("loss"), name);
      assertTrue(json.get("changes").get("drop").get("content").has("information_gain"), name);
      assertTrue(json.get("information_gain").has("content_words"), name);
      assertTrue(json.get("sentences").get("same_topic").has("full_bures_wasserstein"), name);
    }
  }

  @Test
  void scalingComparesLaws() throws Exception {
    Path ids = folder.resolve("ids.json");
    Files.writeString(ids, "[[3, 9, 27, 5, 15, 11, 8, 2], [4, 8, 16, 1, 2, 30, 7, 21]]");
    JsonNode json =
        CommandRun.of(
                "scaling",
                "--models",
                HF.resolve("gpt2-layerscale-3l"),
                HF.resolve("gpt2-lm-4l"),
                HF.resolve("gpt2-positions-2l"),
                "--input-ids",
                ids,
                "--eps",
                "0.5,0.1",
                "--layers",
                "-1,0",
                "--fresh",
                "2",
                "--json")
            .json();
    assertEquals(3, json.get("models").size());
    assertTrue(json.get("models").get(0).has("effective_rank_share_layer_0"));
    assertEquals(2, json.get("models").get(0).get("diff_erank_of_mean_entropy_by_seed").size());
    JsonNode fit = json.get("fits").get("coding_length_normalized_eps_0.5");
    assertTrue(fit.get("POWER").has("aic") && fit.has("best_by_aic") && fit.has("exponent"));
    assertEquals(8, json.get("models").get(0).get("conditional_entropy_by_position").size());
  }

  @Test
  void badInputIsRefusedWithASentence() {
    Path model = HF.resolve("gpt2-lm-4l");
    Path ids = model.resolve("inputs.json");
    assertEquals(2, CommandRun.of("scaling", "--models", model, "--input-ids", ids).exit());
    assertEquals(3, CommandRun.of("scaling", "--models", model, model, "--input-ids", ids).exit());
    assertEquals(3, CommandRun.of("tokens", matrix("one.npy", 1, 4)).exit());
    assertEquals(2, CommandRun.of("tokens", matrix("two.npy", 2, 4), "--eps", "0").exit());
    assertEquals(2, CommandRun.of("tokens", matrix("two.npy", 2, 4), "--select", "0").exit());
    assertEquals(2, CommandRun.of("tokens").exit());
    assertEquals(
        5, CommandRun.of("tokens", matrix("nine.npy", 9, 4), "--memory-budget", "100").exit());
    Path same = folder.resolve("same.npy");
    try (Matrix.Owned x = Matrix.allocate(5, 3)) {
      x.fill(2);
      MatrixWriter.write(same, x);
    }
    CommandRun identical = CommandRun.of("tokens", same);
    assertEquals(3, identical.exit());
    assertTrue(identical.err().contains("identical"), identical.err());
    CommandRun plain = CommandRun.of("tokens", matrix("plain.npy", 9, 4));
    assertTrue(!plain.out().contains("[D@"), plain.out());
    assertEquals(
        2, CommandRun.of("tokens", "--model", model, "--input-ids", ids, "--target", "0").exit());
    CommandRun deep = CommandRun.of("tokens", "--model", model, "--input-ids", ids, "--layer", "9");
    assertEquals(2, deep.exit());
    assertTrue(deep.err().contains("hidden states 0 to 4"), deep.err());
  }

  @Test
  void scalingRefusesWithASentence() throws Exception {
    Path[] models = {HF.resolve("t5-encoder-2l"), HF.resolve("t5-v1_0-relu-3l")};
    Path ids = folder.resolve("ids.json");
    Files.writeString(ids, "[[3, 9, 27], [5, 5, 5]]");
    CommandRun deep = scaling(models, ids, "--layers", "0,3");
    assertEquals(2, deep.exit());
    assertTrue(deep.err().contains("--layers 3: expected 0 to 2 or -1 to -3"), deep.err());
    assertEquals(2, scaling(models, ids, "--eps", "0.5,0").exit());
    assertEquals(2, scaling(models, ids, "--eps", ",").exit());
    CommandRun identical = scaling(models, ids);
    assertEquals(3, identical.exit());
    assertTrue(identical.err().contains("text 2: its 3 tokens are one and the same"));
    Files.writeString(ids, "[[3], [5]]");
    CommandRun single = scaling(models, ids);
    assertEquals(3, single.exit());
    assertTrue(single.err().contains("none of the 2 texts has two tokens"), single.err());
    Files.writeString(ids, "[[3, 9, 27, 4]]");
    CommandRun alone = scaling(models, ids);
    assertEquals(0, alone.exit());
    assertTrue(alone.err().contains("no width"), alone.err());
  }

  private CommandRun scaling(Path[] models, Path ids, Object... more) {
    List<Object> args = new ArrayList<>(List.of("scaling", "--models", models[0], models[1]));
    args.addAll(List.of("--input-ids", ids, "--out", folder.resolve("out")));
    args.addAll(List.of(more));
    CommandRun run = CommandRun.of(args.toArray());
    assertEquals(run.exit() == 0, Files.exists(folder.resolve("out")), run.err());
    return run;
  }
}
