package org.geodex.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.geodex.information.Samples;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSource;
import org.geodex.matrix.MatrixWriter;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands kl and mi: keys, values by closed forms, exit codes. */
class InformationCommandsTest {
  @TempDir Path folder;
  private Path x;
  private Path y;
  private Path short9;

  @BeforeEach
  void writeSamples() {
    x = folder.resolve("x.npy");
    y = folder.resolve("y.npy");
    short9 = folder.resolve("short.npy");
    try (Matrix.Owned left = Samples.normal(1, 300, 2);
        Matrix.Owned right = Samples.correlated(2, left, 0.8)) {
      MatrixWriter.write(x, left);
      MatrixWriter.write(y, right);
      MatrixWriter.write(short9, right.rows(0, 9));
    }
  }

  @Test
  void everyDivergenceHasTheKeysOfTheContract() {
    for (String estimator : List.of("gaussian-diag", "gaussian-full", "knn")) {
      JsonNode json = CommandRun.of("kl", x, y, "--estimator", estimator, "--json").json();
      assertEquals(estimator, json.get("estimator").asText());
      assertEquals("nats", json.get("unit").asText());
      assertEquals(0, json.get("value").asDouble(), 0.3);
      assertEquals(300, json.get("n").asInt());
      assertEquals(300, json.get("m").asInt());
      assertEquals(2, json.get("d").asInt());
    }
  }

  @Test
  void categoricalWritesRowAgainstRow() throws Exception {
    Path p = folder.resolve("p.npy");
    Path q = folder.resolve("q.npy");
    Path out = folder.resolve("kl.npy");
    try (Matrix.Owned left = Matrix.of(new float[] {0.5f, 0.5f}, new float[] {1, 0});
        Matrix.Owned right = Matrix.of(new float[] {0.25f, 0.75f}, new float[] {0, 1})) {
      MatrixWriter.write(p, left);
      MatrixWriter.write(q, right);
    }
    JsonNode json =
        CommandRun.of("kl", p, q, "--estimator", "categorical", "--out", out, "--json").json();
    assertEquals("Infinity", json.get("value").asText());
    try (MatrixSource values = MatrixSource.open(out.toString(), true)) {
      assertEquals(0.5 * Math.log(4.0 / 3), values.matrix().get(0, 0), 1e-7);
      assertEquals(Math.log(4), values.matrix().get(1, 0), 1e-6);
      assertEquals(Float.POSITIVE_INFINITY, values.matrix().get(0, 1));
    }
    Files.delete(out);
    CommandRun refused = CommandRun.of("kl", x, y, "--estimator", "categorical", "--out", out);
    assertEquals(3, refused.exit());
    assertTrue(refused.err().contains("probability is at least 0"), refused.err());
    assertTrue(Files.notExists(out));
  }

  /** Two pairs of correlation 0.8: −ln(1 − 0.64) = 1.02. */
  @Test
  void everyInformationHasTheKeysOfTheContract() {
    for (String estimator : List.of("ksg1", "ksg2", "geodesic-ksg", "gaussian")) {
      JsonNode json = CommandRun.of("mi", x, y, "--estimator", estimator, "--json").json();
      assertEquals(estimator, json.get("estimator").asText());
      assertEquals("nats", json.get("unit").asText());
      assertEquals(1.02, json.get("value").asDouble(), 0.45);
      assertEquals(300, json.get("n").asInt());
      assertEquals(2, json.get("dx").asInt());
      assertEquals(2, json.get("dy").asInt());
    }
    assertTrue(
        CommandRun.of("mi", x, y, "--estimator", "matrix", "--json").json().get("value").asDouble()
            > 0);
  }

  @Test
  void trainedBoundsKeepTheirCurve() {
    for (String estimator : List.of("mine", "infonce")) {
      JsonNode json =
          CommandRun.of(
                  "mi",
                  x,
                  y,
                  "--estimator",
                  estimator,
                  "--epochs",
                  3,
                  "--hidden",
                  "8,4",
                  "--batch",
                  50,
                  "--json")
              .json();
      assertTrue(json.get("value").isNumber());
      assertEquals(3, json.get("training_curve").size());
      assertEquals(3, json.get("validation_curve").size());
    }
  }

  @Test
  void permutationsComeWithTheirNull() {
    JsonNode json =
        CommandRun.of("mi", x, y, "--estimator", "ksg1", "--pca", 2, "--permutations", 19, "--json")
            .json();
    assertEquals(0.05, json.get("p_value").asDouble(), 1e-12);
    assertEquals(0, json.get("null_mean").asDouble(), 0.1);
    assertTrue(json.get("null_sd").asDouble() > 0);
  }

