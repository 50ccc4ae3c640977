package org.geodex.geodesic;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class KnnTest {
  private static List<Backend> backends() {
    return List.of(new ScalarBackend(1 << 30), new CpuBackend(2, 1 << 30));
  }

  /** Both backends against a f64 brute force: indices exactly, distances to 12 digits. */
  private static void check(Matrix x, Matrix y, int k, Metric metric) {
    double[][] truth = Truth.pairwise(metric, x, y == null ? x : y);
    for (Backend backend : backends()) {
      try (backend) {
        NeighbourTable table = backend.geometry().knn(x, y, k, metric);
        assertEquals(x.intRows(), table.n());
        assertEquals(k, table.k());
        for (int i = 0; i < table.n(); i++) {
          int[] nearest = Truth.nearest(truth[i], k, y == null ? i : -1);
          for (int r = 0; r < k; r++) {
            String where = "%s %s row %d rank %d".formatted(backend.name(), metric, i, r);
            assertEquals(nearest[r], table.index(i, r), where);
            assertEquals(truth[i][nearest[r]], table.distance(i, r), 1e-7, where);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Metric.class)
  void equalsABruteForceInEveryMetric(Metric metric) {
    try (Matrix.Owned x = Truth.rowsFor(metric, 1, 61, 10);
        Matrix.Owned y = Truth.rowsFor(metric, 2, 37, 10)) {
      check(x, null, 7, metric);
      check(x, y, 5, metric);
    }
  }

  /** d: 1 and 3 tail only, 8 and 16 exact vectors, 19 vectors and tail. */
  @ParameterizedTest
  @CsvSource({"2,1,1", "3,3,2", "17,8,16", "97,16,4", "131,19,15"})
  void equalsABruteForceAtEveryShape(int n, int d, int k) {
    try (Matrix.Owned x = Truth.normal(n, n, d, 0)) {
      check(x, null, k, Metric.EUCLIDEAN);
    }
  }

  @Test
  void offsetsDuplicatesAndTiesGiveTheLowerIndex() {
    try (Matrix.Owned x = Truth.normal(5, 150, 12, 1e4)) {
      float[] row = new float[12];
      for (int i = 0; i < 40; i++) {
        x.copyRow(i % 3, row);
        x.setRow(3L * i, row);
      }
      check(x, null, 15, Metric.EUCLIDEAN);
    }
    int side = 9;
    try (Matrix.Owned grid = Matrix.allocate((long) side * side, 2)) {
      for (int i = 0; i < side * side; i++) {
        grid.setRow(i, new float[] {i / side, i % side});
      }
      check(grid, null, 6, Metric.EUCLIDEAN);
      check(grid, null, 6, Metric.CHEBYSHEV);
    }
  }
}
