package org.geodex.geodesic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.Geometry;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.error.MemoryBudgetException;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PairwiseDistancesTest {
  private static final int N = 523;
  private static final int D = 8;

  /** Room for both sides twice and a block of 70 of 523 rows. */
  private static final long TIGHT = 16L * N * D * 2 + 2 * 70 * 4 * N;

  @ParameterizedTest
  @EnumSource(Metric.class)
  void blocksEqualTheFormulaAndTheWhole(Metric metric) {
    try (Matrix.Owned x = Truth.rowsFor(metric, 1, N, D);
        Matrix.Owned y = Truth.rowsFor(metric, 2, 97, D)) {
      for (Precision precision : Precision.values()) {
        check(x, null, metric, precision);
        check(x, y, metric, precision);
      }
    }
  }

  private static void check(Matrix x, Matrix y, Metric metric, Precision precision) {
    double[][] truth = Truth.pairwise(metric, x, y == null ? x : y);
    double tolerance = precision == Precision.EXPANDED ? 2e-3 : 2e-6;
    for (long budget : new long[] {TIGHT, 1 << 30}) {
      int[] blocks = new int[1];
      try (Backend backend = new CpuBackend(2, budget)) {
        PairwiseDistances.stream(
            backend,
            x,
            y,
            metric,
            precision,
            (from, rows) -> {
              blocks[0]++;
              for (int r = 0; r < rows.intRows(); r++) {
                for (int j = 0; j < rows.columns(); j++) {
                  double expected = truth[(int) from + r][j];
                  assertEquals(expected, rows.get(r, j), tolerance + 1e-5 * expected);
                }
                if (y == null) {
                  assertEquals(0, rows.get(r, (int) from + r));
                }
              }
            });
      }
      if (y == null) {
        assertEquals(budget > TIGHT, blocks[0] == 1, blocks[0] + " blocks");
      }
    }
  }

  /**
   * Below, at and beyond a vector of 4, 8 and 16 lanes, by plain loops and by lanes, which many
   * rows get. Chebyshev: the exact maximum, rounded.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 5, 8, 9, 16, 17, 33})
  void directFormsOfEveryWidth(int d) {
    for (int n : new int[] {12, 16_400}) {
      try (Matrix.Owned x = Truth.normal(d, n, d, 1000);
          Matrix.Owned normals = Truth.rowsFor(Metric.FISHER_RAO_NORMAL, d, n, 2 * d)) {
        checkFirstRows(x, Metric.CHEBYSHEV, 0x1p-24);
        checkFirstRows(normals, Metric.FISHER_RAO_NORMAL, 1e-7);
      }
    }
  }

  private static void checkFirstRows(Matrix x, Metric metric, double tolerance) {
    int rows = 12;
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned found = Matrix.allocate(rows, x.intRows());
        Geometry.DistanceRows distances =
            backend.geometry().pairwiseRows(x, x, metric, Precision.REFINED)) {
      distances.compute(0, found);
      double[][] truth = Truth.pairwise(metric, x.rows(0, rows), x.rows(0, rows));
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < rows; j++) {
          assertEquals(truth[i][j], found.get(i, j), tolerance * truth[i][j]);
          assertEquals(found.get(j, i), found.get(i, j));
        }
      }
    }
  }

  @Test
  void tooSmallABudgetIsRefusedBeforeWork() {
    try (Backend backend = new CpuBackend(2, 20_000);
        Matrix.Owned x = Truth.normal(1, N, D, 0)) {
      assertThrows(
          MemoryBudgetException.class,
          () ->
              PairwiseDistances.stream(
                  backend, x, null, Metric.EUCLIDEAN, Precision.REFINED, (from, rows) -> {}));
      assertThrows(MemoryBudgetException.class, () -> Knn.of(backend, x, "x", 5, Metric.EUCLIDEAN));
    }
  }

  /** A turn, and for distances that know no origin a shift, leave every distance as it is. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void turnsAndShiftsChangeNoDistance(long seed) {
    int n = 200;
    double[][] turn = orthogonal(seed, D);
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned x = Truth.normal(seed, n, D, 0);
        Matrix.Owned turned = moved(x, turn, 0);
        Matrix.Owned shifted = moved(x, turn, 50)) {
      for (Metric metric :
          new Metric[] {Metric.EUCLIDEAN, Metric.SQEUCLIDEAN, Metric.COSINE, Metric.ANGULAR}) {
        assertSame(backend, x, turned, metric, 2e-6);
      }
      assertSame(backend, x, shifted, Metric.EUCLIDEAN, 2e-5);
      NeighbourTable table = Knn.of(backend, x, "x", 5, Metric.EUCLIDEAN);
      NeighbourTable again = Knn.of(backend, shifted, "x", 5, Metric.EUCLIDEAN);
      assertEquals(Arrays.toString(table.indices()), Arrays.toString(again.indices()));
    }
  }

  private static void assertSame(
      Backend backend, Matrix x, Matrix y, Metric metric, double tolerance) {
    try (Matrix.Owned a = PairwiseDistances.of(backend, x, null, metric);
        Matrix.Owned b = PairwiseDistances.of(backend, y, null, metric)) {
      for (int i = 0; i < a.intRows(); i++) {
        for (int j = 0; j < a.columns(); j++) {
          double value = a.get(i, j);
          assertEquals(value, b.get(i, j), tolerance * (1 + value), metric.toString());
        }
      }
    }
  }

  /** Rows times a matrix, plus a shift of every column. */
  private static Matrix.Owned moved(Matrix x, double[][] turn, double shift) {
    Matrix.Owned moved = Matrix.allocate(x.rows(), x.columns());
    for (int i = 0; i < x.intRows(); i++) {
      for (int c = 0; c < x.columns(); c++) {
        double sum = shift;
        for (int j = 0; j < x.columns(); j++) {
          sum += x.get(i, j) * turn[j][c];
        }
        moved.set(i, c, (float) sum);
      }
    }
    return moved;
  }

  /** Gram–Schmidt on random vectors. */
  private static double[][] orthogonal(long seed, int d) {
    Random random = new Random(seed);
    double[][] rows = new double[d][d];
    for (int i = 0; i < d; i++) {
      double[] v = random.doubles(d, -1, 1).toArray();
      for (int p = 0; p < i; p++) {
        double dot = 0;
        for (int j = 0; j < d; j++) {
          dot += v[j] * rows[p][j];
        }
        for (int j = 0; j < d; j++) {
          v[j] -= dot * rows[p][j];
        }
      }
      double norm = Math.sqrt(Arrays.stream(v).map(value -> value * value).sum());
      rows[i] = Arrays.stream(v).map(value -> value / norm).toArray();
    }
    return rows;
  }

  /** No way round is shorter, for those that are metrics. */
  @ParameterizedTest
  @EnumSource(
      value = Metric.class,
      names = {"SQEUCLIDEAN", "COSINE"},
      mode = EnumSource.Mode.EXCLUDE)
  void triangleInequality(Metric metric) {
    int n = 60;
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned x = Truth.rowsFor(metric, 7, n, D);
        Matrix.Owned d = PairwiseDistances.of(backend, x, null, metric)) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          assertEquals(d.get(i, j), d.get(j, i));
          for (int k = 0; k < n; k++) {
            double roundabout = (double) d.get(i, k) + d.get(k, j);
            assertTrue(d.get(i, j) <= roundabout * (1 + 1e-5));
          }
        }
      }
    }
  }

  @Test
  void orthogonalRowsAreAQuarterTurnApart() {
    int n = 40;
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned x = Matrix.allocate(n, n)) {
      x.fill(0);
      for (int i = 0; i < n; i++) {
        x.set(i, i, i + 1);
      }
      try (Matrix.Owned d = PairwiseDistances.of(backend, x, null, Metric.ANGULAR)) {
        assertEquals(Math.PI / 2, d.get(3, 17), 1e-6);
        assertEquals(Math.PI / 2, d.get(39, 0), 1e-6);
      }
    }
  }
}
