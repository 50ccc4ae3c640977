package org.geodex.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.geodex.backend.Backend;
import org.geodex.cuda.Emulator;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A device without room for everything: the emulator's memory can be made small, a card's cannot.
 */
class CudaSmallDeviceTest {
  private static final int N = CudaStripsTest.N;

  @BeforeAll
  static void needsEmulator() {
    assumeTrue(Emulator.isAvailable(), "this build has no emulator");
  }

  /** A device with 650 000 bytes: 9/10 of them are less than the dense matrix's 589 824. */
  @Test
  void pathsOnASmallDevice() {
    Graph graph = CudaStripsTest.graph(8);
    int[] all = GeodesicDistances.all(graph);
    assertEquals(
        ShortestPathRule.Choice.FLOYD_WARSHALL, ShortestPathRule.choose(graph, all, false));
    try (Backend cuda = OnEmulator.cuda("panama");
        Matrix.Owned got = Matrix.allocate(N, N)) {
      Emulator.memory(650_000);
      ShortestPaths paths = cuda.geometry().shortestPaths(graph, all, got, null);
      assertTrue(paths.algorithm().startsWith("bellman-ford"), paths.algorithm());
      assertTrue(cuda.hostOperations().isEmpty());
      CudaStripsTest.checkLengths(graph, got, paths);
    } finally {
      Emulator.memory(Long.MAX_VALUE);
    }
  }
}