  @Test
  void badInputExitsWithItsReason() {
    assertRefused(3, "X has 300 rows and Y has 9", "mi", x, short9, "--estimator", "ksg1");
    assertRefused(
        3, "k = 9 needs at least 10", "mi", short9, short9, "--estimator", "ksg1", "--k", 9);
    assertRefused(3, "is a linear combination", "mi", x, x, "--estimator", "gaussian");
    assertRefused(2, "--k 0", "mi", x, y, "--estimator", "ksg1", "--k", 0);
    assertRefused(2, "--k 0", "kl", x, y, "--estimator", "knn", "--k", 0);
    assertRefused(2, "--pca 3", "mi", x, y, "--estimator", "ksg1", "--pca", 3);
    assertRefused(2, "--estimator best", "mi", x, y, "--estimator", "best");
    assertRefused(2, "--estimator best", "kl", x, y, "--estimator", "best");
    assertRefused(2, "--alpha 0", "mi", x, y, "--estimator", "matrix", "--alpha", 0);
    assertRefused(3, "Q has 9 rows", "kl", x, short9, "--estimator", "knn", "--k", 10);
    assertRefused(2, "--eps -1", "kl", x, y, "--estimator", "gaussian-diag", "--eps", -1);
  }

  /** Insisting gives the CPU, and a sentence where nothing comes of it. */
  @Test
  void valuesThatAreNotFinite() {
    Path nan = folder.resolve("nan.npy");
    try (Matrix.Owned left = Samples.normal(1, 300, 2)) {
      left.set(7, 1, Float.NaN);
      MatrixWriter.write(nan, left);
    }
    assertRefused(3, "row 7, column 1", "kl", nan, y, "--estimator", "gaussian-diag");
    String insist = "--allow-nonfinite";
    assertRefused(
        3, "not finite in column 1", "kl", nan, y, "--estimator", "gaussian-diag", insist);
    assertRefused(3, "not finite", "mi", nan, y, "--estimator", "matrix", insist);
    assertRefused(3, "not finite", "similarity", nan, y, "--measure", "cka", insist);
    assertRefused(3, "not finite", "similarity", nan, y, "--measure", "rsa", insist);
    Path out = folder.resolve("out.npy");
    assertRefused(2, "finite numbers", "pairwise", nan, "--out", out, "--backend", "cuda", insist);
  }

  /** Two independent coins: every joint 4-th distance is 0, so KSG gives ψ(4) − 2ψ(1) + ψ(n). */
  @Test
  void tiesAreToldWithTheirReason() {
    Path coin = folder.resolve("coin.npy");
    Path other = folder.resolve("other.npy");
    try (Matrix.Owned a = Samples.integers(3, 300, 1, 2);
        Matrix.Owned b = Samples.integers(4, 300, 1, 2)) {
      MatrixWriter.write(coin, a);
      MatrixWriter.write(other, b);
    }
    CommandRun run = CommandRun.of("mi", coin, other, "--estimator", "ksg1", "--json");
    assertTrue(run.json().get("value").asDouble() > 5);
    String sentence = run.json().get("warnings").get(0).asText();
    assertTrue(sentence.contains("300 of 300 rows of X are exact copies"), sentence);
    assertTrue(run.err().contains("geodex mi: warning: " + sentence), run.err());
    CommandRun plain = CommandRun.of("mi", x, y, "--estimator", "ksg1", "--json");
    assertTrue(plain.json().get("warnings") == null, plain.out());
    assertEquals("", plain.err());
  }

  @Test
  void manyColumnsForFewRowsAreToldWithTheirReason() {
    Path wide = folder.resolve("wide.npy");
    try (Matrix.Owned a = Samples.normal(3, 100, 9)) {
      MatrixWriter.write(wide, a);
    }
    CommandRun run = CommandRun.of("mi", wide, wide, "--estimator", "ksg1", "--json");
    String sentence = run.json().get("warnings").get(0).asText();
    assertTrue(sentence.contains("with 9+9 columns and n = 100"), sentence);
    assertTrue(run.err().contains(sentence), run.err());
  }

  /** Every operation on pairs of rows refuses before it allocates. */
  @Test
  void whatDoesNotFitIsRefusedWithNeededAndAvailable() {
    for (String estimator : List.of("ksg1", "geodesic-ksg", "gaussian", "matrix")) {
      assertTooLarge("mi", x, y, "--estimator", estimator);
    }
    for (String estimator : List.of("gaussian-full", "knn")) {
      assertTooLarge("kl", x, y, "--estimator", estimator);
    }
    for (String measure :
        List.of(
            "cka",
            "cka-debiased",
            "cka-rbf",
            "cca",
            "svcca",
            "pwcca",
            "procrustes",
            "distance-correlation",
            "rsa",
            "mutual-knn")) {
      assertTooLarge("similarity", x, y, "--measure", measure);
    }
    for (String estimator : List.of("matrix", "coding-length", "rankme")) {
      assertTooLarge("entropy", x, "--estimator", estimator);
    }
  }

  private static void assertTooLarge(Object... args) {
    Object[] all = java.util.Arrays.copyOf(args, args.length + 2);
    all[args.length] = "--memory-budget";
    all[args.length + 1] = "100";
    CommandRun run = CommandRun.of(all);
    assertEquals(5, run.exit(), String.join(" ", List.of(all).toString(), run.err()));
    assertTrue(run.err().contains("bytes, --memory-budget allows 100: raise it, or "), run.err());
    assertEquals("", run.out());
  }

  private static void assertRefused(int exit, String sentence, Object... args) {
    CommandRun run = CommandRun.of(args);
    assertEquals(exit, run.exit(), run.err());
    assertTrue(run.err().contains(sentence), run.err());
    assertEquals("", run.out());
  }
}
