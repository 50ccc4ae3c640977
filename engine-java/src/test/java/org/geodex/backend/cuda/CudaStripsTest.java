package org.geodex.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.Pairs.Gaussian;
import org.geodex.backend.Pairs.Sums;
import org.geodex.cuda.Traffic;
import org.geodex.geodesic.Dijkstra;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.geodesic.Precision;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Results larger than a strip, and than the device: strips of 128 rows and columns, the last one
 * short, equal the whole.
 */
class CudaStripsTest {
  /** One tile of f32. */
  private static final String STRIP = "65536";

  /** Vertices, rows. */
  static final int N = 300;

  @BeforeAll
  static void needsEmulator() {
    OnEmulator.require();
  }

  @BeforeEach
  void smallStrips() {
    System.setProperty("geodex.cuda.strip", STRIP);
  }

  @AfterEach
  void whole() {
    System.clearProperty("geodex.cuda.strip");
  }

  /** 300 rows: strips of 128, 128 and 44; 129 columns. Against the result in one piece. */
  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void pairwiseInStrips(String binding) {
    try (Backend cuda = OnEmulator.cuda(binding);
        Matrix.Owned x = OnEmulator.normal(OnEmulator.FRESH, N, 5);
        Matrix.Owned y = OnEmulator.normal(2, 129, 5)) {
      for (Precision precision : Precision.values()) {
        checkPairwise(cuda, x, y, precision);
        checkPairwise(cuda, x, x, precision);
      }
    }
  }

  private void checkPairwise(Backend cuda, Matrix x, Matrix y, Precision precision) {
    try (Matrix.Owned strips = Matrix.allocate(x.rows(), y.intRows());
        Matrix.Owned once = Matrix.allocate(x.rows(), y.intRows())) {
      cuda.geometry().pairwise(x, y, Metric.EUCLIDEAN, precision, strips);
      whole();
      cuda.geometry().pairwise(x, y, Metric.EUCLIDEAN, precision, once);
      smallStrips();
      // A product promises its bits for one shape alone, and strips are another.
      double tolerance = precision == Precision.EXPANDED ? 1e-4 : 0;
      for (long i = 0; i < once.rows(); i++) {
        for (int j = 0; j < once.columns(); j++) {
          assertEquals(once.get(i, j), strips.get(i, j), tolerance, precision.name());
        }
      }
    }
  }

