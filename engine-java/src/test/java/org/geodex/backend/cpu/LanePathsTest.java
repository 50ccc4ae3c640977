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
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LanePathsTest {
  /** Counts around one and two vectors of 8 and of 16 lanes, with edges of length zero. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 257})
  void equalsDijkstra(int n) {
    Random random = new Random(n);
    EdgeList edges = new EdgeList();
    for (int e = 0; e < 3 * n; e++) {
      double length = random.nextInt(6) == 0 ? 0 : random.nextDouble();
      edges.add(random.nextInt(n), random.nextInt(n), length);
    }
    Graph graph = edges.toGraph(n);
    LanePaths paths = new LanePaths(graph, VertexOrder.of(graph));
    Dijkstra dijkstra = new Dijkstra(graph);
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
      for (int s = 0; s < n; s++) {
        dijkstra.run(s);
        for (int v = 0; v < n; v++) {
          double truth = dijkstra.distance(v);
          assertEquals(
              truth, lengths.get(s, v), truth < Double.POSITIVE_INFINITY ? 1e-5 * truth : 0);
        }
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
