package org.geodex.scale;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.geodex.activation.LayerStates;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.information.Samples;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

class AutomaticPartitionTest {
  /** Nine hidden states: each one of three independent clouds plus a little noise of its own. */
  @Test
  void plantedBlocksAreFound() {
    int[] block = {0, 0, 1, 1, 1, 1, 2, 2, 2};
    List<Matrix.Owned> states = new ArrayList<>();
    try (Backend cpu = new CpuBackend(2, 1L << 30)) {
      for (int layer = 0; layer < block.length; layer++) {
        states.add(Samples.normal(10 + block[layer], 120, 6));
        try (Matrix.Owned noise = Samples.normal(100 + layer, 120, 6)) {
          for (int i = 0; i < 120; i++) {
            for (int j = 0; j < 6; j++) {
              states.get(layer).set(i, j, states.get(layer).get(i, j) + 0.2f * noise.get(i, j));
            }
          }
        }
      }
      int[] documents = IntStream.range(0, 120).map(i -> i / 10).toArray();
      LayerStates all = LayerStates.view(states, documents, documents, List.of());
      AutomaticPartition.Found found = AutomaticPartition.find(cpu, all, 100, 1);
      assertEquals("0-1/2-5/6-8", found.partition().toString());
      assertArrayEquals(new double[] {1, 1}, found.stability());
    } finally {
      states.forEach(Matrix.Owned::close);
    }
  }
}
