package org.geodex.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.geodex.cli.CommandRun;
import org.geodex.matrix.ArrowFile;
import org.geodex.report.ReportInBrowser;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The main job from end to end: a fixture's weights and a real text (the licence) in, a report out.
 */
class AnalyzeTest {
  /** Sums of 10³ terms in f32 against f64, through four layers. */
  private static final double RELATIVE = 2e-3;

  @TempDir static Path folder;
  private static Path model;
  private static Path text;

  @BeforeAll
  static void modelAndText() throws IOException {
    model = Files.createDirectory(folder.resolve("model"));
    Path resources = Path.of("src/test/resources");
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(resources.resolve("hf/gpt2-lm-4l").resolve(file), model.resolve(file));
    }
    for (String file : List.of("vocab.json", "merges.txt")) {
      Files.copy(resources.resolve("tokenizers/ascii").resolve(file), model.resolve(file));
    }
    text = folder.resolve("licence.txt");
    Files.writeString(text, Files.readString(Path.of("../LICENSE")).substring(0, 5000));
  }

  private static CommandRun analyze(Path out, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of("analyze", "--model", model.toString(), "--text", text.toString(), "--out"));
    args.addAll(List.of(out.toString(), "--max-rows", "200", "--json"));
    args.addAll(List.of(more));
    return CommandRun.of(args.toArray());
  }

  @Test
  void theReportIsWholeAndEqualsTheScalarBackends() throws IOException {
    Path fast = folder.resolve("cpu");
    Path exact = folder.resolve("scalar");
    CommandRun run = analyze(fast);
    assertEquals(0, run.exit(), run.err());
    assertEquals("gpt2", run.json().get("model_type").asText());
    assertTrue(run.json().get("partition").has("intermediate"));
    assertEquals(0, analyze(exact, "--backend", "scalar").exit());
    ObjectMapper mapper = new ObjectMapper();
    JsonNode a = mapper.readTree(fast.resolve("report.json").toFile()).get("results");
    JsonNode b = mapper.readTree(exact.resolve("report.json").toFile()).get("results");
    // Tests by ranks jump where rounding orders two values that are as good as equal; the values
    // themselves are compared.
    ((ObjectNode) a.get("analysis_tokens")).remove("tests");
    ((ObjectNode) b.get("analysis_tokens")).remove("tests");
    assertEqualNumbers("results", b, a);
    for (String file : List.of("layers.arrow", "layer_pairs.arrow", "scales.arrow")) {
      try (ArrowFile arrow = ArrowFile.open(fast.resolve(file))) {
        assertTrue(arrow.rows() > 4, file);
      }
    }
    ReportInBrowser.check(fast.resolve("report.html"), Path.of("target/screenshots/analyze"));
  }

  private static void assertEqualNumbers(String place, JsonNode exact, JsonNode fast) {
    assertEquals(exact.getNodeType(), fast.getNodeType(), place);
    if (exact.isNumber()) {
      double tolerance = RELATIVE * Math.max(1, Math.abs(exact.asDouble()));
      assertEquals(exact.asDouble(), fast.asDouble(), tolerance, place);
    } else if (exact.isObject()) {
      exact
          .properties()
          .forEach(
              field ->
                  assertEqualNumbers(
                      place + "/" + field.getKey(), field.getValue(), fast.get(field.getKey())));
    } else if (exact.isArray()) {
      assertEquals(exact.size(), fast.size(), place);
      for (int i = 0; i < exact.size(); i++) {
        assertEqualNumbers(place + "/" + i, exact.get(i), fast.get(i));
      }
    }
  }

  @Test
  void scalesFindsThePartitionAndKnowsThePublishedOnes() {
    CommandRun found =
        CommandRun.of(
            "scales",
            "--model",
            model.toString(),
            "--text",
            text.toString(),
            "--max-rows",
            "100",
            "--json");
    assertEquals(0, found.exit(), found.err());
    assertEquals(2, found.json().get("stability").size());
    CommandRun thirds =
        CommandRun.of(
            "scales",
            "--model",
            model.toString(),
            "--text",
            text.toString(),
            "--partition",
            "thirds",
            "--json");
    assertEquals("0-1", thirds.json().at("/partition/local").asText());
    assertEquals("4-4", thirds.json().at("/partition/global").asText());
  }

  @Test
  void badInputLeavesNothingBehind() throws IOException {
    Path out = folder.resolve("never");
    Path empty = Files.writeString(folder.resolve("empty.txt"), " \n");
    CommandRun noText =
        CommandRun.of(
            "analyze",
            "--model",
            model.toString(),
            "--text",
            empty.toString(),
            "--out",
            out.toString());
    assertEquals(3, noText.exit());
    assertTrue(noText.err().contains("empty.txt"), noText.err());
    CommandRun noModel =
        CommandRun.of(
            "analyze",
            "--model",
            folder.resolve("none").toString(),
            "--text",
            text.toString(),
            "--out",
            out.toString());
    assertEquals(3, noModel.exit());
    CommandRun wrongPartition = analyze(out, "--partition", "0-1/1-2/3-4");
    assertEquals(2, wrongPartition.exit());
    assertFalse(Files.exists(out), "a failed run left its folder");
  }
}
