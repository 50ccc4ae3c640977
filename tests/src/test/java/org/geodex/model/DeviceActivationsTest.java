package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.backend.cuda.CudaBackend;
import org.geodex.cuda.CudaOptions;
import org.geodex.cuda.Emulator;
import org.geodex.cuda.Traffic;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.Knn;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourGraph;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Activations that stay on the device: what crosses the bus, hooks, caches, small devices. */
class DeviceActivationsTest {
  private static final int BATCH = 2;
  private static final int LENGTH = 40;
  private static final int ROWS = BATCH * LENGTH;
  private static final int K = 10;

  @BeforeAll
  static void needsEmulator() {
    assumeTrue(Emulator.isAvailable(), "this build has no emulator");
  }

  private static CudaBackend cuda(String binding, long budget) {
    return new CudaBackend(new CudaOptions(binding, "emulator", 0), 2, budget);
  }

  private static TokenBatch tokens(Model model) {
    int[][] ids = new int[BATCH][LENGTH];
    for (int b = 0; b < BATCH; b++) {
      for (int i = 0; i < LENGTH; i++) {
        ids[b][i] = (31 * b + 17 * i + i * i / 3) % model.config().vocabulary();
      }
    }
    return TokenBatch.of(ids);
  }

  /**
   * Ids go in; neighbours and geodesic distances come out, and graphs of neighbours go in again.
   */
  @ParameterizedTest
  @CsvSource({"panama", "jcuda"})
  void forwardWithGeodesicsMovesIdsAndResultsAlone(String binding) {
    try (CudaBackend backend = cuda(binding, 1L << 30);
        Model model = Model.load(Golden.of("gpt2-lm-4l").folder(), backend)) {
      TokenBatch batch = tokens(model);
      model.forward(batch, Keep.hiddenStates(), LayerHook.NONE).close(); // weights go in once
      Traffic start = backend.traffic();
      try (Activations pass = model.forward(batch, Keep.hiddenStates(), LayerHook.NONE)) {
        Traffic forward = backend.traffic().since(start);
        assertEquals(4L * 2 * ROWS, forward.toDevice(), "token and position ids");
        assertEquals(0, forward.toHost());

        int layers = pass.tensors().size();
        assertEquals(model.config().layers() + 1, layers);
        List<Graph> graphs = new ArrayList<>();
        Traffic beforeNeighbours = backend.traffic();
        for (Activations.Tensor tensor : pass.tensors()) {
          assertNotNull(tensor.values().remote(), "on the device");
          NeighbourTable table = Knn.of(backend, tensor.values(), "x", K, Metric.EUCLIDEAN);
          graphs.add(NeighbourGraph.of(table, NeighbourGraph.Kind.UNION));
        }
        Traffic neighbours = backend.traffic().since(beforeNeighbours);
        assertEquals(0, neighbours.toDevice());
        // Index, distance; a flag and a squared length a row, which the proof needs.
        assertEquals(layers * (12L * ROWS * K + 8L * ROWS), neighbours.toHost());

        Traffic beforePaths = backend.traffic();
        for (Graph graph : graphs) {
          GeodesicDistances.matrix(backend, graph).close();
        }
        Traffic paths = backend.traffic().since(beforePaths);
        // Rows of whole tiles, as the dense kernel has them, and the longest path of each.
        long padded = Math.ceilDiv(ROWS, 128) * 128L;
        assertEquals(layers * (4L * ROWS * padded + 4L * ROWS), paths.toHost());
        long graphBytes = graphs.stream().mapToLong(g -> 8L * g.arcs() + 8L * g.n() + 4).sum();
        assertTrue(paths.toDevice() <= graphBytes, paths.toDevice() + " bytes of graphs");
      }
    }
  }

  /** A hook that edits on the host has the same effect on the device as on the CPU. */
  @Test
  void hooksReadAndEdit() {
    LayerHook edit =
        new LayerHook() {
          @Override
          public void residual(Site site, Matrix x) {
            if (site.layer() == 2) {
              for (long i = 0; i < x.rows(); i++) {
                x.set(i, 3, x.get(i, 3) + 1);
              }
            }
          }

          @Override
          public boolean wantsAttention(Site site) {
            return site.layer() == 1;
          }

          @Override
          public void attention(Site site, Matrix weights) {
            for (long i = 0; i < weights.rows(); i++) {
              weights.set(i, 0, weights.get(i, 0) / 2);
            }
          }
        };
    Path folder = Golden.of("gpt2-lm-4l").folder();
    float[][] expected;
    try (Backend cpu = Backends.open(BackendOptions.defaults());
        Model model = Model.load(folder, cpu);
        Activations pass = model.forward(tokens(model), Keep.hiddenStates(), edit)) {
      expected = pass.get("hidden_states.4").toArray();
    }
    try (CudaBackend backend = cuda("panama", 1L << 30);
        Model model = Model.load(folder, backend);
        Activations pass = model.forward(tokens(model), Keep.hiddenStates(), edit)) {
      float[][] found = pass.get("hidden_states.4").toArray();
      for (int i = 0; i < ROWS; i++) {
        assertArrayEquals(expected[i], found[i], 2e-5f, "row " + i);
      }
    }
  }

  /** Weights and activations that do not fit together stream through: the same bits. */
  @Test
  void smallDeviceGivesTheSameBits() {
    Path folder = Golden.of("gpt2-lm-4l").folder();
    float[][] whole = logits(folder, 1L << 30, false);
    long bytes = weightBytes(folder);
    float[][] streamed = logits(folder, bytes / 2, true);
    for (int i = 0; i < whole.length; i++) {
      assertArrayEquals(whole[i], streamed[i], "row " + i);
    }
  }

  private static long weightBytes(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith("model.safetensors"))
          .mapToLong(file -> file.toFile().length())
          .sum();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static float[][] logits(Path folder, long budget, boolean streams) {
    try (CudaBackend backend = cuda("panama", budget);
        Model model = Model.load(folder, backend)) {
      Keep keep = Keep.hiddenStates().withHeads();
      model.forward(tokens(model), keep, LayerHook.NONE).close();
      Traffic first = backend.traffic();
      try (Activations pass = model.forward(tokens(model), keep, LayerHook.NONE)) {
        long ids = 4L * 2 * ROWS;
        assertEquals(streams, backend.traffic().since(first).toDevice() > ids);
        return pass.get("logits").toArray();
      }
    }
  }
}
