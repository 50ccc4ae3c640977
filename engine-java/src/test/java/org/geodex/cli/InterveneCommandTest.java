package org.geodex.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.geodex.corpus.Corpus;
import org.geodex.corpus.LabelledDocument;
import org.geodex.corpus.ShippedModels;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code geodex intervene} on the smallest shipped model. */
class InterveneCommandTest {
  @TempDir Path folder;
  private Path text;

  @BeforeEach
  void write() throws IOException {
    text = folder.resolve("text.txt");
    List<String> documents =
        new Corpus(91, 6).documents().stream().map(LabelledDocument::text).toList();
    Files.writeString(text, String.join("\n\n", documents));
  }

  private CommandRun run(Object... more) {
    List<Object> args =
        new ArrayList<>(
            List.of(
                "intervene",
                "--model",
                ShippedModels.folder("gpt2-16"),
                "--seeds",
                2,
                "--max-new-tokens",
                16));
    args.addAll(List.of(more));
    return CommandRun.of(args.toArray());
  }

  private Map<String, FileTime> cells(Path out) throws IOException {
    Map<String, FileTime> times = new TreeMap<>();
    try (var files = Files.list(out.resolve("cells"))) {
      for (Path file : files.toList()) {
        times.put(file.getFileName().toString(), Files.getLastModifiedTime(file));
      }
    }
    return times;
  }

  @Test
  void strengthsDosesAndTheReport() throws IOException {
    Path out = folder.resolve("out");
    Object[] args = {
      "--text",
      text,
      "--kind",
      "scale",
      "--scale",
      "local,control",
      "--alpha",
      "1,2",
      "--dose",
      "0.05",
      "--out",
      out,
      "--json"
    };
    JsonNode result = run(args).json();
    assertEquals("sampling", result.get("method").asText());
    assertEquals(6, result.get("prompts").asInt());
    assertEquals(6, result.get("conditions").size());
    JsonNode unchanged = result.get("conditions").get(0);
    assertEquals(0, unchanged.get("dose").asDouble());
    assertEquals(result.get("unmodified"), unchanged.get("measures"));
    JsonNode byDose = result.get("conditions").get(2);
    assertEquals(0.05, byDose.get("dose").asDouble(), 0.02 * 0.05);
    assertTrue(byDose.get("alpha").asDouble() > 1);
    assertEquals(0, result.get("not_measured").size());

    JsonNode report = new ObjectMapper().readTree(out.resolve("report.json").toFile());
    JsonNode effects = report.get("results").get("model-interventions").get("effects");
    // A control that draws the last state cannot reach a dose: the final norm undoes its scaling.
    int carried = 0;
    for (JsonNode condition : result.get("conditions")) {
      carried += condition.get("alpha").isNull() ? 0 : 1;
    }
    assertTrue(carried >= 5);
    assertEquals(carried * 18, effects.size());
    assertTrue(Files.readString(out.resolve("report.html")).contains("Beside the published"));

    // One file for each condition and for none, at two seeds; no cell is run twice.
    Map<String, FileTime> before = cells(out);
    assertEquals(2 * (1 + carried), before.size());
    JsonNode again = run(args).json();
    assertEquals(before, cells(out));
    assertEquals(result.get("conditions"), again.get("conditions"));

    // One thread writes the same.
    Path single = folder.resolve("single");
    args[11] = single;
    List<Object> one = new ArrayList<>(List.of(args));
    one.addAll(List.of("--threads", 1));
    JsonNode alone = run(one.toArray()).json();
    assertEquals(result.get("conditions"), alone.get("conditions"));
  }

  @Test
  void aPlanIsCarriedOut() throws IOException {
    Path plan = folder.resolve("plan.yaml");
    Files.writeString(
        plan,
        """
        interventions:
          - {kind: noise, layers: 1, alpha: 0.5}
          - {kind: attention-temperature, layers: 1-2, alpha: 2}
        """);
    JsonNode result =
        run("--prompt", "Anna is a baker.", "--plan", plan, "--out", folder.resolve("o"), "--json")
            .json();
    assertEquals("plan", result.get("conditions").get(0).get("scale").asText());
    assertTrue(result.get("conditions").get(0).get("dose").asDouble() > 0);
  }

  /** {@code own} is the kind's own strength, beside others. */
  @Test
  void ownStrengths() {
    JsonNode conditions =
        run(
                "--text",
                text,
                "--kind",
                "noise",
                "--scale",
                "local",
                "--alpha",
                "own,1",
                "--out",
                folder.resolve("own"),
                "--json")
            .json()
            .get("conditions");
    assertEquals(0.5, conditions.get(0).get("alpha").asDouble());
    assertEquals(1, conditions.get(1).get("alpha").asDouble());
  }

