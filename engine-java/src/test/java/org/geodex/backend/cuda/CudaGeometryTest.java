package org.geodex.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.Geometry;
import org.geodex.backend.Pairs;
import org.geodex.geodesic.Dijkstra;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.geodesic.Precision;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.information.KsgParameters.Norm;
import org.geodex.information.KsgParameters.Variant;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Distances, neighbours and paths on the emulator against the f64 specification. */
class CudaGeometryTest {
  /** f32 chains of up to 40 terms: 42·2⁻²⁴, and one rounding of the result. */
  private static final double DIRECT_F32 = 3e-6;

  /** One rounding of an f64 result. */
  private static final double ROUNDED = 1.2e-7;

  @BeforeAll
  static void needsEmulator() {
    OnEmulator.require();
  }

  /**
   * 1 one pair; 127, 128, 129 around the f32 tile; 63, 65 around the f64 tile; 2, 16, 17, 34
   * columns: less than a slab, one slab, one and a tail, two and a tail.
   */
  @ParameterizedTest
  @CsvSource({"1,1,2", "127,65,16", "128,128,2", "129,63,34", "64,131,18"})
  void pairwiseEqualsTheSpecification(int n, int m, int d) {
    for (long seed : new long[] {1, OnEmulator.FRESH}) {
      for (Metric metric : Metric.values()) {
        boolean categorical = metric == Metric.FISHER_RAO_CATEGORICAL;
        try (Matrix.Owned x = OnEmulator.positive(seed, n, d, categorical);
            Matrix.Owned y = OnEmulator.positive(seed + 1, m, d, categorical)) {
          checkPairwise(x, y, metric, Precision.REFINED);
          checkPairwise(x, x, metric, Precision.REFINED);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"DIRECT", "EXPANDED"})
  void pairwiseFormsEqualTheSpecification(Precision precision) {
    for (Metric metric : List.of(Metric.EUCLIDEAN, Metric.SQEUCLIDEAN)) {
      try (Matrix.Owned x = OnEmulator.normal(2, 65, 7);
          Matrix.Owned y = OnEmulator.normal(3, 130, 7)) {
        checkPairwise(x, y, metric, precision);
        checkPairwise(y, y, metric, precision);
      }
    }
  }

  /** Kernels go by their names where the system writes numbers in other digits. */
  @Test
  void namesOfKernelsKnowNoLanguage() {
    Locale before = Locale.getDefault(Locale.Category.FORMAT);
    Locale.setDefault(Locale.Category.FORMAT, Locale.forLanguageTag("fa-IR-u-nu-arabext"));
    try (Backend cuda = OnEmulator.cuda("panama");
        Matrix.Owned x = OnEmulator.normal(2, 20, 5)) {
      assertEquals(3, cuda.geometry().knn(x, null, 3, Metric.EUCLIDEAN).k());
    } finally {
      Locale.setDefault(Locale.Category.FORMAT, before);
    }
  }

  /** Values whose squares f32 does not hold. */
  @ParameterizedTest
  @ValueSource(ints = {-75, 66})
  void pairwiseBeyondTheRangeOfSquares(int exponent) {
    try (Backend cuda = OnEmulator.cuda("panama");
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned x = OnEmulator.normal(2, 70, 5);
        Matrix.Owned got = Matrix.allocate(70, 70);
        Matrix.Owned want = Matrix.allocate(70, 70)) {
      for (int i = 0; i < 70; i++) {
        for (int j = 0; j < 5; j++) {
          x.set(i, j, Math.scalb(x.get(i, j), exponent));
        }
      }
      scalar.geometry().pairwise(x, x, Metric.EUCLIDEAN, want);
      for (Precision precision : Precision.values()) {
        cuda.geometry().pairwise(x, x, Metric.EUCLIDEAN, precision, got);
        for (int i = 0; i < 70; i++) {
          for (int j = 0; j < 70; j++) {
            float expected = want.get(i, j);
            assertEquals(expected, got.get(i, j), ROUNDED * expected, precision + " " + i);
          }
        }
      }
      Pairs.Distance distance = new Pairs.Distance();
      double sum = scalar.pairs().sums(List.of(x), distance).rows()[0][3];
      assertEquals(sum, cuda.pairs().sums(List.of(x), distance).rows()[0][3], 1e-6 * sum);
      KsgParameters ksg = new KsgParameters(3, Variant.ONE, Norm.EUCLIDEAN);
      KsgCounts counts = scalar.information().ksgCounts(x, x, null, ksg);
      assertArrayEquals(counts.x(), cuda.information().ksgCounts(x, x, null, ksg).x());
    }
  }

  private static void checkPairwise(Matrix x, Matrix y, Metric metric, Precision precision) {
    try (Backend cuda = OnEmulator.cuda("panama");
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned got = Matrix.allocate(x.rows(), y.intRows());
        Matrix.Owned want = Matrix.allocate(x.rows(), y.intRows())) {
      cuda.geometry().pairwise(x, y, metric, precision, got);
      scalar.geometry().pairwise(x, y, metric, precision, want);
      boolean euclidean = metric == Metric.EUCLIDEAN || metric == Metric.SQEUCLIDEAN;
      boolean f32 = euclidean && precision != Precision.DIRECT;
      // The expanded form loses what cancellation takes: an absolute error in the square.
      double absolute =
          precision == Precision.EXPANDED ? (metric == Metric.EUCLIDEAN ? 3e-3 : 2e-5) : 1e-9;
      for (long i = 0; i < x.rows(); i++) {
        for (int j = 0; j < y.intRows(); j++) {
          double expected = x == y && i == j ? 0 : want.get(i, j);
          double tolerance = absolute + (f32 ? DIRECT_F32 : ROUNDED) * expected;
          assertEquals(expected, got.get(i, j), tolerance, metric + " " + precision + " " + i);
        }
      }
      assertTrue(cuda.hostOperations().isEmpty(), cuda.hostOperations().toString());
    }
  }

  @Test
  void chebyshevHasTheSpecificationsBits() {
    try (Backend cuda = OnEmulator.cuda("panama");
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned x = OnEmulator.normal(OnEmulator.FRESH, 40, 23);
        Matrix.Owned got = Matrix.allocate(40, 40);
        Matrix.Owned want = Matrix.allocate(40, 40)) {
      cuda.geometry().pairwise(x, x, Metric.CHEBYSHEV, got);
      scalar.geometry().pairwise(x, x, Metric.CHEBYSHEV, want);
      assertEquals(-1, got.segment().mismatch(want.segment()));
    }
  }

  /** 15: lists of 32. 40: of 64. 100: of 128. 130: of 256. 241: selection on the host. */
  @ParameterizedTest
  @CsvSource({"15,EUCLIDEAN", "40,COSINE", "100,ANGULAR", "130,CHEBYSHEV", "241,SQEUCLIDEAN"})
  void neighboursAreTheSpecifications(int k, Metric metric) {
    try (Matrix.Owned x = OnEmulator.normal(OnEmulator.FRESH, 257, 9);
        Matrix.Owned y = OnEmulator.normal(5, 19, 9)) {
      checkNeighbours(y, x, k, metric, "panama");
      checkNeighbours(k > 32 ? y : x, null, k, metric, "panama");
    }
  }

  /** 19 means and 19 deviations: a slab of columns and a tail. */
  @ParameterizedTest
  @CsvSource({"FISHER_RAO_NORMAL", "FISHER_RAO_CATEGORICAL", "SQEUCLIDEAN"})
  void neighboursOfDistributionsAreTheSpecifications(Metric metric) {
    boolean categorical = metric == Metric.FISHER_RAO_CATEGORICAL;
    try (Matrix.Owned x = OnEmulator.positive(7, 131, 38, categorical)) {
      checkNeighbours(x, null, 5, metric, "panama");
    }
  }

  /** Ties by lower index, copies at distance 0: more equals than a list of candidates holds. */
  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void tiesAndCopiesAreTheSpecifications(String binding) {
    try (Matrix.Owned x = OnEmulator.lattice(11, 120, 1)) {
      checkNeighbours(x, null, 5, Metric.EUCLIDEAN, binding);
      checkNeighbours(x, null, 5, Metric.CHEBYSHEV, binding);
    }
  }

  /** Data far from the origin, where the expanded form alone has no digits left. */
  @Test
  void offsetDoesNotChangeNeighbours() {
    try (Matrix.Owned x = OnEmulator.normal(13, 200, 5)) {
      for (int i = 0; i < 200; i++) {
        for (int j = 0; j < 5; j++) {
          x.set(i, j, x.get(i, j) + 10_000);
        }
      }
      checkNeighbours(x, null, 7, Metric.EUCLIDEAN, "panama");
    }
  }

  private static void checkNeighbours(
      Matrix x, Matrix y, int wanted, Metric metric, String binding) {
    int k = (int) Math.min(wanted, y == null ? x.rows() - 1 : y.rows());
    try (Backend cuda = OnEmulator.cuda(binding);
        Backend scalar = OnEmulator.scalar()) {
      NeighbourTable got = cuda.geometry().knn(x, y, k, metric);
      NeighbourTable want = scalar.geometry().knn(x, y, k, metric);
      for (int i = 0; i < want.n(); i++) {
        for (int r = 0; r < k; r++) {
          String where = "%s row %d rank %d".formatted(metric, i, r);
          assertEquals(want.distance(i, r), got.distance(i, r), 1e-12, where);
          assertEquals(want.index(i, r), got.index(i, r), where);
        }
      }
    }
  }

  /** Weights that f32 holds exactly, some of them zero. */
  private static Graph random(long seed, int n, int degree) {
    Random random = new Random(seed);
    List<int[]> edges = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      for (int e = 0; e < degree; e++) {
        edges.add(new int[] {i, random.nextInt(n), random.nextInt(64)});
      }
    }
    return Graph.of(
        n,
        edges.stream().mapToInt(e -> e[0]).toArray(),
        edges.stream().mapToInt(e -> e[1]).toArray(),
        edges.stream().mapToDouble(e -> e[2] / 16.0).toArray());
  }

  private static Graph chain(int n) {
    int[] from = new int[n - 1];
    int[] to = new int[n - 1];
    double[] lengths = new double[n - 1];
    for (int i = 0; i < n - 1; i++) {
      from[i] = i;
      to[i] = i + 1;
      lengths[i] = 1 + i % 3 / 4.0;
    }
    return Graph.of(n, from, to, lengths);
  }

  /** From the end of a chain paths are long, from its middle not: one choice for both blocks. */
  @Test
  void blocksOfRowsShareOneChoice() {
    Graph graph = chain(200);
    int[] all = GeodesicDistances.all(graph);
    try (CudaBackend cuda = OnEmulator.cuda("panama");
        Matrix.Owned rows = Matrix.allocate(100, 200)) {
      Geometry.PathRows paths = cuda.geometry().shortestPathRows(graph, all);
      String first = paths.compute(0, rows, null).algorithm();
      assertEquals(first, paths.compute(100, rows, null).algorithm());
      assertEquals(99.0 * 1.25, rows.get(0, 199), 1);
    }
  }

  /**
   * Sparse: 31, 33 around the lanes; unconnected parts. Dense: 127, 128, 129, 257 around the tile.
   */
  @ParameterizedTest
  @CsvSource({
    "31,1,bellman",
    "33,2,bellman",
    "150,3,bellman",
    "127,40,floyd",
    "128,40,floyd",
    "129,40,floyd",
    "257,90,floyd"
  })
  void pathsEqualDijkstra(int n, int degree, String algorithm) {
    Graph graph = random(n, n, degree);
    ShortestPathRule.Choice choice =
        algorithm.equals("bellman")
            ? ShortestPathRule.Choice.MANY_SOURCES
            : ShortestPathRule.Choice.FLOYD_WARSHALL;
    checkPaths(graph, choice, 1e-6);
  }

  /** 131 and 300 arcs on a path: fixed point, one and several tiles. */
  @ParameterizedTest
  @ValueSource(ints = {131, 300})
  void longPathsEqualDijkstra(int n) {
    Graph graph = chain(n);
    int[] all = GeodesicDistances.all(graph);
    assertEquals(
        ShortestPathRule.Choice.FLOYD_WARSHALL_FIXED, ShortestPathRule.choose(graph, all, false));
    checkPaths(graph, ShortestPathRule.Choice.FLOYD_WARSHALL_FIXED, 1e-5);
  }

  /** Steps of fixed point whose number a length is not f32 any more. */
  @Test
  void longPathsOfTinyArcsAreTheHosts() {
    Graph graph = chain(200);
    int[] tail = IntStream.range(0, 199).toArray();
    int[] head = IntStream.range(1, 200).toArray();
    double[] tiny = IntStream.range(0, 199).mapToDouble(i -> 1e-33).toArray();
    assertEquals(
        ShortestPathRule.Choice.FLOYD_WARSHALL_FIXED,
        ShortestPathRule.choose(graph, GeodesicDistances.all(graph), false));
    Graph small = Graph.of(200, tail, head, tiny);
    assertEquals(
        ShortestPathRule.Choice.HOST,
        ShortestPathRule.choose(small, GeodesicDistances.all(small), false));
  }

  private static void checkPaths(Graph graph, ShortestPathRule.Choice choice, double relative) {
    int n = graph.n();
    int[] sources = GeodesicDistances.all(graph);
    try (Backend cuda = OnEmulator.cuda("panama");
        Matrix.Owned got = Matrix.allocate(n, n)) {
      ShortestPaths paths = ((CudaGeometry) cuda.geometry()).paths(graph, sources, got, choice);
      Dijkstra dijkstra = new Dijkstra(graph);
      for (int s = 0; s < n; s++) {
        dijkstra.run(s);
        for (int v = 0; v < n; v++) {
          double want = dijkstra.distance(v);
          double value = got.get(s, v);
          boolean equal = want == value || Math.abs(want - value) <= relative * want;
          assertTrue(equal, "%s: %d to %d: %s, not %s".formatted(paths, s, v, value, want));
        }
      }
    }
  }

  @Test
  void aFewSourcesAndTheRule() {
    Graph graph = random(3, 90, 3);
    int[] sources = {88, 0, 7};
    assertEquals(
        ShortestPathRule.Choice.MANY_SOURCES, ShortestPathRule.choose(graph, sources, false));
    assertEquals(ShortestPathRule.Choice.HOST, ShortestPathRule.choose(graph, sources, true));
    try (Backend cuda = OnEmulator.cuda("jcuda");
        Matrix.Owned got = Matrix.allocate(3, 90)) {
      cuda.geometry().shortestPaths(graph, sources, got, null);
      Dijkstra dijkstra = new Dijkstra(graph);
      for (int s = 0; s < 3; s++) {
        dijkstra.run(sources[s]);
        for (int v = 0; v < 90; v++) {
          assertEquals(dijkstra.distance(v), got.get(s, v), 1e-6 * (1 + got.get(s, v)));
        }
      }
    }
  }

  /** Sources in any order, one of them twice: a part of a block, a block and one, three blocks. */
  @ParameterizedTest
  @ValueSource(ints = {5, 33, 70})
  void pathsStayOnTheDevice(int count) {
    Graph graph = random(11, 70, 2);
    int[] sources = new Random(count).ints(count, 0, 70).toArray();
    sources[count - 1] = sources[0];
    try (CudaBackend cuda = OnEmulator.cuda("panama");
        Matrix.Owned onHost = Matrix.allocate(count, 70);
        Matrix.Owned onDevice = cuda.allocate(count, 70)) {
      CudaGeometry geometry = (CudaGeometry) cuda.geometry();
      ShortestPathRule.Choice choice = ShortestPathRule.Choice.MANY_SOURCES;
      ShortestPaths host = geometry.paths(graph, sources, onHost, choice);
      ShortestPaths device = geometry.paths(graph, sources, onDevice, choice);
      assertEquals(host, device);
      assertEquals(-1, onHost.segment().mismatch(onDevice.reading()));
      Dijkstra dijkstra = new Dijkstra(graph);
      for (int s = 0; s < count; s++) {
        dijkstra.run(sources[s]);
        for (int v = 0; v < 70; v++) {
          double want = dijkstra.distance(v);
          assertEquals(want, onHost.get(s, v), 1e-6 * (1 + want), s + " to " + v);
        }
      }
    }
  }
}
