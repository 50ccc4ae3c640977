package org.geodex.alignment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.geodex.alignment.AlignmentStudy.Direction;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.error.InputException;
import org.geodex.error.MemoryBudgetException;
import org.geodex.error.UsageException;
import org.geodex.information.Samples;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AlignmentStudyTest {
  private static final LossWeights WEIGHTS = new LossWeights(0.1, 0.1, 0.01);
  private static final Direction FIRST = Direction.GLOBAL_INTERMEDIATE;
  private static final AlignmentMeasures.Extent SHORT = new AlignmentMeasures.Extent(false, false);

  private final Backend cpu = new CpuBackend(1, 1L << 30);

  @TempDir Path folder;

  private static TrainingParameters training(int epochs, double rate) {
    return new TrainingParameters(
        List.of(64), List.of(32, 16), 64, epochs, epochs, rate, 1e-4, 1, 0.99, 10, 0.5);
  }

  private AlignmentResult run(ScaleRows rows, String settings, TrainingParameters t, int seeds) {
    List<Setting> parsed = Setting.parse(settings, WEIGHTS, Map.of());
    AlignmentStudy.Plan plan = new AlignmentStudy.Plan(parsed, t, seeds, 1, 1, SHORT);
    return AlignmentResult.of(
        new AlignmentStudy(List.of(cpu), rows, plan, folder.resolve("cells"), () -> {}), plan);
  }

  private static double mean(AlignmentResult result, String setting, String measure) {
    return result.interval(FIRST, setting, measure).value();
  }

  /** Noise of variance 0.01 on columns of variance about 1.01. */
  @Test
  void anIsometryPlusNoiseIsRecovered() {
    ScaleRows rows = Planted.rows(500, 5, 0.1, 1, Planted.isometry());
    try {
      AlignmentResult result = run(rows, "full,procrustes", training(10, 1e-3), 1);
      assertEquals(0.01, mean(result, "procrustes", "residual"), 0.003);
      assertEquals(0.01, mean(result, "full", "residual"), 0.004);
      assertEquals(1, mean(result, "full", "effective_rank_ratio"), 0.02);
      assertTrue(mean(result, "full", AlignmentResult.KL_REDUCTION) > 0.99);
    } finally {
      Planted.close(rows);
    }
  }

  /**
   * Noise of variance 0.09 is a share of 0.042 of what varies. The curvature term asks a bent map
   * to be straighter, so the full loss stays above it.
   */
  @Test
  void aSmoothFunctionPlusNoiseIsRecovered() {
    ScaleRows rows = Planted.rows(1200, 3, 0.3, 1, Planted.smooth());
    try {
      AlignmentResult result = run(rows, "full,only_geo,ridge", training(60, 3e-3), 1);
      double linear = mean(result, "ridge", "residual");
      assertTrue(linear > 0.15, "no linear map comes near");
      assertEquals(0.042, mean(result, "only_geo", "residual"), 0.006);
      assertTrue(mean(result, "full", "residual") < 0.07);
    } finally {
      Planted.close(rows);
    }
  }

  /** Without L_geo nothing pulls the distances towards the target's. */
  @Test
  void withoutTheGeometricTermTheStressIsWorse() {
    ScaleRows rows = Planted.rows(200, 4, 0.1, 1, Planted.stretched());
    try {
      AlignmentResult result = run(rows, "full,no_geo", training(5, 1e-3), 8);
      double[] full = result.values(FIRST, "full", "stress");
      double[] without = result.values(FIRST, "no_geo", "stress");
      for (int i = 0; i < full.length; i++) {
        assertTrue(without[i] > 1.5 * full[i], without[i] + " " + full[i]);
      }
      AlignmentResult.Test test =
          result.tests().stream()
              .filter(t -> t.setting().equals("no_geo") && t.measure().equals("stress"))
              .findFirst()
              .orElseThrow();
      assertEquals(Math.pow(2, -7), test.p_permutation(), 1e-12);
      assertTrue(test.significant());
      assertEquals(1, test.cliffs_delta());
    } finally {
      Planted.close(rows);
    }
  }

  /** I = −½·ln(1 − 0.9²) a column, 1.66 nats in two. */
  @Test
  void theBoundInTheLossApproachesTheKnownInformation() {
    Matrix.Owned x = Samples.normal(1, 3000, 2);
    try (x;
        Matrix.Owned y = Samples.correlated(2, x, 0.9)) {
      ScaleRows rows = ScaleRows.view(x, y, y, IntStream.range(0, 3000).toArray());
      DocumentSplit split = DocumentSplit.of(rows.documents(), 1);
      try (AlignmentProblem problem = new AlignmentProblem(cpu, x, y, split, 10);
          AffineMap start = AffineMap.identity(2)) {
        LossWeights weights = new LossWeights(0, 1, 0);
        var trained = MapTraining.run(cpu, problem, start, weights, training(15, 1e-3), 1);
        trained.map().close();
        double best = trained.curve().get(trained.best()).information();
        assertEquals(-Math.log(1 - 0.81), best, 0.15);
      }
    }
  }

  @Test
  void finishedCellsAreNotRunAgain() throws IOException {
    ScaleRows rows = Planted.rows(120, 3, 0.1, 1, Planted.isometry());
    try {
      TrainingParameters t = training(2, 1e-3);
      AlignmentResult first = run(rows, "full,ridge", t, 2);
      assertEquals(12, first.cells().size());
      assertEquals(0, first.summary().get("resumed"));
      try (var files = Files.list(folder.resolve("cells"))) {
        Files.delete(files.sorted().findFirst().orElseThrow());
      }
      AlignmentResult second = run(rows, "full,ridge", t, 2);
      assertEquals(11, second.summary().get("resumed"));
      for (int i = 0; i < 12; i++) {
        assertEquals(first.cells().get(i).measures(), second.cells().get(i).measures());
      }
      // Other parameters, other cells: only what is not trained stays.
      assertEquals(8, run(rows, "full,ridge", training(3, 1e-3), 2).summary().get("resumed"));
    } finally {
      Planted.close(rows);
    }
  }

  @Test
  void workersDoNotChangeTheNumbers() {
    ScaleRows rows = Planted.rows(120, 3, 0.1, 1, Planted.isometry());
    try (Backend second = new CpuBackend(1, 1L << 30);
        Backend many = new CpuBackend(3, 1L << 30)) {
      List<Setting> settings = Setting.parse("full,no_geo,procrustes", WEIGHTS, Map.of());
      var plan =
          new AlignmentStudy.Plan(
              settings, training(3, 1e-3), 1, 1, 1, new AlignmentMeasures.Extent(false, true));
      AlignmentStudy one =
          new AlignmentStudy(List.of(many), rows, plan, folder.resolve("a"), () -> {});
      AlignmentStudy two =
          new AlignmentStudy(List.of(cpu, second), rows, plan, folder.resolve("b"), () -> {});
      List<AlignmentCell> a = one.run();
      List<AlignmentCell> b = two.run();
      for (int i = 0; i < a.size(); i++) {
        assertEquals(a.get(i).measures(), b.get(i).measures());
        assertEquals(a.get(i).curve(), b.get(i).curve());
      }
    } finally {
      Planted.close(rows);
    }
  }

  @Test
  void aSplitKeepsDocumentsTogether() {
    int[] documents = IntStream.range(0, 300).map(i -> i / 7).toArray();
    DocumentSplit split = DocumentSplit.of(documents, 3);
    Set<Integer> seen = new HashSet<>();
    int rows = 0;
    for (int[] part : List.of(split.training(), split.validation(), split.test())) {
      Set<Integer> own = new HashSet<>();
      Arrays.stream(part).forEach(row -> own.add(documents[row]));
      assertTrue(own.stream().noneMatch(seen::contains));
      seen.addAll(own);
      rows += part.length;
    }
    assertEquals(300, rows);
    assertEquals(43, seen.size());
  }

  @Test
  void oneDocumentIsRefused() {
    assertThrows(InputException.class, () -> DocumentSplit.of(new int[100], 1));
    assertThrows(InputException.class, () -> DocumentSplit.of(IntStream.range(0, 30).toArray(), 1));
  }

  @Test
  void whatDoesNotFitIsRefused() {
    ScaleRows rows = Planted.rows(120, 3, 0.1, 1, Planted.isometry());
    try (Backend small = new CpuBackend(1, 1000)) {
      var plan = new AlignmentStudy.Plan(List.of(), training(3, 1e-3), 1, 1, 1, SHORT);
      assertThrows(
          MemoryBudgetException.class,
          () -> new AlignmentStudy(List.of(small), rows, plan, folder, () -> {}));
    } finally {
      Planted.close(rows);
    }
  }

  @Test
  void settingsByName() {
    Map<String, Setting> byName = new java.util.HashMap<>();
    Setting.parse("all,only_geo_0.3", WEIGHTS, Map.of("info", List.of(0.5)))
        .forEach(setting -> byName.put(setting.name(), setting));
    assertEquals(13, byName.size());
    assertEquals(new LossWeights(0.1, 0, 0.01), byName.get("no_info").weights());
    assertEquals(new LossWeights(0, 0, 0.01), byName.get("only_curv").weights());
    assertEquals(new LossWeights(0.3, 0, 0), byName.get("only_geo_0.3").weights());
    assertEquals(new LossWeights(0.1, 0.5, 0.01), byName.get("info=0.5").weights());
    assertEquals(Setting.Start.IDENTITY, byName.get("no_geo").map());
    assertEquals(Setting.Start.RIDGE, byName.get("full").map());
    for (String wrong : List.of("", "fulll", "only_geo_x", "only_size_1")) {
      assertThrows(UsageException.class, () -> Setting.parse(wrong, WEIGHTS, Map.of()));
    }
  }

  /** Equal arrays: the plug-in MI is the entropy of the bins, ln 2 for two equal halves. */
  @Test
  void referenceHistogramByHand() {
    try (Matrix.Owned x = Matrix.of(new float[] {0, 1}, new float[] {1, 0});
        Matrix.Owned constant = Matrix.of(new float[] {2, 2}, new float[] {2, 2})) {
      assertEquals(Math.log(2), AlignmentMeasures.histogram(x, x), 1e-12);
      assertEquals(0, AlignmentMeasures.histogram(x, constant), 1e-12);
    }
  }
}
