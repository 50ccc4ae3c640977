package org.geodex.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.geodex.backend.Parallel;
import org.geodex.backend.scalar.ScalarGeometry;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.geodesic.Precision;
import org.geodex.geodesic.Truth;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The tiled kernels at every shape, below the sizes at which the backend would choose them. */
class TilesTest {
  private static final Metric[] METRICS = {
    Metric.EUCLIDEAN, Metric.COSINE, Metric.ANGULAR, Metric.FISHER_RAO_CATEGORICAL
  };

  /** Rows for the metric, far from the origin where it allows, a quarter of them duplicates. */
  private static Matrix.Owned rows(Metric metric, int n, int d) {
    Matrix.Owned x =
        metric == Metric.EUCLIDEAN ? Truth.normal(n, n, d, 1e4) : Truth.rowsFor(metric, n, n, d);
    Random random = new Random(n);
    float[] row = new float[d];
    for (int i = 0; n >= 100 && i < n / 4; i++) {
      x.copyRow(random.nextInt(5), row);
      x.setRow(random.nextInt(n), row);
    }
    return x;
  }

  /** 1 … 17 around a vector, 511 … 513 around a tile, 1025 three tiles in a tournament. */
  @ParameterizedTest
  @CsvSource({
    "2,1,1",
    "3,5,2",
    "15,16,4",
    "17,7,16",
    "100,33,15",
    "511,9,15",
    "512,20,15",
    "513,31,7",
    "1025,12,15"
  })
  void neighboursEqualTheSpecification(int n, int d, int k) {
    for (Metric metric : METRICS) {
      try (Parallel one = new Parallel(1);
          Parallel two = new Parallel(2);
          Matrix.Owned x = rows(metric, n, d)) {
        NeighbourTable truth = new ScalarGeometry().knn(x, null, k, metric);
        NeighbourTable table = new KnnTiles(x, null, k, metric, two).run();
        assertSameIndices(truth, table);
        assertEquals(table, new KnnTiles(x, null, k, metric, one).run());
        Matrix y = x.rows(0, (n + 1) / 2);
        int few = Math.min(k, y.intRows());
        assertSameIndices(
            new ScalarGeometry().knn(x, y, few, metric),
            new KnnTiles(x, y, few, metric, two).run());
      }
    }
  }

  private static void assertSameIndices(NeighbourTable truth, NeighbourTable table) {
    for (int i = 0; i < truth.n(); i++) {
      for (int r = 0; r < truth.k(); r++) {
        String where = "row %d rank %d".formatted(i, r);
        assertEquals(truth.index(i, r), table.index(i, r), where);
        assertEquals(truth.distance(i, r), table.distance(i, r), 1e-9, where);
      }
    }
  }

  @Test
  void allRowsEqualGiveTheLowestIndices() {
    try (Parallel two = new Parallel(2);
        Matrix.Owned x = Matrix.allocate(700, 5)) {
      x.fill(3);
      NeighbourTable table = new KnnTiles(x, null, 4, Metric.EUCLIDEAN, two).run();
      assertEquals(1, table.index(0, 0));
      assertEquals(0, table.index(699, 0));
      assertEquals(3, table.index(699, 3));
      assertEquals(0, table.distance(350, 3));
    }
  }

  /** Distances of 1e-25 and of 1e25 come out as well as those of 1. */
  @ParameterizedTest
  @CsvSource({"1e-25", "1e25"})
  void extremeUnitsKeepTheirNeighbours(double unit) {
    try (Parallel two = new Parallel(2);
        Matrix.Owned x = Truth.normal(1, 600, 6, 0);
        Matrix.Owned scaled = Matrix.allocate(600, 6)) {
      for (int i = 0; i < 600; i++) {
        for (int j = 0; j < 6; j++) {
          scaled.set(i, j, (float) (x.get(i, j) * unit));
        }
      }
      NeighbourTable truth = new ScalarGeometry().knn(scaled, null, 5, Metric.EUCLIDEAN);
      NeighbourTable table = new KnnTiles(scaled, null, 5, Metric.EUCLIDEAN, two).run();
      for (int i = 0; i < 600; i++) {
        for (int r = 0; r < 5; r++) {
          assertEquals(truth.index(i, r), table.index(i, r));
        }
      }
      scaled.set(0, 0, Float.NaN);
      assertNull(new KnnTiles(scaled, null, 5, Metric.EUCLIDEAN, two).run());
    }
  }

  /** Relative error of distances below 1e-5, also of near duplicates far from the origin. */
  @ParameterizedTest
  @EnumSource(
      value = Metric.class,
      names = {"EUCLIDEAN", "SQEUCLIDEAN", "COSINE", "ANGULAR", "FISHER_RAO_CATEGORICAL"})
  void refinedDistancesEqualTheSpecification(Metric metric) {
    for (int n : new int[] {1, 2, 15, 16, 17, 131, 511, 512, 513}) {
      try (Parallel one = new Parallel(1);
          Parallel two = new Parallel(2);
          Matrix.Owned x = rows(metric == Metric.SQEUCLIDEAN ? Metric.EUCLIDEAN : metric, n, 19);
          Matrix.Owned out = Matrix.allocate(n, n);
          Matrix.Owned again = Matrix.allocate(n, n);
          Matrix.Owned truth = Matrix.allocate(n, n)) {
        new ScalarGeometry().pairwise(x, x, metric, Precision.DIRECT, truth);
        fill(x, x, metric, two, n, out);
        fill(x, x, metric, one, n, again);
        assertEquals(-1, out.segment().mismatch(again.segment()));
        for (int i = 0; i < n; i++) {
          assertEquals(0, out.get(i, i));
          for (int j = 0; j < n; j++) {
            double expected = truth.get(i, j);
            assertEquals(expected, out.get(i, j), 1e-7 + 1e-5 * expected);
            assertEquals(out.get(i, j), out.get(j, i));
          }
        }
        fill(x, x, metric, two, 100, again);
        for (int i = 0; i < n; i++) {
          assertEquals(0, again.get(i, i));
          for (int j = 0; j < n; j++) {
            assertEquals(truth.get(i, j), again.get(i, j), 1e-7 + 1e-5 * truth.get(i, j));
          }
        }
        Matrix y = x.rows(0, (n + 1) / 2);
        try (Matrix.Owned part = Matrix.allocate(n, y.intRows())) {
          fill(x, y, metric, two, 100, part);
          for (int i = 0; i < n; i++) {
            for (int j = 0; j < y.intRows(); j++) {
              assertEquals(truth.get(i, j), part.get(i, j), 1e-7 + 1e-5 * truth.get(i, j));
            }
          }
        }
      }
    }
  }

  /** All rows of {@code out}, so many at a time. */
  private static void fill(
      Matrix x, Matrix y, Metric metric, Parallel parallel, int rows, Matrix out) {
    try (PairwiseTiles tiles = new PairwiseTiles(x, y, metric, Precision.REFINED, parallel)) {
      assertTrue(tiles.serves());
      for (long from = 0; from < out.rows(); from += rows) {
        tiles.compute(from, out.rows(from, Math.min(from + rows, out.rows())));
      }
    }
  }
}
