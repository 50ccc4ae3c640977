package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.corpus.ShippedModels;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.SafetensorsFolder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FreshCheckpointTest {
  @TempDir Path folder;

  private Path fresh(String name, long seed) throws Exception {
    Path out = Files.createDirectory(folder.resolve(name + seed));
    FreshCheckpoint.write(ShippedModels.folder(name), seed, out);
    return out;
  }

  private static double[] moments(SafetensorsFolder weights, String end) {
    String name = weights.names().stream().filter(n -> n.endsWith(end)).findFirst().orElseThrow();
    try (var arena = java.lang.foreign.Arena.ofConfined()) {
      Matrix values = weights.tensor(name).matrix(arena);
      double sum = 0;
      double squares = 0;
      for (long i = 0; i < values.rows(); i++) {
        for (int j = 0; j < values.columns(); j++) {
          sum += values.get(i, j);
          squares += values.get(i, j) * values.get(i, j);
        }
      }
      double n = (double) values.rows() * values.columns();
      return new double[] {sum / n, Math.sqrt(squares / n - sum / n * (sum / n))};
    }
  }

  /** GPT-2's rule: 0.02, and 0.02/√(2·6) for what a layer adds; five standard errors. */
  @Test
  void gpt2IsDrawnAsBeforeTraining() throws Exception {
    Path first = fresh("gpt2-64", 1);
    assertEquals(-1, Files.mismatch(first.resolve("model.safetensors"), again()));
    try (SafetensorsFolder weights = SafetensorsFolder.open(first)) {
      double[] added = moments(weights, "mlp.c_proj.weight");
      double expected = 0.02 / Math.sqrt(12);
      double error = 5 / Math.sqrt(2.0 * 64 * 256);
      assertEquals(expected, added[1], expected * error);
      assertEquals(0.02, moments(weights, "wte.weight")[1], 0.02 * error);
      assertEquals(1, moments(weights, "ln_1.weight")[0]);
      assertEquals(0, moments(weights, "c_fc.bias")[1]);
    }
  }

  private Path again() throws Exception {
    Path out = Files.createDirectory(folder.resolve("again"));
    FreshCheckpoint.write(ShippedModels.folder("gpt2-64"), 1, out);
    return out.resolve("model.safetensors");
  }

  @Test
  void everyArchitectureLoadsWithFreshWeights() throws Exception {
    try (Backend backend = new CpuBackend(2, 1 << 30)) {
      for (String name : ShippedModels.ARCHITECTURES) {
        try (Model model = Model.load(fresh(name, 2), backend);
            Activations pass =
                model.forward(
                    TokenBatch.of(new int[] {5, 9, 11}), Keep.hiddenStates(), LayerHook.NONE)) {
          String state = name.equals("t5") ? "encoder_hidden_states.6" : "hidden_states.6";
          assertTrue(Float.isFinite(pass.get(state).get(2, 0)), name);
        }
      }
    }
  }
}
