package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.geodex.cli.CommandRun;
import org.geodex.matrix.SafetensorsFile;
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
}
