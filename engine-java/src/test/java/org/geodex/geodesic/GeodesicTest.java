package org.geodex.geodesic;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.statistics.RandomOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GeodesicTest {
  /** What the contract allows f32 lengths. */
  private static final double RTOL = 1e-5;

  private static List<Backend> backends() {
    return List.of(new ScalarBackend(1 << 30), new CpuBackend(2, 1 << 30));
  }

  private interface Length {
    double of(int i, int j);
  }

  /** All pairs on every backend against a closed form. */
  private static void check(Graph graph, Length truth) {
    for (Backend backend : backends()) {
      try (backend;
          Matrix.Owned lengths = GeodesicDistances.matrix(backend, graph)) {
        for (int i = 0; i < graph.n(); i++) {
          for (int j = 0; j < graph.n(); j++) {
            double expected = truth.of(i, j);
            assertEquals(
                expected,
                lengths.get(i, j),
                RTOL * (expected < Double.POSITIVE_INFINITY ? expected : 0),
                "%s %d to %d".formatted(backend.name(), i, j));
          }
        }
      }
    }
  }

  private static Graph shuffledChain(int n, double step, int[] vertex, boolean ring) {
    EdgeList edges = new EdgeList();
    for (int i = 0; i + 1 < n; i++) {
      edges.add(vertex[i], vertex[i + 1], step);
    }
    if (ring) {
      edges.add(vertex[n - 1], vertex[0], step);
    }
    return edges.toGraph(n);
  }

  private static int[] inverse(int[] permutation) {
    int[] inverse = new int[permutation.length];
    for (int i = 0; i < inverse.length; i++) {
      inverse[permutation[i]] = i;
    }
    return inverse;
  }

  /** Chains: 2 … 17 around the lanes; 131 at, 300 beyond the hops that f32 is good for. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 15, 16, 17, 131, 300})
  void chainsAndRings(int n) {
    int[] vertex = RandomOrder.of(n, new Random(n));
    int[] place = inverse(vertex);
    double step = 0.1;
    check(shuffledChain(n, step, vertex, false), (i, j) -> step * Math.abs(place[i] - place[j]));
    if (n > 2) {
      check(
          shuffledChain(n, step, vertex, true),
          (i, j) -> {
            int apart = Math.abs(place[i] - place[j]);
            return step * Math.min(apart, n - apart);
          });
    }
  }

  @Test
  void grid() {
    int side = 13;
    EdgeList edges = new EdgeList();
    for (int i = 0; i < side * side; i++) {
      if (i % side + 1 < side) {
        edges.add(i, i + 1, 1);
      }
      if (i + side < side * side) {
        edges.add(i, i + side, 3);
      }
    }
    check(
        edges.toGraph(side * side),
        (i, j) -> Math.abs(i % side - j % side) + 3 * Math.abs(i / side - j / side));
  }

  @Test
  void edgesOfLengthZeroAreEdgesAndWhatIsApartIsInfinitelyFar() {
    EdgeList edges = new EdgeList();
    edges.add(0, 1, 0);
    edges.add(1, 2, 2);
    edges.add(1, 2, 5);
    edges.add(3, 4, 0);
    edges.add(4, 4, 1);
    Graph graph = edges.toGraph(6);
    assertEquals(3, graph.edges());
    double inf = Double.POSITIVE_INFINITY;
    double[][] truth = {
      {0, 0, 2, inf, inf, inf},
      {0, 0, 2, inf, inf, inf},
      {2, 2, 0, inf, inf, inf},
      {inf, inf, inf, 0, 0, inf},
      {inf, inf, inf, 0, 0, inf},
      {inf, inf, inf, inf, inf, 0}
    };
    check(graph, (i, j) -> truth[i][j]);
    Components components = Components.of(graph);
    assertArrayEquals(new int[] {3, 2, 1}, components.size());
    assertArrayEquals(new int[] {0, 3, 5}, components.first());
  }

  /** Random graphs against Floyd–Warshall; the metric's axioms; one thread and two. */
  @ParameterizedTest
  @ValueSource(ints = {3, 16, 47, 150})
  void randomGraphs(int n) {
    Random random = new Random(n);
    EdgeList edges = new EdgeList();
    double[][] d = new double[n][n];
    for (double[] row : d) {
      Arrays.fill(row, Double.POSITIVE_INFINITY);
    }
    for (int i = 0; i < n; i++) {
      d[i][i] = 0;
    }
    for (int e = 0; e < 3 * n; e++) {
      int i = random.nextInt(n);
      int j = random.nextInt(n);
      double length = random.nextInt(5) == 0 ? 0 : random.nextDouble();
      if (i != j) {
        edges.add(i, j, length);
        d[i][j] = d[j][i] = Math.min(d[i][j], length);
      }
    }
    for (int k = 0; k < n; k++) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          d[i][j] = Math.min(d[i][j], d[i][k] + d[k][j]);
        }
      }
    }
    check(edges.toGraph(n), (i, j) -> d[i][j]);
    try (Backend one = new CpuBackend(1, 1 << 30);
        Backend two = new CpuBackend(2, 1 << 30);
        Matrix.Owned a = GeodesicDistances.matrix(one, edges.toGraph(n));
        Matrix.Owned b = GeodesicDistances.matrix(two, edges.toGraph(n))) {
      assertEquals(-1, a.segment().mismatch(b.segment()));
    }
  }

  /** Walking back along predecessors adds up to the length. */
  @Test
  void predecessorsLeadBackToTheSource() {
    EdgeList edges = new EdgeList();
    Random random = new Random(4);
    int n = 80;
    for (int e = 0; e < 150; e++) {
      edges.add(random.nextInt(n), random.nextInt(n), random.nextInt(4));
    }
    Graph graph = edges.toGraph(n);
    for (Backend backend : backends()) {
      try (backend;
          Arena arena = Arena.ofShared();
          Matrix.Owned lengths = Matrix.allocate(n, n)) {
        MemorySegment before = arena.allocate(4L * n * n);
        backend.geometry().shortestPaths(graph, GeodesicDistances.all(graph), lengths, before);
        for (int s = 0; s < n; s++) {
          for (int v = 0; v < n; v++) {
            double sum = 0;
            int at = v;
            for (int steps = 0; at != s && steps < n; steps++) {
              int p = before.getAtIndex(ValueLayout.JAVA_INT, (long) s * n + at);
              if (p < 0) {
                break;
              }
              sum += arc(graph, p, at);
              at = p;
            }
            if (at == s) {
              assertEquals(lengths.get(s, v), sum, 1e-6);
            } else {
              assertEquals(Float.POSITIVE_INFINITY, lengths.get(s, v));
            }
          }
        }
      }
    }
  }

  private static double arc(Graph graph, int from, int to) {
    for (int a = graph.begin(from); a < graph.end(from); a++) {
      if (graph.target(a) == to) {
        return graph.length(a);
      }
    }
    throw new AssertionError("no arc " + from + " to " + to);
  }

  private static final float[][] THREE_CLUSTERS = {
    {0, 0}, {1, 0}, {2, 0}, {10, 0}, {11, 0}, {12, 0}, {13, 0}, {1, 20}, {2, 20}, {3, 20}
  };

  private static ManifoldGraph clusters(ComponentPolicy policy) {
    GraphOptions options =
        new GraphOptions(2, Double.NaN, NeighbourGraph.Kind.UNION, Metric.EUCLIDEAN, policy);
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned x = Matrix.of(THREE_CLUSTERS)) {
      return ManifoldGraph.build(backend, x, "clusters.npy", options);
    }
  }

  @Test
  void componentPolicies() {
    InputException refused =
        assertThrows(InputException.class, () -> clusters(ComponentPolicy.ERROR));
    assertEquals(
        "clusters.npy: the k=2 union graph has 3 components (4 rows from row 3, 3 rows from row 0,"
            + " 3 rows from row 7); raise --k, or choose --components bridge, largest or inf",
        refused.getMessage());
    ManifoldGraph bridged = clusters(ComponentPolicy.BRIDGE);
    assertEquals(1, Components.of(bridged.graph()).count());
    assertEquals(3, bridged.bridges());
    assertEquals(8, arc(bridged.graph(), 2, 3));
    assertEquals(20, arc(bridged.graph(), 1, 7));
    assertEquals(Math.hypot(7, 20), arc(bridged.graph(), 9, 3), 1e-12);
    ManifoldGraph largest = clusters(ComponentPolicy.LARGEST);
    assertArrayEquals(new int[] {3, 4, 5, 6}, largest.rows());
    assertEquals(4, largest.graph().n());
    assertEquals(3, clusters(ComponentPolicy.INF).components().count());
  }

  @ParameterizedTest
  @EnumSource(Landmarks.Selection.class)
  void landmarksAreDifferentRepeatableAndRowsOfTheFullMatrix(Landmarks.Selection selection) {
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned x = Truth.normal(8, 200, 3, 0)) {
      ManifoldGraph manifold = ManifoldGraph.build(backend, x, "x", GraphOptions.union(8));
      int[] landmarks = Landmarks.choose(manifold.graph(), 30, selection, 5);
      assertArrayEquals(landmarks, Landmarks.choose(manifold.graph(), 30, selection, 5));
      assertEquals(30, Arrays.stream(landmarks).distinct().count());
      try (Matrix.Owned all = GeodesicDistances.matrix(backend, manifold.graph());
          Matrix.Owned some = Matrix.allocate(30, 200)) {
        backend.geometry().shortestPaths(manifold.graph(), landmarks, some, null);
        for (int l = 0; l < 30; l++) {
          assertEquals(
              -1,
              some.rows(l, l + 1)
                  .segment()
                  .mismatch(all.rows(landmarks[l], landmarks[l] + 1).segment()));
        }
      }
    }
  }

  /** Blocks hold what the whole does, the same bits whatever their size, and so do predecessors. */
  @Test
  void blocksAreTheWhole() {
    try (Matrix.Owned x = Truth.normal(9, 1100, 4, 0);
        Backend wide = new CpuBackend(2, 1 << 30)) {
      Graph graph = ManifoldGraph.build(wide, x, "x", GraphOptions.union(12)).graph();
      try (Matrix.Owned whole = GeodesicDistances.matrix(wide, graph);
          Matrix.Owned blocks = stream(graph, 40, false);
          Matrix.Owned larger = stream(graph, 100, false);
          Matrix.Owned withPaths = stream(graph, 40, true)) {
        assertEquals(-1, blocks.segment().mismatch(larger.segment()));
        assertClose(whole, blocks);
        assertClose(whole, withPaths);
      }
    }
  }

  /** Streams all pairs under a budget of about so many rows beside the graph. */
  private static Matrix.Owned stream(Graph graph, int rows, boolean paths) {
    int n = graph.n();
    long budget = 20L * graph.arcs() + 360L * n + rows * 8L * n;
    Matrix.Owned result = Matrix.allocate(n, n);
    int[] blocks = new int[1];
    try (Backend backend = new CpuBackend(2, budget)) {
      GeodesicDistances.stream(
          backend,
          graph,
          GeodesicDistances.all(graph),
          paths,
          (from, part, before) -> {
            blocks[0]++;
            result.rows(from, from + part.rows()).segment().copyFrom(part.segment());
            for (int r = 0; paths && r < part.intRows(); r++) {
              int source = (int) from + r;
              assertEquals(
                  Dijkstra.NONE, before.getAtIndex(ValueLayout.JAVA_INT, r * (long) n + source));
            }
          });
    }
    assertTrue(blocks[0] > 5, blocks[0] + " blocks");
    return result;
  }

  private static void assertClose(Matrix expected, Matrix actual) {
    for (int i = 0; i < expected.intRows(); i++) {
      for (int j = 0; j < expected.columns(); j++) {
        assertEquals(expected.get(i, j), actual.get(i, j), RTOL * expected.get(i, j));
      }
    }
  }

  @Test
  void edgesThatAUserBrings() {
    try (Matrix.Owned edges =
        Matrix.of(
            new float[][] {
              {0, 1, 2.5f}, {1, 0, 2.5f}, {1, 3, 0}, {4, 4, 0}, {1, 3, 7}, {2, 3, 1}
            })) {
      Graph graph = EdgeList.graph(edges, "e.npy", -1);
      double inf = Double.POSITIVE_INFINITY;
      double[][] truth = {
        {0, 2.5, 3.5, 2.5, inf},
        {2.5, 0, 1, 0, inf},
        {3.5, 1, 0, 1, inf},
        {2.5, 0, 1, 0, inf},
        {inf, inf, inf, inf, 0}
      };
      check(graph, (i, j) -> truth[i][j]);
    }
  }

  /**
   * Great-circle arcs: a graph path is never shorter, and little longer where the sample is dense.
   */
  @Test
  void sphere() {
    Random random = new Random(2);
    int n = 900;
    try (Backend backend = new CpuBackend(2, 1 << 30);
        Matrix.Owned x = Matrix.allocate(n, 3)) {
      for (int i = 0; i < n; i++) {
        double[] p = {random.nextGaussian(), random.nextGaussian(), random.nextGaussian()};
        double norm = Math.sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
        x.setRow(
            i, new float[] {(float) (p[0] / norm), (float) (p[1] / norm), (float) (p[2] / norm)});
      }
      GraphOptions options =
          new GraphOptions(
              12, Double.NaN, NeighbourGraph.Kind.UNION, Metric.ANGULAR, ComponentPolicy.ERROR);
      ManifoldGraph manifold = ManifoldGraph.build(backend, x, "sphere", options);
      try (Matrix.Owned lengths = GeodesicDistances.matrix(backend, manifold.graph())) {
        double ratio = 0;
        float[] a = new float[3];
        float[] b = new float[3];
        for (int i = 0; i < n; i++) {
          x.copyRow(i, a);
          for (int j = 0; j < i; j++) {
            x.copyRow(j, b);
            double arc = Truth.distance(Metric.ANGULAR, a, b);
            assertTrue(lengths.get(i, j) >= arc * (1 - 1e-4) - 1e-6);
            ratio += lengths.get(i, j) / arc;
          }
        }
        assertEquals(1.05, ratio / ((double) n * (n - 1) / 2), 0.05);
      }
    }
  }
}
