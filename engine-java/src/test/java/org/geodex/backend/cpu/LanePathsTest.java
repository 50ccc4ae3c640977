package org.geodex.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import org.geodex.geodesic.Dijkstra;
import org.geodex.geodesic.EdgeList;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.VertexOrder;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LanePathsTest {
  /** Counts around one and two vectors of 8 and of 16 lanes, with edges of length zero. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 257})
  void equalsDijkstra(int n) {
    Graph graph = random(n);
    LanePaths paths = new LanePaths(graph, VertexOrder.of(graph));
    int[] sources = new int[n];
    Arrays.setAll(sources, s -> s);
    try (Arena arena = Arena.ofConfined();
        Matrix.Owned lengths = Matrix.allocate(n, n)) {
      LanePaths.Block block = paths.new Block(arena);
      for (int from = 0; from < n; from += LanePaths.LANES) {
        int to = Math.min(from + LanePaths.LANES, n);
        assertTrue(block.solve(sources, from, to, Long.MAX_VALUE));
        block.store(lengths, Arrays.copyOfRange(sources, from, to));
      }
      assertDijkstra(graph, lengths);
    }
  }

  /** Waves of one block and of three, the last of them with fewer sources than lanes. */
  @ParameterizedTest
  @CsvSource({"2, 1", "31, 1", "32, 1", "33, 1", "64, 1", "65, 3", "257, 1", "257, 3"})
  void halfOfAllPairsTellsTheOther(int n, int wave) {
    Graph graph = random(n);
    LanePaths paths = new LanePaths(graph, VertexOrder.of(graph));
    try (Arena arena = Arena.ofConfined();
        Matrix.Owned lengths = Matrix.allocate(n, n)) {
      LanePaths.Block block = paths.new Block(arena);
      for (int from = 0; from < n; from += LanePaths.LANES) {
        int known = from - from % (wave * LanePaths.LANES);
        int to = Math.min(from + LanePaths.LANES, n);
        block.solveRest(lengths, known, from, to);
        block.storeRest(lengths, from, to);
      }
      float[] byPosition = new float[n];
      float[] byVertex = new float[n];
      for (int v = 0; v < n; v++) {
        lengths.copyRow(v, byPosition);
        paths.toVertexOrder(byPosition, byVertex);
        lengths.setRow(v, byVertex);
      }
      assertDijkstra(graph, lengths);
      for (int v = 0; v < n; v++) {
        for (int w = 0; w < v; w++) {
          assertEquals(lengths.get(v, w), lengths.get(w, v));
        }
      }
    }
  }

  private static Graph random(int n) {
    Random random = new Random(n);
    EdgeList edges = new EdgeList();
    for (int e = 0; e < 3 * n; e++) {
      double length = random.nextInt(6) == 0 ? 0 : random.nextDouble();
      edges.add(random.nextInt(n), random.nextInt(n), length);
    }
    return edges.toGraph(n);
  }

  private static void assertDijkstra(Graph graph, Matrix lengths) {
    Dijkstra dijkstra = new Dijkstra(graph);
    for (int s = 0; s < graph.n(); s++) {
      dijkstra.run(s);
      for (int v = 0; v < graph.n(); v++) {
        double truth = dijkstra.distance(v);
        assertEquals(truth, lengths.get(s, v), truth < Double.POSITIVE_INFINITY ? 1e-5 * truth : 0);
      }
    }
  }

  @Test
  void givesUpAtItsLimit() {
    EdgeList edges = new EdgeList();
    for (int i = 0; i + 1 < 100; i++) {
      edges.add(i, i + 1, 1);
    }
    Graph graph = edges.toGraph(100);
    try (Arena arena = Arena.ofConfined()) {
      LanePaths.Block block = new LanePaths(graph, VertexOrder.of(graph)).new Block(arena);
      assertFalse(block.solve(new int[] {0}, 0, 1, 10));
      assertTrue(block.solve(new int[] {0}, 0, 1, 10_000));
    }
  }
}
