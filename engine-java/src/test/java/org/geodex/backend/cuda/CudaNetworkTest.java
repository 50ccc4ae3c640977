package org.geodex.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.geodex.backend.Backend;
import org.geodex.backend.Network;
import org.geodex.backend.Repeated;
import org.geodex.cuda.Traffic;
import org.geodex.error.NativeCallException;
import org.geodex.matrix.Matrix;
import org.geodex.neural.AdamW;
import org.geodex.neural.Batches;
import org.geodex.neural.PairCritic;
import org.geodex.neural.Parameter;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Training on the emulator against the f64 specification. */
class CudaNetworkTest {
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
        Check<Network> check = new Check<>(scalar.network(), cuda.network(), cuda, resident);
        int shift = n / 3;
        check.of(n, d, (net, x) -> net.addBias(x[0], x[1].rows(0, 1), false));
        check.of(n, d, (net, x) -> net.addBias(x[0], x[1].rows(0, 1), true));
        check.of(n, d, (net, x) -> net.pair(x[0], x[1], shift, x[2].rows(0, 1), x[3]));
        check.of(n, d, (net, x) -> net.pair(x[0], x[1], 0, x[2].rows(0, 1), x[3]));
        check.of(n, d, (net, x) -> net.maskByActivation(x[0], x[1]));
        check.of(2 * n, d, (net, x) -> net.addHalves(x[0], shift, x[1].rows(n, 2L * n)));
        check.of(n, d, (net, x) -> net.columnSums(x[0], x[1].rows(0, 1)));
        check.of(n, d, (net, x) -> net.add(x[0], x[1], x[2]));
        check.of(3 * n, d, (net, x) -> net.probe(x[0], x[1].rows(0, n)));
        check.of(
            n,
            Math.max(n, d),
            (net, x) -> {
              for (int j = 0; j < x[1].columns(); j++) {
                x[1].set(0, j, 5 * j % n);
              }
              Matrix index = x[1].rows(0, 1).reshaped(1, n);
              net.gather(x[0], index, x[2]);
              net.gatherPairs(x[3].reshaped(n, n), index, x[0].reshaped(n, n));
            });
        try (Matrix.Owned factors = Matrix.of(new float[] {3, 0.5f, 1.3f, 1.1f})) {
          check.of(
              n,
              d,
              (net, x) -> {
                net.maskByActivation(x[3], x[3]); // second moments are not negative
                net.adamW(x[0], x[1], x[2], x[3], factors, 0.1, 0.1);
              });
        }
      }
    }
  }

  /** Elements of one block; of two; gradients that are shortened and that are not. */
  @ParameterizedTest
  @CsvSource({"1,1,panama", "33,130,jcuda", "64,65,panama"})
  void advancesAsTheSpecification(int n, int d, String binding) {
    try (CudaBackend cuda = OnEmulator.cuda(binding);
        Backend scalar = OnEmulator.scalar()) {
      for (double limit : new double[] {0.5, 1e9, Double.POSITIVE_INFINITY}) {
        Check<Network> check = new Check<>(scalar.network(), cuda.network(), cuda, true);
        check.of(
            n * d,
            4,
            (net, x) -> {
              List<Matrix> gradients = List.of(x[0], x[1].reshaped(n, d), x[2].rows(0, 1));
              x[3].rows(0, 1).fill(0);
              net.advance(gradients, limit, x[3].rows(0, 1));
              net.advance(gradients, limit, x[3].rows(0, 1));
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

  /** The first step runs launch by launch, the others as a graph. */
  private static List<float[][]> tenSteps(Backend backend) {
    try (Training training = new Training(backend, 24, new int[] {16, 8})) {
      for (int step = 0; step < 10; step++) {
        training.step.run();
      }
      return training.weights();
    }
  }

  /** A critic that raises the scores of joint pairs and lowers those of shuffled ones. */
  private static final class Training implements AutoCloseable {
    private final List<AutoCloseable> open = new ArrayList<>();
    private final PairCritic critic;
    private final Matrix.Owned x;
    private final Repeated step;

    Training(Backend backend, int n, int... hidden) {
      critic = keep(new PairCritic(backend, new SplittableRandom(5), 6, 5, hidden));
      x = keep(onBackend(backend, OnEmulator.normal(6, n, 6)));
      Matrix y = keep(onBackend(backend, OnEmulator.normal(7, n, 5)));
      Matrix gradient = keep(backend.allocate(2L * n, 1));
      Matrix bound = keep(backend.allocate(1, 1));
      Matrix average = keep(backend.allocate(1, 1)).fill(Float.NaN);
      AdamW optimizer = keep(new AdamW(backend, critic.parameters(), 1e-2, 1e-2));
      step =
          keep(
              backend.repeated(
                  () -> {
                    Matrix scores = critic.forward(x, y, 3);
                    backend.loss().donskerVaradhan(scores, 0, average, gradient, bound);
                    critic.backward(x, y, 3, gradient);
                    optimizer.step(1);
                  }));
    }

    private <T extends AutoCloseable> T keep(T resource) {
      open.addFirst(resource);
      return resource;
    }

    /** Without the last bias: the bound does not depend on it, its gradient is rounding alone. */
    List<float[][]> weights() {
      List<Parameter> all = critic.parameters();
      return all.subList(0, all.size() - 1).stream().map(p -> p.value().toArray()).toList();
    }

    @Override
    public void close() {
      try {
        for (AutoCloseable resource : open) {
          resource.close();
        }
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static Matrix.Owned onBackend(Backend backend, Matrix.Owned values) {
    try (values) {
      Matrix.Owned copy = backend.allocate(values.rows(), values.columns());
      copy.copyFrom(values);
      return copy;
    }
  }

  /** Recorded at the second step; from the third on a step is one launch, and nothing is moved. */
  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void aStepIsOneLaunchAndMovesNothing(String binding) {
    try (CudaBackend cuda = OnEmulator.cuda(binding);
        Training training = new Training(cuda, 64, 48, 16)) {
      Traffic start = cuda.traffic();
      training.step.run();
      Traffic launched = cuda.traffic().since(start);
      assertTrue(launched.launches() > 20, launched + "");
      for (int step = 1; step < 4; step++) {
        Traffic before = cuda.traffic();
        training.step.run();
        assertEquals(new Traffic(0, 0, 1), cuda.traffic().since(before));
      }
    }
  }

  /** The order goes over once an epoch, with the first batch. */
  @Test
  void batchesMoveNothing() {
    try (CudaBackend cuda = OnEmulator.cuda("jcuda");
        Matrix.Owned x = OnEmulator.normal(1, 70, 5);
        Matrix.Owned onDevice = cuda.adopt(x.copy());
        Batches batches = new Batches(cuda, List.of(onDevice), 20)) {
      batches.shuffle(new SplittableRandom(3));
      batches.choose(0);
      batches.gather();
      Traffic before = cuda.traffic();
      batches.choose(1);
      batches.gather();
      assertEquals(0, cuda.traffic().since(before).toDevice());
      assertEquals(0, cuda.traffic().since(before).toHost());
      for (int i = 0; i < 20; i++) {
        int row = (int) batches.index().get(0, i);
        assertEquals(x.get(row, 4), batches.of(0).get(i, 4));
      }
    }
  }

  /**
   * Work space that others took or freed, values that the host changed: the next step sees both.
   */
  @Test
  void aGraphFollowsWhatItsMatricesDo() {
    List<float[][]> expected;
    List<float[][]> found;
    try (CudaBackend cuda = OnEmulator.cuda("panama")) {
      expected = disturbed(cuda, work -> {});
      found =
          disturbed(
              cuda,
              critic -> {
                try (Matrix.Owned more = cuda.allocate(100, 6);
                    Matrix.Owned other = cuda.allocate(100, 5)) {
                  // has the critic's work space made larger
                  critic.forward(more.fill(1), other.fill(1), 1);
                }
              });
    }
    for (int p = 0; p < expected.size(); p++) {
      assertArrayEquals(expected.get(p), found.get(p));
    }
  }

  private static List<float[][]> disturbed(CudaBackend cuda, Consumer<PairCritic> between) {
    try (Training training = new Training(cuda, 24, 16)) {
      for (int step = 0; step < 6; step++) {
        training.step.run();
        if (step == 3) {
          between.accept(training.critic);
          training.x.set(0, 0, 7);
        }
      }
      return training.weights();
    }
  }

  /** A step that looks at a value on the host cannot be recorded, and says so. */
  @Test
  void recordedWorkMayNotReadOnTheHost() {
    try (CudaBackend cuda = OnEmulator.cuda("panama");
        Matrix.Owned x = cuda.allocate(4, 4);
        Matrix.Owned bias = cuda.allocate(1, 4);
        Repeated step =
            cuda.repeated(
                () -> {
                  cuda.network().addBias(x, bias, false);
                  cuda.network().squares(x);
                })) {
      x.fill(1);
      bias.fill(1);
      step.run();
      NativeCallException e = assertThrows(NativeCallException.class, step::run);
      assertTrue(e.getMessage().contains("CAPTURE"), e.getMessage());
      cuda.network().addBias(x, bias, false); // the stream is usable again
      assertEquals(3, x.get(3, 3));
    }
  }
}