  /** Masks of a document are filled; the whole document is measured, 18 measures a condition. */
  @Test
  void robertaFills() {
    JsonNode result =
        CommandRun.of(
                "intervene",
                "--model",
                ShippedModels.folder("roberta"),
                "--text",
                text,
                "--seeds",
                1,
                "--iterations",
                2,
                "--kind",
                "noise",
                "--scale",
                "global",
                "--alpha",
                0.5,
                "--out",
                folder.resolve("r"),
                "--json")
            .json();
    assertEquals("mask-predict", result.get("method").asText());
    JsonNode noise = result.get("conditions").get(0);
    assertTrue(noise.get("dose").asDouble() > 0);
    assertEquals(18, noise.get("measures").size());
    double words = result.get("unmodified").get("words").asDouble();
    assertTrue(words > 60, "a document has about 84 words, not " + words);
  }

  @Test
  void analyzeHasASection() throws IOException {
    Path out = folder.resolve("analysis");
    CommandRun.of(
            "analyze",
            "--model",
            ShippedModels.folder("gpt2-16"),
            "--text",
            text,
            "--partition",
            "thirds",
            "--interventions",
            3,
            "--out",
            out,
            "--json")
        .json();
    JsonNode results =
        new ObjectMapper().readTree(out.resolve("report.json").toFile()).get("results");
    JsonNode study =
        results.properties().stream()
            .filter(entry -> entry.getKey().endsWith("interventions"))
            .findFirst()
            .orElseThrow()
            .getValue();
    assertEquals(3, study.get("prompts").asInt());
    assertTrue(Files.readString(out.resolve("report.html")).contains("Beside the published"));
  }

  /** A plan that changes nothing leaves the files of generate and activations as they are. */
  @Test
  void plansActOnOtherCommands() throws IOException {
    Path none = plan("none", 1);
    Path twice = plan("twice", 2);
    Object[] generate = {"generate", "--prompt", "Anna is a baker.", "--max-new-tokens", 12};
    Object[] activations = {"activations", "--text", text};
    for (Object[] command : List.of(generate, activations)) {
      byte[] plain = output(command, null);
      assertArrayEquals(plain, output(command, none));
      assertFalse(Arrays.equals(plain, output(command, twice)));
    }
  }

  private Path plan(String name, int alpha) throws IOException {
    Path plan = folder.resolve(name + ".json");
    return Files.writeString(
        plan, "[{\"kind\": \"scale\", \"layers\": 0, \"alpha\": %d}]".formatted(alpha));
  }

  private byte[] output(Object[] command, Path plan) throws IOException {
    Path out =
        folder.resolve(plan == null ? "plain.safetensors" : plan.getFileName() + ".safetensors");
    List<Object> args = new ArrayList<>(List.of(command));
    args.addAll(List.of("--model", ShippedModels.folder("gpt2-16"), "--out", out, "--json"));
    if (plan != null) {
      args.addAll(List.of("--plan", plan));
    }
    CommandRun.of(args.toArray()).json();
    return Files.readAllBytes(out);
  }

  @Test
  void badUseIsNamed() throws IOException {
    Path out = folder.resolve("never");
    Path plan = folder.resolve("bad.json");
    Files.writeString(plan, "[{\"kind\": \"scale\", \"alpha\": 2, \"layrs\": 1}]");
    Path vector = folder.resolve("v.npy");
    try (var x = org.geodex.matrix.Matrix.of(new float[] {1, 2})) {
      org.geodex.matrix.MatrixWriter.write(vector, x);
    }
    refused(2, "layer 7 does not exist", "--layers", "0-7", "--kind", "scale");
    refused(2, "head 4 does not exist", "--kind", "remove-heads", "--heads", 4);
    refused(2, "expected 0 to 1", "--kind", "attention-uniform", "--alpha", 2);
    refused(2, "kind \"shift\"", "--kind", "shift");
    refused(2, "--scale tiny", "--scale", "tiny");
    refused(2, "--dose -1", "--dose", "-1.0");
    refused(2, "expected a number or own, not owm", "--alpha", "owm");
    refused(3, "unknown key \"layrs\"", "--plan", plan);
    refused(3, "prompt 0 is empty", "--prompt", "");
    refused(3, "length 2, expected 16", "--kind", "translate", "--direction", vector);
    CommandRun tooLong =
        CommandRun.of(
            "intervene",
            "--model",
            ShippedModels.folder("gpt2-16"),
            "--text",
            text,
            "--max-new-tokens",
            190,
            "--out",
            out);
    assertEquals(3, tooLong.exit());
    assertTrue(tooLong.err().contains("longer than the 192"), tooLong.err());
    CommandRun nothing = run("--out", out);
    assertEquals(2, nothing.exit());
    assertTrue(nothing.err().contains("--prompt"), nothing.err());
    assertFalse(Files.exists(out));
  }

  private void refused(int exit, String words, Object... args) {
    List<Object> all = new ArrayList<>(List.of("--text", text, "--out", folder.resolve("never")));
    all.addAll(List.of(args));
    CommandRun run = run(all.toArray());
    assertTrue(run.err().contains(words), words + ": " + run.err());
    assertEquals(exit, run.exit(), run.err());
  }
}
