package org.geodex.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.geodex.geodesic.Truth;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSource;
import org.geodex.matrix.MatrixWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GeometryCommandsTest {
  private static final int N = 60;

  @TempDir private Path folder;
  private Path x;
  private Path out;

  @BeforeEach
  void write() {
    x = folder.resolve("x.npy");
    out = folder.resolve("out.npy");
    try (Matrix.Owned rows = Truth.normal(1, N, 5, 0)) {
      MatrixWriter.write(x, rows);
    }
  }

  @Test
  void pairwise() {
    JsonNode json =
        CommandRun.of("pairwise", x, "--metric", "cosine", "--out", out, "--json").json();
    assertEquals(N, json.get("n").asInt());
    assertEquals(N, json.get("m").asInt());
    assertEquals(5, json.get("d").asInt());
    assertEquals("cosine", json.get("metric").asText());
    try (MatrixSource distances = MatrixSource.open(out.toString())) {
      assertEquals(N, distances.matrix().rows());
      assertEquals(0, distances.matrix().get(7, 7));
    }
  }

  @Test
  void knnWritesBothFiles() {
    Path indices = folder.resolve("i.npy");
    JsonNode json =
        CommandRun.of(
                "knn", x, "--k", 4, "--out-indices", indices, "--out-distances", out, "--json")
            .json();
    assertEquals(4, json.get("k").asInt());
    assertTrue(Files.exists(indices));
    try (MatrixSource distances = MatrixSource.open(out.toString())) {
      assertEquals(4, distances.matrix().columns());
    }
  }

  @Test
  void geodesicReportsWhatTheContractNames() {
    JsonNode json =
        CommandRun.of("geodesic", x, "--k", 8, "--out", out, "--seed", 3, "--json").json();
    for (String key : new String[] {"n", "d", "k", "edges", "components", "diameter"}) {
      assertTrue(json.get(key).isNumber(), key);
    }
    assertTrue(json.get("algorithm").isTextual());
    for (String key : new String[] {"knn", "graph", "paths", "total"}) {
      assertTrue(json.get("seconds").get(key).isNumber(), key);
    }
  }

  @Test
  void landmarksPathsAndRows() {
    Path before = folder.resolve("p.npy");
    Path rows = folder.resolve("r.npy");
    JsonNode json =
        CommandRun.of(
                "geodesic",
                x,
                "--k",
                8,
                "--landmarks",
                6,
                "--paths",
                before,
                "--out-rows",
                rows,
                "--out",
                out,
                "--json")
            .json();
    assertEquals(6, json.get("landmarks").size());
    assertTrue(Files.exists(before));
    assertTrue(Files.exists(rows));
    try (MatrixSource lengths = MatrixSource.open(out.toString())) {
      assertEquals(6, lengths.matrix().rows());
      assertEquals(N, lengths.matrix().columns());
      assertEquals(0, lengths.matrix().get(2, json.get("landmarks").get(2).asInt()));
    }
  }

  @Test
  void isomapDimensionAndCurvature() {
    JsonNode isomap =
        CommandRun.of("isomap", x, "--k", 10, "--dimensions", 3, "--out", out, "--json").json();
    assertEquals(3, isomap.get("residual_variance").size());
    assertTrue(isomap.get("residual_variance").get(2).asDouble() < 0.5);
    for (String estimator : new String[] {"twonn", "gride", "mle"}) {
      JsonNode json = CommandRun.of("dimension", x, "--estimator", estimator, "--json").json();
      assertEquals(estimator, json.get("estimator").asText());
      assertTrue(json.get("value").asDouble() > 1);
      assertEquals(0, json.get("zero_distances").asInt());
    }
    assertEquals("radians", CommandRun.of("curvature", x, "--json").json().get("unit").asText());
  }

  @Test
  void aGraphThatTheUserBrings() {
    Path edges = folder.resolve("edges.npy");
    try (Matrix.Owned rows = Matrix.of(new float[][] {{0, 1, 2}, {2, 1, 3}, {3, 4, 1}})) {
      MatrixWriter.write(edges, rows);
    }
    CommandRun apart = CommandRun.of("geodesic", "--edges", edges, "--out", out);
    assertEquals(3, apart.exit());
    assertEquals(
        "geodex geodesic: %s: the graph has 2 components (3 rows from row 0, 2 rows from row 3);"
                .formatted(edges)
            + " choose --components largest or inf\n",
        apart.err());
    JsonNode json =
        CommandRun.of("geodesic", "--edges", edges, "--components", "inf", "--out", out, "--json")
            .json();
    assertEquals(5, json.get("n").asInt());
    assertEquals(3, json.get("edges").asInt());
    assertFalse(json.has("k"));
    try (MatrixSource lengths = MatrixSource.open(out.toString(), true)) {
      assertEquals(5, lengths.matrix().get(0, 2));
      assertEquals(Float.POSITIVE_INFINITY, lengths.matrix().get(2, 4));
    }
    assertEquals(2, CommandRun.of("geodesic", "--out", out).exit());
    assertEquals(
        2,
        CommandRun.of("geodesic", "--edges", edges, "--components", "bridge", "--out", out).exit());
    JsonNode bridged =
        CommandRun.of(
                "geodesic", x, "--edges", edges, "--components", "bridge", "--out", out, "--json")
            .json();
    assertEquals(N, bridged.get("n").asInt());
    assertEquals(N - 3, bridged.get("components").asInt());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0,1,-1   | row 0 has the length -1.0, expected a finite one of at least 0",
        "0,1.5,1  | row 0, column 1 is 1.5, expected the number of a vertex, 0 to 16777215",
        "-1,1,1   | row 0, column 0 is -1.0, expected the number of a vertex, 0 to 16777215",
        "0,1      | has 2 columns, expected 3: vertex, vertex, length"
      })
  void badEdges(String row, String sentence) {
    Path edges = folder.resolve("edges.npy");
    String[] parts = row.split(",");
    float[] values = new float[parts.length];
    for (int c = 0; c < values.length; c++) {
      values[c] = Float.parseFloat(parts[c]);
    }
    try (Matrix.Owned rows = Matrix.of(new float[][] {values})) {
      MatrixWriter.write(edges, rows);
    }
    CommandRun run = CommandRun.of("geodesic", "--edges", edges, "--out", out);
    assertEquals(3, run.exit());
    assertEquals("geodex geodesic: %s: %s\n".formatted(edges, sentence), run.err());
    assertFalse(Files.exists(out));
  }

  @Test
  void equalRowsHaveNoCoordinates() {
    try (Matrix.Owned rows = Matrix.allocate(N, 3)) {
      MatrixWriter.write(x, rows.fill(2));
    }
    CommandRun run = CommandRun.of("isomap", x, "--out", out);
    assertEquals(3, run.exit());
    assertEquals(
        "geodex isomap: %s: all rows are equal, so there are no coordinates to find\n".formatted(x),
        run.err());
    assertFalse(Files.exists(out));
  }

  @Test
  void rowsThatAreNotFiniteHaveNoCoordinates() {
    try (Matrix.Owned rows = Truth.normal(1, N, 5, 0)) {
      rows.set(3, 2, Float.NaN);
      MatrixWriter.write(x, rows);
    }
    CommandRun run = CommandRun.of("isomap", x, "--allow-nonfinite", "--out", out);
    assertEquals(3, run.exit(), run.err());
    assertFalse(Files.exists(out));
  }

  /** One thread and two give the same bits, at sizes that every tiled path takes. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "pairwise",
        "pairwise --precision expanded",
        "pairwise --metric angular",
        "pairwise --metric chebyshev",
        "geodesic --k 12",
        "geodesic --k 12 --landmarks 40 --components bridge",
        "geodesic --radius 3.2 --components largest",
        "isomap --k 12 --dimensions 3",
        "isomap --k 12 --landmarks 50",
        "knn --k 9",
        "knn --k 9 --metric cosine",
        "dimension --estimator gride",
        "curvature"
      })
  void sameBitsForOneAndTwoThreads(String line) throws IOException {
    try (Matrix.Owned rows = Truth.normal(3, 1200, 16, 0.5)) {
      MatrixWriter.write(x, rows);
    }
    byte[] files = null;
    JsonNode values = null;
    for (int threads : new int[] {1, 2}) {
      List<Object> args = new ArrayList<>(List.of((Object[]) line.split(" ")));
      args.add(1, x);
      args.addAll(List.of("--threads", threads, "--json"));
      if (line.startsWith("knn")) {
        args.addAll(List.of("--out-distances", out));
      } else if (!line.startsWith("dimension") && !line.startsWith("curvature")) {
        args.addAll(List.of("--out", out));
      }
      ObjectNode json = (ObjectNode) CommandRun.of(args.toArray()).json();
      json.remove(List.of("seconds", "threads"));
      byte[] written = Files.exists(out) ? Files.readAllBytes(out) : new byte[0];
      if (threads == 2) {
        assertEquals(values, json);
        assertArrayEquals(files, written);
      }
      files = written;
      values = json;
    }
  }

  /** Wrong usage 2, bad input 3, no memory 5; nothing is written. */
  @ParameterizedTest
  @CsvSource({
    "2, geodesic --k 0",
    "2, geodesic --radius -1",
    "2, pairwise --metric manhattan",
    "2, geodesic --components none",
    "3, geodesic --k 60",
    "3, geodesic --k 1",
    "3, geodesic --landmarks 61",
    "3, pairwise --metric fisher-rao-categorical",
    "3, pairwise --metric fisher-rao-normal",
    "3, isomap --dimensions 60",
    "2, geodesic --radius 1 --edges e.npy",
    "2, geodesic --landmarks 0",
    "3, geodesic --radius 0.01",
    "5, pairwise --memory-budget 2K",
    "5, geodesic --memory-budget 2K",
    "5, isomap --memory-budget 2K"
  })
  void refusals(int exit, String line) {
    String[] parts = line.split(" ");
    Object[] args = new Object[parts.length + 3];
    args[0] = parts[0];
    args[1] = x;
    System.arraycopy(parts, 1, args, 2, parts.length - 1);
    args[parts.length + 1] = "--out";
    args[parts.length + 2] = out;
    CommandRun run = CommandRun.of(args);
    assertEquals(exit, run.exit(), run.err());
    assertFalse(Files.exists(out));
    assertFalse(run.err().contains("Exception"), run.err());
  }
}
