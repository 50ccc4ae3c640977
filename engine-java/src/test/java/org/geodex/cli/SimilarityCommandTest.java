package org.geodex.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Random;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands entropy and similarity from outside. */
class SimilarityCommandTest {
  @TempDir Path folder;
  private Path x;
  private Path y;

  @BeforeEach
  void write() {
    x = matrix("x.npy", 1, 40, 6);
    y = matrix("y.npy", 2, 40, 4);
  }

  private Path matrix(String name, long seed, int n, int d) {
    return matrix(name, seed, n, d, 0);
  }

  /** Normal values times a power of two. */
  private Path matrix(String name, long seed, int n, int d, int exponent) {
    Random random = new Random(seed);
    try (Matrix.Owned matrix = Matrix.allocate(n, d)) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < d; j++) {
          matrix.set(i, j, Math.scalb((float) random.nextGaussian(), exponent));
        }
      }
      return write(name, matrix);
    }
  }

  /** A measure that knows no scale gives one value, also where squares leave f32's range. */
  @Test
  void scaleIsNothing() {
    for (String measure : "cka-rbf distance-correlation rsa mutual-knn procrustes".split(" ")) {
      double value = similarity(x, y, measure);
      for (int exponent : new int[] {-90, 75}) {
        Path scaledX = matrix("sx.npy", 1, 40, 6, exponent);
        Path scaledY = matrix("sy.npy", 2, 40, 4, exponent);
        double scaled = similarity(scaledX, scaledY, measure);
        assertEquals(value, scaled, 1e-6, measure + " times 2^" + exponent);
      }
    }
  }

  private static double similarity(Path x, Path y, String measure) {
    return CommandRun.of("similarity", x, y, "--measure", measure, "--json")
        .json()
        .get("value")
        .asDouble();
  }

  private Path write(String name, Matrix matrix) {
    Path path = folder.resolve(name);
    MatrixWriter.write(path, matrix);
    return path;
  }

  @Test
  void everyMeasureGivesAValue() {
    for (String measure :
        "cka cka-debiased cka-rbf cca svcca pwcca procrustes distance-correlation rsa mutual-knn"
            .split(" ")) {
      JsonNode json = CommandRun.of("similarity", x, y, "--measure", measure, "--json").json();
      assertEquals(measure, json.get("measure").asText());
      assertTrue(Math.abs(json.get("value").asDouble()) < 1, measure);
    }
  }

  @Test
  void threeMatricesGiveATable() {
    JsonNode json = CommandRun.of("similarity", x, y, x, "--json").json();
    assertEquals(1, json.get("table").get(0).get(2).asDouble(), 1e-12);
    double pair = CommandRun.of("similarity", x, y, "--json").json().get("value").asDouble();
    assertEquals(pair, json.get("table").get(0).get(1).asDouble(), 1e-12);
  }

  @Test
  void everyEstimatorGivesAValueOnBothBackends() {
    for (String estimator :
        "coding-length matrix effective-rank renyi rankme participation-ratio isoscore"
            .split(" ")) {
      JsonNode cpu = CommandRun.of("entropy", x, "--estimator", estimator, "--json").json();
      JsonNode scalar =
          CommandRun.of("entropy", x, "--estimator", estimator, "--backend", "scalar", "--json")
              .json();
      assertEquals(scalar.get("value").asDouble(), cpu.get("value").asDouble(), 1e-9);
      assertEquals(40, cpu.get("n").asInt());
      assertEquals(6, cpu.get("d").asInt());
    }
  }

  @Test
  void optionsChangeTheForm() {
    JsonNode raw = CommandRun.of("entropy", x, "--no-center", "--no-unit-rows", "--json").json();
    assertEquals(false, raw.get("center").asBoolean());
    assertEquals(false, raw.get("unit_rows").asBoolean());
    JsonNode lanczos =
        CommandRun.of("entropy", x, "--method", "lanczos", "--steps", "6", "--json").json();
    double exact = CommandRun.of("entropy", x, "--json").json().get("value").asDouble();
    assertEquals(
        exact,
        lanczos.get("value").asDouble(),
        4 * lanczos.get("standard_error").asDouble() + 1e-12);
    JsonNode against = CommandRun.of("entropy", x, "--against", x, "--json").json();
    assertEquals(0, against.get("difference").asDouble());
  }

  @Test
  void badInputIsRefusedWithASentence() {
    Path three = matrix("three.npy", 3, 3, 6);
    Path wide = matrix("wide.npy", 4, 40, 50);
    assertRefused(3, "40 rows", CommandRun.of("similarity", x, three));
    assertRefused(
        3, "4 rows", CommandRun.of("similarity", three, three, "--measure", "cka-debiased"));
    assertRefused(3, "more rows", CommandRun.of("similarity", x, wide, "--measure", "cca"));
    assertRefused(2, "--measure", CommandRun.of("similarity", x, y, "--measure", "nothing"));
    assertRefused(
        2, "--sigma", CommandRun.of("similarity", x, y, "--measure", "cka-rbf", "--sigma", "0"));
    assertRefused(
        2, "--eps", CommandRun.of("entropy", x, "--estimator", "coding-length", "--eps", "-1"));
    assertRefused(
        2, "--alpha", CommandRun.of("entropy", x, "--estimator", "renyi", "--alpha", "-2"));
    assertRefused(2, "--estimator", CommandRun.of("entropy", x, "--estimator", "nothing"));
    assertRefused(
        2, "lanczos", CommandRun.of("entropy", x, "--method", "lanczos", "--estimator", "rankme"));
    assertRefused(5, "budget", CommandRun.of("entropy", x, "--memory-budget", "500"));
    try (Matrix.Owned constant = Matrix.allocate(10, 3)) {
      constant.fill(2.5f);
      Path path = write("constant.npy", constant);
      assertRefused(3, "all equal", CommandRun.of("entropy", path));
      assertRefused(3, "all equal", CommandRun.of("similarity", path, path));
    }
  }

  private static void assertRefused(int exit, String part, CommandRun run) {
    assertEquals(exit, run.exit(), run.err());
    assertTrue(run.err().contains(part), run.err());
  }
}
