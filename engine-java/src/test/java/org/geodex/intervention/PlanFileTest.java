package org.geodex.intervention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.corpus.Corpus;
import org.geodex.corpus.LabelledDocument;
import org.geodex.corpus.ShippedModels;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixWriter;
import org.geodex.model.Model;
import org.geodex.model.Tokenizer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plans in JSON and YAML, and what in them is refused by name. */
class PlanFileTest {
  @TempDir Path folder;
  private Backend backend;
  private Model model;
  private Tokenizer tokenizer;
  private PlanContext context;

  @BeforeEach
  void open() {
    Path checkpoint = ShippedModels.folder("gpt2-16");
    backend = Backends.open(BackendOptions.defaults());
    model = Model.load(checkpoint, backend);
    tokenizer = Tokenizer.load(checkpoint);
    List<String> documents =
        new Corpus(77, 4).documents().stream().map(LabelledDocument::text).toList();
    context = new PlanContext(backend, model, tokenizer, documents, "thirds", 5);
  }

  @AfterEach
  void close() {
    context.close();
    tokenizer.close();
    model.close();
    backend.close();
  }

  private Plan read(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, content);
    return PlanFile.read(file, context);
  }

  @Test
  void jsonAndYamlSayTheSame() throws IOException {
    Plan yaml =
        read(
            "p.yaml",
            """
            interventions:
              - {kind: scale, scale: global, alpha: 1.5}
              - kind: remove-heads
                layers: 1-2
                alpha: 1
                heads: [0]
              - {kind: attention-span, layers: [2], alpha: 0.5, span: 3}
            """);
    Plan json =
        read(
            "p.json",
            """
            {"interventions": [
              {"kind": "scale", "scale": "global", "alpha": 1.5},
              {"kind": "remove-heads", "layers": "1-2", "alpha": 1, "heads": [0]},
              {"kind": "attention-span", "layers": [2], "alpha": 0.5, "span": 3}]}
            """);
    assertEquals(yaml, json);
    assertEquals(new TreeSet<>(List.of(2)), yaml.interventions().get(0).states());
    assertEquals(new TreeSet<>(List.of(1, 2)), yaml.interventions().get(1).states());
    assertEquals(3, yaml.interventions().get(2).span());
  }

  @Test
  void whatDoesNotFitIsNamed() throws IOException {
    refused("[{\"kind\": \"scale\", \"alpha\": 2, \"layer\": 1}]", "unknown key \"layer\"");
    refused("{\"steps\": []}", "unknown key \"steps\"");
    refused("[{\"kind\": \"shift\", \"alpha\": 2, \"layers\": 1}]", "kind \"shift\"");
    refused("[{\"kind\": \"scale\", \"layers\": 1}]", "\"alpha\" is missing");
    refused("[{\"kind\": \"scale\", \"alpha\": \"x\", \"layers\": 1}]", "expected a number");
    refused("[{\"kind\": \"scale\", \"alpha\": 2}]", "either scale or layers");
    refused("[{\"kind\": \"scale\", \"alpha\": 2, \"scale\": \"tiny\"}]", "scale \"tiny\"");
    refused("[{\"kind\": \"noise\", \"alpha\": -1, \"layers\": 1}]", "0 or more");
    refused(
        "[{\"kind\": \"translate\", \"alpha\": 1, \"layers\": 1, \"direction\": [1, 2]}]",
        "direction [1,2]: expected random");
    refused("[{\"kind\": \"scale\", ", "line 1: not valid JSON");
    refused("[] []", "line 1: something follows");
    String place = "intervention 1: ";
    refused("[{\"kind\": \"scale\", \"kind\": \"noise\"}]", "Duplicate field 'kind'");
    refused("[{\"kind\": \"scale\", \"alpha\": 2, \"layers\": 9}]", place + "scale: layer 9");
    refused("[{\"kind\": \"scale\", \"alpha\": 2, \"layers\": []}]", place + "scale: no layers");
    refused(
        "[{\"kind\": \"remove-heads\", \"alpha\": 1, \"layers\": 1, \"heads\": [99]}]",
        place + "remove-heads: head 99");
    refused(
        "[{\"kind\": \"remove-heads\", \"alpha\": 1, \"layers\": 1, \"heads\": 2}]",
        place + "heads 2: expected a list");
    refused(
        "[{\"kind\": \"attention-uniform\", \"alpha\": 1, \"layers\": [0]}]",
        place + "attention-uniform: hidden state 0 has no attention");
  }

  private void refused(String json, String words) {
    InputException e = assertThrows(InputException.class, () -> read("bad.json", json));
    assertTrue(e.getMessage().contains("bad.json"), e.getMessage());
    assertTrue(e.getMessage().contains(words), e.getMessage());
  }

  @Test
  void aVectorOfTheWrongLengthIsRefused() throws IOException {
    Path file = folder.resolve("v.npy");
    try (Matrix.Owned vector = Matrix.of(new float[] {3, 4, 0})) {
      MatrixWriter.write(file, vector);
    }
    InputException e =
        assertThrows(
            InputException.class,
            () -> context.direction(file.toString(), new TreeSet<>(List.of(1))));
    assertTrue(e.getMessage().contains("length 3, expected 16"), e.getMessage());
  }

  /** A file's vector is brought to unit length; the same text on both sides has no difference. */
  @Test
  void directionsHaveUnitLength() throws IOException {
    Path file = folder.resolve("v.npy");
    float[] v = new float[16];
    v[2] = 3;
    v[5] = 4;
    try (Matrix.Owned vector = Matrix.of(v)) {
      MatrixWriter.write(file, vector);
    }
    float[] u = context.direction(file.toString(), new TreeSet<>(List.of(1))).at(1);
    float[] expected = new float[16];
    expected[2] = 0.6f;
    expected[5] = 0.8f;
    assertArrayEquals(expected, u, 1e-7f);
    for (String name : List.of("random", "principal", "principal:2")) {
      double squares = 0;
      for (float x : context.direction(name, new TreeSet<>(List.of(0, 1))).at(0)) {
        squares += x * x;
      }
      assertEquals(1, squares, 1e-6, name);
    }
    Path text = folder.resolve("a.txt");
    Files.writeString(text, "Anna stirs the soup.");
    String same = "classes:" + text + "," + text;
    InputException e =
        assertThrows(
            InputException.class, () -> context.direction(same, new TreeSet<>(List.of(1))));
    assertTrue(e.getMessage().contains("same mean"), e.getMessage());
  }
}
