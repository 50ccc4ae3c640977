package org.geodex.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

/** The lane's checks let nothing wrong pass. */
class LaneChecksTest {
  private static double difference(float found, float expected) {
    try (Matrix.Owned a = Matrix.allocate(3, 5);
        Matrix.Owned b = Matrix.allocate(3, 5)) {
      a.fill(1);
      b.fill(1);
      a.set(2, 4, found);
      b.set(2, 4, expected);
      return LaneChecks.difference(a, b);
    }
  }

  @Test
  void matrices() {
    assertEquals(0.5, difference(3, 2));
    assertEquals(0.5, difference(1, 2));
    assertEquals(0, difference(Float.POSITIVE_INFINITY, Float.POSITIVE_INFINITY));
    assertEquals(Double.POSITIVE_INFINITY, difference(1, 0));
    assertTrue(Double.isNaN(difference(1, Float.POSITIVE_INFINITY)));
    assertTrue(Double.isNaN(difference(Float.NaN, 1)));
  }

  @Test
  void neighbours() {
    int n = 100;
    try (Matrix.Owned x = Manifold.rows(1, n, 7);
        Backend cpu = Backends.open(BackendOptions.defaults().withBackend("cpu"))) {
      NeighbourTable table = cpu.geometry().knn(x, null, 4, Metric.EUCLIDEAN);
      assertEquals(0, LaneChecks.difference(x, table), 1e-12);
      int[] indices = table.indices();
      double[] distances = new double[n * 4];
      for (int at = 0; at < distances.length; at++) {
        distances[at] = table.distance(at / 4, at % 4);
      }
      indices[n * 4 - 1] = indices[n * 4 - 2]; // the third twice and the fourth never
      NeighbourTable wrong = new NeighbourTable(n, 4, indices, distances);
      assertTrue(LaneChecks.difference(x, wrong) > 1e-6);
    }
  }
}