  /**
   * Lists are carried on from both sides of strips of 128 x 128 (three each way) and of 256 x 256,
   * more rows than a block has before it at once.
   */
  @ParameterizedTest
  @ValueSource(ints = {128, 256})
  void neighboursInStrips(int side) {
    System.setProperty("geodex.cuda.strip", Integer.toString(4 * side * side));
    try (Matrix.Owned x = OnEmulator.normal(OnEmulator.FRESH, N, 4);
        Matrix.Owned y = OnEmulator.normal(4, 140, 4)) {
      checkNeighbours(x, null, 7, Metric.EUCLIDEAN);
      checkNeighbours(x, null, 7, Metric.CHEBYSHEV);
      checkNeighbours(y, x, 7, Metric.EUCLIDEAN);
      for (int i = 0; i < N; i++) {
        for (int j = 0; j < 4; j++) {
          x.set(i, j, Math.round(x.get(i, j))); // ties, copies
        }
      }
      checkNeighbours(x, null, 7, Metric.EUCLIDEAN);
      checkNeighbours(x, null, 7, Metric.CHEBYSHEV);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {40, 100, 200})
  void longListsOfNeighboursInStrips(int k) {
    try (Matrix.Owned x = OnEmulator.normal(OnEmulator.FRESH, 260, 4)) {
      checkNeighbours(x, null, k, Metric.EUCLIDEAN);
    }
  }

  private static void checkNeighbours(Matrix x, Matrix y, int k, Metric metric) {
    try (Backend cuda = OnEmulator.cuda("panama");
        Backend scalar = OnEmulator.scalar()) {
      NeighbourTable got = cuda.geometry().knn(x, y, k, metric);
      NeighbourTable want = scalar.geometry().knn(x, y, k, metric);
      for (int i = 0; i < x.rows(); i++) {
        for (int r = 0; r < k; r++) {
          assertEquals(want.index(i, r), got.index(i, r), metric + " row " + i);
        }
      }
    }
  }

  static Graph graph(int degree) {
    Random random = new Random(degree);
    int edges = N * degree;
    return Graph.of(
        N,
        IntStream.range(0, edges).map(e -> e / degree).toArray(),
        random.ints(edges, 0, N).toArray(),
        random.doubles(edges, 0.5, 2).toArray());
  }

  @Test
  void pathsInStrips() {
    checkPaths(graph(3), ShortestPathRule.Choice.MANY_SOURCES);
    checkPaths(graph(60), ShortestPathRule.Choice.FLOYD_WARSHALL);
  }

  /** Strips cut what is copied: 4 multiprocessors take 256 of the 300 sources a launch. */
  @Test
  void stripsCutNoLaunchOfPaths() {
    Graph graph = graph(3);
    int[] all = GeodesicDistances.all(graph);
    try (CudaBackend cuda = OnEmulator.cuda("panama");
        Matrix.Owned got = Matrix.allocate(N, N)) {
      Traffic start = cuda.traffic();
      CudaGeometry geometry = (CudaGeometry) cuda.geometry();
      geometry.paths(graph, all, got, ShortestPathRule.Choice.MANY_SOURCES);
      assertEquals(2 + 2, cuda.traffic().since(start).launches()); // paths, their longest
    }
  }

  /** A matrix on the device is one buffer, whatever a strip holds: half of its tiles do. */
  @Test
  void stripsCutNoMatrixOnTheDevice() {
    try (CudaBackend cuda = OnEmulator.cuda("panama");
        Matrix.Owned x = OnEmulator.normal(OnEmulator.FRESH, N, 5);
        Matrix.Owned onDevice = cuda.allocate(N, N);
        Matrix.Owned onHost = Matrix.allocate(N, N)) {
      Traffic start = cuda.traffic();
      cuda.geometry().pairwise(x, x, Metric.EUCLIDEAN, Precision.REFINED, onDevice);
      assertEquals(2, cuda.traffic().since(start).launches()); // distances, the diagonal
      cuda.geometry().pairwise(x, x, Metric.EUCLIDEAN, Precision.REFINED, onHost);
      assertEquals(-1, onHost.segment().mismatch(onDevice.reading()));
    }
  }

  /** Room for all 300 rows, of which a strip has whole tiles: 256 and 44. */
  @Test
  void aStripOfWholeTilesIsNotTheWhole() {
    System.setProperty("geodex.cuda.strip", Integer.toString(4 * N * N));
    try (Backend cuda = OnEmulator.cuda("panama");
        Matrix.Owned x = OnEmulator.normal(OnEmulator.FRESH, N, 5);
        Matrix.Owned inStrips = Matrix.allocate(N, N);
        Matrix.Owned expected = Matrix.allocate(N, N)) {
      cuda.geometry().pairwise(x, x, Metric.EUCLIDEAN, Precision.REFINED, inStrips);
      whole();
      cuda.geometry().pairwise(x, x, Metric.EUCLIDEAN, Precision.REFINED, expected);
      assertEquals(-1, expected.segment().mismatch(inStrips.segment()));
    }
  }

  /** Strips of 128, 128 and 44 rows of three matrices, against one of all rows. */
  @Test
  void sumsInStrips() {
    try (Backend cuda = OnEmulator.cuda("jcuda");
        Matrix.Owned x = OnEmulator.normal(OnEmulator.FRESH, N, 5);
        Matrix.Owned y = OnEmulator.normal(1 + OnEmulator.FRESH, N, 3)) {
      Sums inStrips = cuda.pairs().sums(List.of(x, y, x), new Gaussian(2, 1));
      whole();
      Sums expected = cuda.pairs().sums(List.of(x, y, x), new Gaussian(2, 1));
      assertArrayEquals(expected.rows(), inStrips.rows());
      assertArrayEquals(expected.products(), inStrips.products());
    }
  }

  /** 36 MB each way: both stages of 16 MB, the first one again, parts of a megabyte and a rest. */
  @Test
  void copiesInStages() {
    try (Backend cuda = OnEmulator.cuda("panama");
        Matrix.Owned x = OnEmulator.normal(OnEmulator.FRESH, 3, 3_000_001);
        Matrix.Owned onDevice = cuda.adopt(x.copy());
        Matrix.Owned found = onDevice.gather(new int[] {2, 0, 1})) {
      for (int i = 0; i < 3; i++) {
        int from = (i + 2) % 3;
        Matrix expected = x.rows(from, from + 1);
        assertEquals(-1, expected.segment().mismatch(found.rows(i, i + 1).reading()));
      }
    }
  }

  private static void checkPaths(Graph graph, ShortestPathRule.Choice choice) {
    int[] all = GeodesicDistances.all(graph);
    try (Backend cuda = OnEmulator.cuda("jcuda");
        Matrix.Owned got = Matrix.allocate(N, N)) {
      ShortestPaths paths = ((CudaGeometry) cuda.geometry()).paths(graph, all, got, choice);
      checkLengths(graph, got, paths);
    }
  }

  static void checkLengths(Graph graph, Matrix got, ShortestPaths paths) {
    Dijkstra dijkstra = new Dijkstra(graph);
    double longest = 0;
    for (int s = 0; s < N; s++) {
      dijkstra.run(s);
      for (int v = 0; v < N; v++) {
        double want = dijkstra.distance(v);
        longest = want < Double.POSITIVE_INFINITY ? Math.max(longest, want) : longest;
        boolean equal = want == got.get(s, v) || Math.abs(want - got.get(s, v)) <= 1e-6 * want;
        assertTrue(equal, "%s: %d to %d: %s, not %s".formatted(paths, s, v, got.get(s, v), want));
      }
    }
    assertEquals(longest, paths.longest(), 1e-6 * longest);
  }

  @Test
  void aDenseMatrixThatDoesNotFit() {
    ShortestPathRule.Choice dense = ShortestPathRule.Choice.FLOYD_WARSHALL;
    ShortestPathRule.Choice fixed = ShortestPathRule.Choice.FLOYD_WARSHALL_FIXED;
    long bytes = 4L * 384 * 384;
    assertEquals(dense, ShortestPathRule.within(bytes, dense, N));
    assertEquals(
        ShortestPathRule.Choice.MANY_SOURCES, ShortestPathRule.within(bytes - 1, dense, N));
    assertEquals(ShortestPathRule.Choice.HOST, ShortestPathRule.within(bytes - 1, fixed, N));
  }

  @Test
  void countsInStrips() {
    KsgParameters parameters = KsgParameters.of(4, KsgParameters.Variant.ONE);
    try (Backend cuda = OnEmulator.cuda("panama");
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned x = OnEmulator.normal(4, N, 3);
        Matrix.Owned y = OnEmulator.normal(5, N, 2)) {
      assertCounts(
          scalar.information().ksgCounts(x, y, null, parameters),
          cuda.information().ksgCounts(x, y, null, parameters));
      int[][] pairings = {
        IntStream.range(0, N).map(i -> (7 * i + 3) % N).toArray(),
        IntStream.range(0, N).map(i -> N - 1 - i).toArray()
      };
      KsgCounts[] got = cuda.information().ksgCountsOfPairings(x, y, pairings, parameters);
      KsgCounts[] want = scalar.information().ksgCountsOfPairings(x, y, pairings, parameters);
      for (int b = 0; b < pairings.length; b++) {
        assertCounts(want[b], got[b]);
      }
    }
  }

  private static void assertCounts(KsgCounts want, KsgCounts got) {
    assertArrayEquals(want.x(), got.x());
    assertArrayEquals(want.y(), got.y());
  }

  @Test
  void categoricalKlInStrips() {
    try (Backend cuda = OnEmulator.cuda("jcuda");
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned p = OnEmulator.positive(6, N, 5, true);
        Matrix.Owned q = OnEmulator.positive(7, 129, 5, true);
        Matrix.Owned got = Matrix.allocate(N, 129);
        Matrix.Owned want = Matrix.allocate(N, 129)) {
      cuda.information().klCategorical(p, q, false, got);
      scalar.information().klCategorical(p, q, false, want);
      for (int i = 0; i < N; i++) {
        for (int j = 0; j < 129; j++) {
          assertEquals(want.get(i, j), got.get(i, j), 1e-12 + 1.2e-7 * want.get(i, j));
        }
      }
    }
  }
}
