package org.geodex.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import org.geodex.backend.Backend;
import org.geodex.backend.Network;
import org.geodex.cuda.Traffic;
import org.geodex.matrix.Matrix;
import org.geodex.neural.AdamW;
import org.geodex.neural.Gradients;
import org.geodex.neural.PairCritic;
import org.geodex.neural.Parameter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training on the emulator against the f64 specification. */
class CudaNetworkTest {
  /** A few roundings of f32. */
  private static final float RTOL = 1e-6f;

  @BeforeAll
  static void needsEmulator() {
    OnEmulator.require();
  }

  /** One element; a block of columns and one more; a block of elements and some more. */
  @ParameterizedTest
  @CsvSource({"1,1,panama", "2,3,jcuda", "33,257,panama", "130,9,jcuda"})
  void partsEqualTheSpecification(int n, int d, String binding) {
    try (CudaBackend cuda = OnEmulator.cuda(binding);
        Backend scalar = OnEmulator.scalar()) {
      for (boolean resident : new boolean[] {false, true}) {
        Check check = new Check(scalar.network(), cuda, resident);
        int shift = n / 3;
        check.of(n, d, (net, x) -> net.addBias(x[0], x[1].rows(0, 1), false));
        check.of(n, d, (net, x) -> net.addBias(x[0], x[1].rows(0, 1), true));
        check.of(n, d, (net, x) -> net.pair(x[0], x[1], shift, x[2].rows(0, 1), x[3]));
        check.of(n, d, (net, x) -> net.pair(x[0], x[1], 0, x[2].rows(0, 1), x[3]));
        check.of(n, d, (net, x) -> net.maskByActivation(x[0], x[1]));
        check.of(2 * n, d, (net, x) -> net.addHalves(x[0], shift, x[1].rows(n, 2L * n)));
        check.of(n, d, (net, x) -> net.columnSums(x[0], x[1].rows(0, 1)));
        Network.AdamWStep step = new Network.AdamWStep(0.5f, 1.3f, 1.1f, 0.99f, 0.1f);
        check.of(
            n,
            d,
            (net, x) -> {
              net.maskByActivation(x[3], x[3]); // second moments are not negative
              net.adamW(x[0], x[1], x[2], x[3], step);
            });
      }
    }
  }

  @Test
  void squaresEqualTheSpecification() {
    try (CudaBackend cuda = OnEmulator.cuda("panama");
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned x = OnEmulator.normal(5 + OnEmulator.FRESH, 33, 130)) {
      double expected = scalar.network().squares(x);
      assertEquals(expected, cuda.network().squares(x), 1e-12 * expected);
    }
  }

  /** Runs a part on four random matrices, by both, and compares all four after it. */
  private record Check(Network specification, CudaBackend cuda, boolean resident) {
    void of(int n, int d, BiConsumer<Network, Matrix[]> part) {
      Matrix.Owned[] expected = new Matrix.Owned[4];
      Matrix.Owned[] found = new Matrix.Owned[4];
      for (int k = 0; k < 4; k++) {
        expected[k] = OnEmulator.normal(10 + k + OnEmulator.FRESH, n, d);
        found[k] = resident ? cuda.allocate(n, d) : Matrix.allocate(n, d);
        found[k].copyFrom(expected[k]);
      }
      part.accept(specification, expected);
      part.accept(cuda.network(), found);
      for (int k = 0; k < 4; k++) {
        for (int i = 0; i < n; i++) {
          for (int j = 0; j < d; j++) {
            float value = expected[k].get(i, j);
            assertEquals(value, found[k].get(i, j), 4 * RTOL * Math.max(1, Math.abs(value)));
          }
        }
        expected[k].close();
        found[k].close();
      }
    }
  }

