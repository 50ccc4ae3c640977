package org.geodex.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.geodex.information.Samples;
import org.geodex.matrix.ArrowSink;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSink;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AlignCommandTest {
  @TempDir Path folder;

  private Path x;
  private Path y;
  private Path out;

  @BeforeEach
  void write() {
    x = folder.resolve("x.npy");
    y = folder.resolve("y.npy");
    out = folder.resolve("out");
    try (Matrix.Owned a = Samples.normal(1, 100, 3);
        Matrix.Owned b = Samples.correlated(2, a, 0.95)) {
      write(a, x);
      write(b, y);
    }
  }

  private static void write(Matrix matrix, Path file) {
    try (MatrixSink sink = MatrixSink.create(file, matrix.rows(), matrix.columns())) {
      sink.write(matrix);
      sink.commit();
    }
  }

  private CommandRun align(Object... more) {
    Object[] args = {
      "align",
      "--global",
      x,
      "--intermediate",
      y,
      "--local",
      x,
      "--out",
      out,
      "--quiet",
      "--json",
      "--epochs",
      2,
      "--critic",
      "8,4",
      "--hidden",
      8
    };
    Object[] all = java.util.Arrays.copyOf(args, args.length + more.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return CommandRun.of(all);
  }

  @Test
  void resultsAreWrittenAndARerunResumes() throws IOException {
    JsonNode first = align("--seeds", 2, "--ablations", "full,procrustes").json();
    assertEquals(12, first.get("cells").asInt());
    assertEquals(0, first.get("resumed").asInt());
    double residual = first.at("/results/global_intermediate/procrustes/residual/mean").asDouble();
    assertTrue(residual > 0.05 && residual < 0.2, "1 - 0.95² is 0.0975: " + residual);
    assertEquals(100, first.get("rows").asInt());
    for (String file :
        new String[] {
          "alignment.json", "report.html", "alignment.arrow", "alignment_curves.arrow"
        }) {
      assertTrue(Files.size(out.resolve(file)) > 0, file);
    }
    JsonNode stored = new ObjectMapper().readTree(out.resolve("alignment.json").toFile());
    assertEquals(first.get("results"), stored.get("results"));
    JsonNode second = align("--seeds", 2, "--ablations", "full,procrustes").json();
    assertEquals(12, second.get("resumed").asInt());
    assertEquals(first.get("results"), second.get("results"));
  }

  @Test
  void procrustesIsNotTrained() {
    JsonNode result = align("--map", "procrustes", "--seeds", 1, "--compat", "reference").json();
    assertEquals(3, result.get("settings").size());
    assertTrue(result.at("/results/intermediate_local/baseline").has("reference_mi"));
    assertEquals(2, align("--map", "procrustes", "--ablations", "full").exit());
  }

  @Test
  void wrongUseIsRefused() {
    assertEquals(2, align("--map", "cubic").exit());
    assertEquals(2, align("--ablations", "none").exit());
    assertEquals(2, align("--sweep", "geo=x").exit());
    assertEquals(2, align("--activations", x).exit());
    assertEquals(2, align("--lambda-geo", -1).exit());
    assertFalse(Files.exists(out));
  }

  @Test
  void badInputIsRefusedWithASentence() throws IOException {
    Path same = folder.resolve("same.txt");
    Files.writeString(same, "7\n".repeat(100));
    expect(align("--documents", same), "1 document(s)");
    Files.writeString(same, "7\n".repeat(99));
    expect(align("--documents", same), "99 document numbers for 100 rows");
    try (Matrix.Owned few = Samples.normal(1, 90, 3)) {
      write(few, y);
    }
    expect(align(), "90 x 3");
  }

  @Test
  void storesOfDifferentDocumentsAreRefused() {
    Path first = folder.resolve("first.arrow");
    Path second = folder.resolve("second.arrow");
    store(first, 2, 0);
    store(second, 2, 1);
    CommandRun run =
        CommandRun.of(
            "align",
            "--global",
            first + "#layer_0",
            "--intermediate",
            first + "#layer_1",
            "--local",
            second + "#layer_0",
            "--out",
            out);
    expect(run, "hold different documents");
  }

  @Test
  void aScaleWithNoLayerIsRefused() {
    Path file = folder.resolve("activations.arrow");
    store(file, 4, 0);
    for (String partition : new String[] {"0-1/2-2/3-6", "0-1//2-3", "0-0/2-1/3-3"}) {
      CommandRun run =
          CommandRun.of("align", "--activations", file, "--partition", partition, "--out", out);
      expect(run, "a scale has no layer");
    }
    CommandRun unknown =
        CommandRun.of("align", "--activations", file, "--partition", "halves", "--out", out);
    assertEquals(2, unknown.exit());
  }

  /** 100 tokens in 50 documents. */
  private static void store(Path file, int layers, int shift) {
    int[] documents = IntStream.range(0, 100).map(i -> i / 2 + shift).toArray();
    ArrowSink.Builder table =
        ArrowSink.table(100).ints("document", documents).ints("sentence", new int[100]);
    for (int l = 0; l < layers; l++) {
      table.matrix("layer_" + l, 3);
    }
    try (ArrowSink sink = table.create(file);
        Matrix.Owned x = Samples.normal(1, 100, 3)) {
      for (int l = 0; l < layers; l++) {
        sink.write("layer_" + l, x);
      }
      sink.commit();
    }
  }

  private void expect(CommandRun run, String sentence) {
    assertEquals(3, run.exit(), run.err());
    assertTrue(run.err().contains(sentence), run.err());
    assertFalse(Files.exists(out));
  }
}
