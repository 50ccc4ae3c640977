package org.geodex.geodesic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;
import org.junit.jupiter.api.Test;

/** Isomap and geodesic distances of flat sheets of which the true coordinates are known. */
class IsomapTest {
  private static final GraphOptions ROLL_GRAPH = GraphOptions.union(10);

  private record Sheet(Matrix.Owned rows, double[][] flat) {}

  /** A rectangle of 3 by 1, turned into five dimensions. */
  private static Sheet plane(int n) {
    Random random = new Random(1);
    double[] u = {0.5, 0.5, 0.5, 0.5, 0};
    double[] v = {0.5, -0.5, 0.5, -0.5, 0};
    double[][] flat = new double[n][];
    Matrix.Owned rows = Matrix.allocate(n, 5);
    for (int i = 0; i < n; i++) {
      flat[i] = new double[] {3 * random.nextDouble(), random.nextDouble()};
      for (int c = 0; c < 5; c++) {
        rows.set(i, c, (float) (flat[i][0] * u[c] + flat[i][1] * v[c] + 7));
      }
    }
    return new Sheet(rows, flat);
  }

  /**
   * r = t for t from 1.5π to 4.5π, 21 high. Unrolled, the first coordinate is the arc length
   * ½(t√(1+t²) + asinh t). Points are spread evenly over the sheet.
   */
  private static Sheet roll(int n) {
    Random random = new Random(2);
    double[][] flat = new double[n][];
    Matrix.Owned rows = Matrix.allocate(n, 3);
    for (int i = 0; i < n; i++) {
      double share = random.nextDouble();
      double a = 1.5 * Math.PI;
      double b = 4.5 * Math.PI;
      double t = Math.sqrt(a * a + share * (b * b - a * a));
      double root = Math.sqrt(1 + t * t);
      flat[i] = new double[] {(t * root + Math.log(t + root)) / 2, 21 * random.nextDouble()};
      rows.setRow(
          i,
          new float[] {(float) (t * Math.cos(t)), (float) flat[i][1], (float) (t * Math.sin(t))});
    }
    return new Sheet(rows, flat);
  }

  /** SciPy's disparity: 0 where one is a turned, scaled, mirrored copy of the other. */
  private static double disparity(double[][] a, Matrix b) {
    int n = a.length;
    double[] meanA = new double[2];
    double[] meanB = new double[2];
    for (int i = 0; i < n; i++) {
      for (int c = 0; c < 2; c++) {
        meanA[c] += a[i][c] / n;
        meanB[c] += b.get(i, c) / (double) n;
      }
    }
    double aa = 0;
    double bb = 0;
    double[][] m = new double[2][2];
    for (int i = 0; i < n; i++) {
      for (int r = 0; r < 2; r++) {
        double x = a[i][r] - meanA[r];
        aa += x * x;
        bb += Math.pow(b.get(i, r) - meanB[r], 2);
        for (int c = 0; c < 2; c++) {
          m[r][c] += x * (b.get(i, c) - meanB[c]);
        }
      }
    }
    double squares = m[0][0] * m[0][0] + m[0][1] * m[0][1] + m[1][0] * m[1][0] + m[1][1] * m[1][1];
    double determinant = m[0][0] * m[1][1] - m[0][1] * m[1][0];
    // The sum of the two singular values, squared.
    return 1 - (squares + 2 * Math.abs(determinant)) / (aa * bb);
  }

