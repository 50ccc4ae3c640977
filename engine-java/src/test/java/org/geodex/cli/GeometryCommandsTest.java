package org.geodex.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.geodex.geodesic.Truth;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSource;
import org.geodex.matrix.MatrixWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
