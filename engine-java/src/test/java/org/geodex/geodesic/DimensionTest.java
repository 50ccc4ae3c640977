package org.geodex.geodesic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Known dimensions: sampling noise at n = 2000 is about d/√n, edges of a cube cost some more. */
class DimensionTest {
  private static final int N = 2000;

  private static NeighbourTable table(Matrix x, int k) {
    try (Backend backend = new CpuBackend(2, 1L << 30)) {
      return Knn.of(backend, x, "x", k, Metric.EUCLIDEAN);
    }
  }

  /** A d-dimensional cube, turned into 30 dimensions. */
  private static Matrix.Owned cube(int d) {
    Random random = new Random(d);
    double[][] turn = new double[30][d];
    for (double[] row : turn) {
      for (int j = 0; j < d; j++) {
        row[j] = random.nextGaussian() / Math.sqrt(30);
      }
    }
    Matrix.Owned x = Matrix.allocate(N, 30);
    double[] point = new double[d];
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < d; j++) {
        point[j] = random.nextDouble();
      }
      for (int c = 0; c < 30; c++) {
        double sum = 0;
        for (int j = 0; j < d; j++) {
          sum += turn[c][j] * point[j];
        }
        x.set(i, c, (float) sum);
      }
    }
    return x;
  }

  @ParameterizedTest
  @CsvSource({"1,0.1", "2,0.2", "3,0.3", "5,0.6"})
  void cubes(int d, double tolerance) {
    try (Matrix.Owned x = cube(d)) {
      NeighbourTable table = table(x, 32);
      DimensionEstimate twoNn = DimensionTwoNn.of(table.nearest(2), 0, 0.1, 100, 7);
      assertEquals(d, twoNn.value(), tolerance);
      assertTrue(twoNn.low() <= twoNn.value() && twoNn.value() <= twoNn.high());
      // The paper's mean over rows is too large by (k−1)/(k−2).
      assertEquals(
          d * 9 / 8.0,
          DimensionMle.of(table.nearest(10), DimensionMle.Average.LEVINA_BICKEL, 0, 0).value(),
          tolerance);
      assertEquals(
          d,
          DimensionMle.of(table.nearest(10), DimensionMle.Average.MACKAY_GHAHRAMANI, 0, 0).value(),
          tolerance);
      for (DimensionGride.Scale scale : DimensionGride.of(table.nearest(16), 20, 7)) {
        assertEquals(d, scale.estimate().value(), tolerance, scale.toString());
      }
    }
  }

  @Test
  void sphereAndSwissRoll() {
    Random random = new Random(3);
    try (Matrix.Owned sphere = Matrix.allocate(N, 3);
        Matrix.Owned roll = Matrix.allocate(N, 3)) {
      for (int i = 0; i < N; i++) {
        double[] p = {random.nextGaussian(), random.nextGaussian(), random.nextGaussian()};
        double norm = Math.sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
        double t = 1.5 * Math.PI * (1 + 2 * random.nextDouble());
        sphere.setRow(
            i, new float[] {(float) (p[0] / norm), (float) (p[1] / norm), (float) (p[2] / norm)});
        roll.setRow(
            i,
            new float[] {
              (float) (t * Math.cos(t)), 21 * random.nextFloat(), (float) (t * Math.sin(t))
            });
      }
      assertEquals(2, DimensionTwoNn.of(table(sphere, 2), 0, 0.1, 0, 0).value(), 0.15);
      assertEquals(2, DimensionTwoNn.of(table(roll, 2), 0, 0.1, 0, 0).value(), 0.15);
    }
  }

  /** The score equation of GRIDE holds at the value found, by its own formula. */
  @Test
  void grideSolvesItsScoreEquation() {
    try (Matrix.Owned x = cube(4)) {
      NeighbourTable table = table(x, 16);
      for (DimensionGride.Scale scale : DimensionGride.of(table, 0, 0)) {
        double d = scale.estimate().value();
        double score = 0;
        for (int i = 0; i < N; i++) {
          double mu = table.distance(i, scale.n2() - 1) / table.distance(i, scale.n1() - 1);
          score +=
              1 / d
                  + (scale.n2() - scale.n1() - 1) * Math.log(mu) / (1 - Math.pow(mu, -d))
                  - (scale.n2() - 1) * Math.log(mu);
        }
        assertEquals(0, score, 1e-8 * N, scale.toString());
      }
    }
  }

  /** Facco's fit by hand: ratios 2, 4 and 8 of three rows, none discarded but the last. */
  @Test
  void twoNnFitsTheLineThroughTheOrigin() {
    NeighbourTable table = new NeighbourTable(3, 2, new int[6], new double[] {1, 4, 1, 2, 1, 8});
    double x1 = Math.log(2);
    double x2 = Math.log(4);
    double y1 = -Math.log(2.0 / 3);
    double y2 = -Math.log(1.0 / 3);
    assertEquals(
        (x1 * y1 + x2 * y2) / (x1 * x1 + x2 * x2),
        DimensionTwoNn.of(table, 0, 0, 0, 0).value(),
        1e-14);
  }

  /** A tenth of the ratios is infinite evidence, the rest none; or none is left. */
  @Test
  void aFitOfEqualDistancesIsRefused() {
    double[] distances = new double[2 * 20];
    Arrays.fill(distances, 1);
    distances[1] = 2;
    NeighbourTable equal = new NeighbourTable(20, 2, new int[2 * 20], distances);
    assertThrows(InputException.class, () -> DimensionTwoNn.of(equal, 0, 0.1, 0, 0));
    InputException e =
        assertThrows(InputException.class, () -> DimensionTwoNn.of(equal, 0, 0.99, 0, 0));
    assertTrue(e.getMessage().contains("0.99"), e.getMessage());
    // Without nine tenths of ten one is left, though 1 − 0.9 is a rounding below 0.1.
    double[] twice = new double[2 * 10];
    Arrays.setAll(twice, i -> 1 + i % 2);
    NeighbourTable ten = new NeighbourTable(10, 2, new int[2 * 10], twice);
    double expected = -Math.log(0.9) / Math.log(2);
    assertEquals(expected, DimensionTwoNn.of(ten, 0, 0.9, 0, 0).value(), 1e-12);
  }

  /** Every row has a copy: nothing to be seen at n₁ = 1, all there is from n₁ = 2 on. */
  @Test
  void aScaleWithoutDimensionLeavesTheOthers() {
    try (Matrix.Owned x = cube(2)) {
      float[] row = new float[30];
      for (int i = 0; i < N; i += 2) {
        x.copyRow(i, row);
        x.setRow(i + 1, row);
      }
      var scales = DimensionGride.of(table(x, 8), 10, 3);
      assertThrows(InputException.class, () -> scales.getFirst().defined());
      assertEquals(2, scales.get(1).defined().estimate().value(), 0.3);
    }
  }

  @Test
  void duplicatesAreLeftOutAndCounted() {
    try (Matrix.Owned x = cube(2)) {
      float[] row = new float[30];
      x.copyRow(0, row);
      x.setRow(1, row);
      x.setRow(2, row);
      NeighbourTable table = table(x, 10);
      DimensionEstimate estimate = DimensionTwoNn.of(table.nearest(2), 0, 0.1, 0, 0);
      assertEquals(3, estimate.zeroDistances());
      assertEquals(N - 3, estimate.used());
      assertEquals(2, estimate.value(), 0.2);
      assertEquals(
          3, DimensionMle.of(table, DimensionMle.Average.LEVINA_BICKEL, 0, 0).zeroDistances());
    }
    try (Matrix.Owned x = cube(2)) {
      // A third of the rows are copies but for rounding.
      float[] row = new float[30];
      for (int i = 0; i < N / 6; i++) {
        x.copyRow(2L * i, row);
        row[0] += 1e-7f;
        x.setRow(2L * i + 1, row);
      }
      NeighbourTable table = table(x, 2);
      assertTrue(DimensionTwoNn.of(table, 0, 0.1, 0, 0).value() < 0.5);
      DimensionEstimate estimate = DimensionTwoNn.of(table, 1e-5, 0.1, 0, 0);
      assertEquals(N / 3, estimate.zeroDistances(), 2);
      assertEquals(2, estimate.value(), 0.5);
    }
    try (Matrix.Owned same = Matrix.allocate(9, 4)) {
      same.fill(1);
      NeighbourTable table = table(same, 4);
      assertThrows(InputException.class, () -> DimensionTwoNn.of(table, 0, 0.1, 0, 0));
      assertThrows(InputException.class, () -> DimensionGride.of(table, 0, 0));
      assertThrows(
          InputException.class,
          () -> DimensionMle.of(table, DimensionMle.Average.MACKAY_GHAHRAMANI, 0, 0));
    }
  }

  @Test
  void curvatureOfALineACircleAndARandomWalk() {
    int n = 400;
    try (Matrix.Owned line = Matrix.allocate(n, 3);
        Matrix.Owned circle = Matrix.allocate(n, 2);
        Matrix.Owned points = Truth.normal(1, n, 600, 0)) {
      for (int t = 0; t < n; t++) {
        line.setRow(t, new float[] {t, 2 * t, -t});
        double angle = 2 * Math.PI * t / n;
        circle.setRow(
            t, new float[] {(float) (1000 * Math.cos(angle)), (float) (1000 * Math.sin(angle))});
      }
      assertEquals(0, TrajectoryCurvature.of(line, n).mean(), 1e-12);
      assertEquals(2 * Math.PI / n, TrajectoryCurvature.of(circle, n).mean(), 1e-6);
      assertEquals(2 * Math.PI / 3, TrajectoryCurvature.of(points, n).mean(), 0.01);
      assertEquals(n - 4, TrajectoryCurvature.of(line, 100, n - 100).angles());
    }
  }
}