  /** Ten clipped steps of a critic: the specification's weights, and the same bits again. */
  @Test
  void tenStepsEqualTheSpecification() {
    List<float[][]> expected;
    try (Backend scalar = OnEmulator.scalar()) {
      expected = tenSteps(scalar);
    }
    for (String binding : List.of("panama", "jcuda")) {
      try (CudaBackend cuda = OnEmulator.cuda(binding)) {
        List<float[][]> found = tenSteps(cuda);
        List<float[][]> again = tenSteps(cuda);
        for (int p = 0; p < expected.size(); p++) {
          for (int i = 0; i < expected.get(p).length; i++) {
            for (int j = 0; j < expected.get(p)[i].length; j++) {
              assertEquals(expected.get(p)[i][j], found.get(p)[i][j], 1e-4f);
              assertEquals(found.get(p)[i][j], again.get(p)[i][j]);
            }
          }
        }
      }
    }
  }

  private static List<float[][]> tenSteps(Backend backend) {
    int n = 24;
    try (PairCritic critic = new PairCritic(backend, new SplittableRandom(5), 6, 5, 16, 8);
        AdamW optimizer = new AdamW(backend, critic.parameters(), 1e-2, 1e-2);
        Matrix.Owned x = onBackend(backend, OnEmulator.normal(6, n, 6));
        Matrix.Owned y = onBackend(backend, OnEmulator.normal(7, n, 5));
        Matrix.Owned gradient = Matrix.allocate(2 * n, 1)) {
      for (int step = 0; step < 10; step++) {
        step(backend, critic, optimizer, x, y, gradient, 1 + step);
      }
      List<float[][]> weights = new ArrayList<>();
      for (Parameter parameter : critic.parameters()) {
        weights.add(parameter.value().toArray());
      }
      return weights;
    }
  }

  private static Matrix.Owned onBackend(Backend backend, Matrix.Owned values) {
    try (values) {
      Matrix.Owned copy = backend.allocate(values.rows(), values.columns());
      copy.copyFrom(values);
      return copy;
    }
  }

  /** Raises the scores of joint pairs and lowers those of shuffled ones. */
  private static void step(
      Backend backend,
      PairCritic critic,
      AdamW optimizer,
      Matrix x,
      Matrix y,
      Matrix gradient,
      int shift) {
    int n = x.intRows();
    Matrix scores = critic.forward(x, y, shift);
    for (int i = 0; i < n; i++) {
      gradient.set(i, 0, -1f / n);
      gradient.set(n + i, 0, (float) (Math.exp(scores.get(n + i, 0)) / n));
    }
    critic.backward(x, y, shift, gradient);
    optimizer.step(Gradients.clip(backend, critic.parameters(), 1));
  }

  /** Scores come down and their gradients go up; weights, moments and activations stay. */
  @Test
  void aStepMovesScoresAndTheirGradientsAlone() {
    int n = 64;
    try (CudaBackend cuda = OnEmulator.cuda("panama");
        PairCritic critic = new PairCritic(cuda, new SplittableRandom(5), 32, 32, 48, 16);
        AdamW optimizer = new AdamW(cuda, critic.parameters(), 1e-3, 0);
        Matrix.Owned x = onBackend(cuda, OnEmulator.normal(6, n, 32));
        Matrix.Owned y = onBackend(cuda, OnEmulator.normal(7, n, 32));
        Matrix.Owned gradient = Matrix.allocate(2 * n, 1)) {
      step(cuda, critic, optimizer, x, y, gradient, 1);
      Traffic before = cuda.traffic();
      step(cuda, critic, optimizer, x, y, gradient, 2);
      Traffic moved = cuda.traffic().since(before);
      long scores = 4L * 2 * n;
      // The gradient is used by two products and a sum; norms are two f64 a row of each gradient.
      assertTrue(moved.toDevice() <= 3 * scores, moved + "");
      int rows =
          critic.parameters().stream().mapToInt(parameter -> parameter.value().intRows()).sum();
      assertTrue(moved.toHost() <= scores + 16L * rows, moved + "");
    }
  }
}