  /** With every pair joined, paths are straight and the plane comes back exactly. */
  @Test
  void aPlaneComesBack() {
    int n = 180;
    Sheet sheet = plane(n);
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned rows = sheet.rows()) {
      Graph graph = ManifoldGraph.build(backend, rows, "plane", GraphOptions.union(n - 1)).graph();
      int[] landmarks = Landmarks.choose(graph, 20, Landmarks.Selection.MAX_MIN, 3);
      try (Matrix.Owned distances = GeodesicDistances.matrix(backend, graph);
          Matrix.Owned some = Matrix.allocate(20, n)) {
        backend.geometry().shortestPaths(graph, landmarks, some, null);
        try (Isomap.Embedding all = Isomap.classical(backend, distances, 2);
            Isomap.Embedding few = Isomap.landmark(backend, some, landmarks, 2)) {
          for (Isomap.Embedding embedding : new Isomap.Embedding[] {all, few}) {
            assertEquals(0, disparity(sheet.flat(), embedding.coordinates()), 1e-9);
            assertEquals(0, embedding.residualVariance()[1], 1e-7);
            double dx = embedding.coordinates().get(0, 0) - embedding.coordinates().get(1, 0);
            double dy = embedding.coordinates().get(0, 1) - embedding.coordinates().get(1, 1);
            double[] p = sheet.flat()[0];
            double[] q = sheet.flat()[1];
            assertEquals(Math.hypot(p[0] - q[0], p[1] - q[1]), Math.hypot(dx, dy), 1e-5);
          }
        }
      }
    }
  }

  /** Columns of deviation 100 to 0.3: the eigenvalues of a full decomposition in f64. */
  @Test
  void eigenvaluesOfAnyNumberOfDimensionsAreThoseOfAllOfThem() {
    int n = 400;
    double[] deviations = {100, 10, 3, 1, 0.3};
    Random random = new Random(4);
    try (Matrix.Owned rows = Matrix.allocate(n, 5);
        Backend cpu = new CpuBackend(2, 1 << 30);
        Backend scalar = new ScalarBackend(1 << 30)) {
      for (int i = 0; i < n; i++) {
        for (int c = 0; c < 5; c++) {
          rows.set(i, c, (float) (deviations[c] * random.nextGaussian()));
        }
      }
      Graph graph = ManifoldGraph.build(cpu, rows, "rows", GraphOptions.bridged(15, n)).graph();
      try (Matrix.Owned distances = GeodesicDistances.matrix(cpu, graph)) {
        double[] all = spectrum(cpu, distances);
        for (Backend backend : List.of(cpu, scalar)) {
          for (int wanted = 1; wanted <= 8; wanted++) {
            try (Matrix.Owned copy = Matrix.allocate(n, n)) {
              copy.copyFrom(distances);
              try (Isomap.Embedding embedding = Isomap.classical(backend, copy, wanted)) {
                for (int c = 0; c < wanted; c++) {
                  double tolerance = 1e-6 * all[c] + 1e-7 * all[0]; // f32 squares and products
                  assertEquals(all[c], embedding.eigenvalues()[c], tolerance, wanted + ", " + c);
                }
              }
            }
          }
        }
      }
    }
  }

  /** Eigenvalues of −½·J·D²·J, descending, in f64. */
  private static double[] spectrum(Backend backend, Matrix distances) {
    int n = distances.intRows();
    double[][] squares = new double[n][n];
    double[] means = new double[n];
    double mean = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        squares[i][j] = Math.pow(distances.get(i, j), 2);
        means[i] += squares[i][j] / n;
      }
      mean += means[i] / n;
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        squares[i][j] = -0.5 * (squares[i][j] - means[i] - means[j] + mean);
      }
    }
    try (Matrix64 centred = Matrix64.of(squares)) {
      double[] ascending = backend.algebra().eigenvalues(centred);
      double[] descending = new double[n];
      Arrays.setAll(descending, i -> ascending[n - 1 - i]);
      return descending;
    }
  }

  /** Paths zigzag between the points, so they are a little longer than the straight line. */
  @Test
  void aSwissRollUnrolls() {
    int n = 1500;
    Sheet sheet = roll(n);
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned rows = sheet.rows()) {
      Graph graph = ManifoldGraph.build(backend, rows, "roll", ROLL_GRAPH).graph();
      try (Matrix.Owned distances = GeodesicDistances.matrix(backend, graph)) {
        double ratio = 0;
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < i; j++) {
            double[] p = sheet.flat()[i];
            double[] q = sheet.flat()[j];
            double truth = Math.hypot(p[0] - q[0], p[1] - q[1]);
            // A chord between neighbours is shorter than its arc by up to some per cent.
            assertTrue(distances.get(i, j) > 0.97 * truth);
            ratio += distances.get(i, j) / truth;
          }
        }
        assertEquals(1.05, ratio / (n * (n - 1) / 2.0), 0.04);
        try (Isomap.Embedding embedding = Isomap.classical(backend, distances, 2)) {
          assertEquals(0, disparity(sheet.flat(), embedding.coordinates()), 0.003);
          assertTrue(embedding.residualVariance()[0] > 5 * embedding.residualVariance()[1]);
        }
      }
    }
  }

  /**
   * A ring of n points: B is circulant, with eigenvalues −½·Σⱼ dⱼ²·cos(2πjc/n) in pairs, dⱼ =
   * min(j, n−j); those of even c are negative, so c = 1, 3, 5 lead.
   */
  @Test
  void aRingHasItsEigenvaluesInPairs() {
    int n = 600;
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned ring = Matrix.allocate(n, n)) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          int step = Math.abs(i - j);
          ring.set(i, j, Math.min(step, n - step));
        }
      }
      try (Isomap.Embedding embedding = Isomap.classical(backend, ring, 6)) {
        double[] exact = new double[n / 2];
        for (int c = 1; c < exact.length; c++) {
          for (int j = 1; j < n; j++) {
            exact[c] -= 0.5 * Math.pow(Math.min(j, n - j), 2) * Math.cos(2 * Math.PI * j * c / n);
          }
        }
        Arrays.sort(exact);
        for (int c = 0; c < 6; c++) {
          double value = exact[exact.length - 1 - c / 2];
          assertEquals(value, embedding.eigenvalues()[c], 1e-5 * exact[exact.length - 1]);
        }
      }
    }
  }
}
