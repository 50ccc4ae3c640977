package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.geodex.cli.CommandRun;
import org.geodex.matrix.SafetensorsFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every golden through the command line, in batches that do not divide the rows. */
class GoldenCommandTest {
  static List<Golden> goldens() {
    return Golden.all();
  }

  @ParameterizedTest
  @MethodSource("goldens")
  void activations(Golden golden, @TempDir Path folder) {
    Path out = folder.resolve("out.safetensors");
    JsonNode json =
        CommandRun.of(
                "activations",
                "--model",
                golden.folder(),
                "--input-ids",
                golden.folder().resolve("inputs.json"),
                "--attentions",
                "--logits",
                "--batch",
                2,
                "--out",
                out,
                "--json")
            .json();
    assertEquals(golden.json("config.json").get("model_type"), json.get("model_type"));
    assertEquals(
        golden.inputs().tokens() + golden.inputs().decoderTokens(), json.get("tokens").asLong());
    try (SafetensorsFile expected = golden.expected();
        SafetensorsFile actual = SafetensorsFile.open(out)) {
      assertEquals(new TreeSet<>(expected.names()), new TreeSet<>(actual.names()));
      for (String name : actual.names()) {
        golden.check(expected.tensor(name), name, actual.tensor(name));
      }
    }
  }

  /** A budget for one sequence gives the same file as one for all; less is refused. */
  @Test
  void budget(@TempDir Path folder) throws IOException {
    Path all = folder.resolve("all.safetensors");
    Path single = folder.resolve("single.safetensors");
    assertEquals(0, withBudget("1G", all).exit());
    assertEquals(0, withBudget("100K", single).exit());
    try (SafetensorsFile expected = SafetensorsFile.open(all);
        SafetensorsFile actual = SafetensorsFile.open(single)) {
      for (String name : expected.names()) {
        Golden.of("gpt2-lm-4l").check(expected.tensor(name), name, actual.tensor(name));
      }
    }
    Path none = folder.resolve("none.safetensors");
    CommandRun refused = withBudget("10K", none);
    assertEquals(5, refused.exit());
    assertTrue(refused.err().contains("a sequence of 20 tokens needs "), refused.err());
    assertFalse(Files.exists(none));
  }

  private static CommandRun withBudget(String budget, Path out) {
    Path model = Golden.of("gpt2-lm-4l").folder();
    return CommandRun.of(
        "activations",
        "--model",
        model,
        "--input-ids",
        model.resolve("inputs.json"),
        "--memory-budget",
        budget,
        "--out",
        out);
  }
}
