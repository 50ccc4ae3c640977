package org.geodex.neural;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import org.geodex.backend.Backend;
import org.geodex.backend.Network;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.information.Samples;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

class NetworkTest {
  /** Central differences of an f32 network: rounding over a step of 1e-2. */
  private static final double TOLERANCE = 2e-3;

  private final Backend cpu = new CpuBackend(2, 1L << 30);

  /** Loss ½·Σ output²; 19 and 35 columns have vector tails. */
  @Test
  void mlpGradientsAreThoseOfFiniteDifferences() {
    try (Mlp net = new Mlp(cpu, new SplittableRandom(3), 7, 35, 19, 2);
        Matrix.Owned x = Samples.normal(4, 9, 7);
        Matrix.Owned outputGradient = Matrix.allocate(9, 2);
        Matrix.Owned inputGradient = Matrix.allocate(9, 7)) {
      DoubleSupplier loss = () -> halfSquares(net.forward(x));
      outputGradient.segment().copyFrom(net.forward(x).segment());
      net.backward(outputGradient, inputGradient);
      checkAll(net.parameters(), loss);
      check(x, inputGradient, loss);
    }
  }

  /**
   * 8 rows in batches of 3: six of them, each once, in another order every epoch; y belongs to x.
   */
  @Test
  void anEpochTakesRowsOnceAndKeepsThemTogether() {
    try (Matrix.Owned x = Matrix.of(new float[][] {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}});
        Matrix.Owned y = Matrix.allocate(8, 2);
        Batches batches = new Batches(cpu, List.of(x, y), 3)) {
      for (int i = 0; i < 8; i++) {
        y.set(i, 1, 10 * i);
      }
      SplittableRandom random = new SplittableRandom(4);
      Set<List<Float>> epochs = new HashSet<>();
      for (int epoch = 0; epoch < 5; epoch++) {
        batches.shuffle(random);
        List<Float> taken = new ArrayList<>();
        for (int b = 0; b < batches.count(); b++) {
          batches.choose(b);
          batches.gather();
          for (int i = 0; i < 3; i++) {
            taken.add(batches.of(0).get(i, 0));
            assertEquals(10 * batches.of(0).get(i, 0), batches.of(1).get(i, 1));
            assertEquals(batches.of(0).get(i, 0), batches.index().get(0, i));
          }
        }
        assertEquals(6, new HashSet<>(taken).size());
        epochs.add(taken);
      }
      assertEquals(5, epochs.size());
    }
  }

  /** Loss Σ wᵢ·T; joint and shuffled pairs weigh differently. */
  @Test
  void criticGradientsAreThoseOfFiniteDifferences() {
    int n = 6;
    int shift = 2;
    try (PairCritic critic = new PairCritic(cpu, new SplittableRandom(5), 3, 4, 18, 17);
        Matrix.Owned x = Samples.normal(6, n, 3);
        Matrix.Owned y = Samples.normal(7, n, 4);
        Matrix.Owned weights = Samples.normal(8, 2 * n, 1)) {
      DoubleSupplier loss = () -> dot(critic.forward(x, y, shift), weights);
      critic.forward(x, y, shift);
      critic.backward(x, y, shift, weights);
      checkAll(critic.parameters(), loss);
    }
  }

  /** The split layer scores a pair as a plain network scores the row [x, y]. */
  @Test
  void shuffledScoresAreThoseOfTheShuffledPairs() {
    try (PairCritic critic = new PairCritic(cpu, new SplittableRandom(5), 3, 4, 18);
        Matrix.Owned x = Samples.normal(6, 5, 3);
        Matrix.Owned y = Samples.normal(7, 5, 4);
        Matrix.Owned moved = Matrix.allocate(5, 4)) {
      float[] row = new float[4];
      for (int i = 0; i < 5; i++) {
        y.copyRow((i + 3) % 5, row);
        moved.setRow(i, row);
      }
      float[][] both = critic.forward(x, y, 3).toArray();
      float[][] joint = critic.forward(x, moved, 1).toArray();
      for (int i = 0; i < 5; i++) {
        assertArrayEquals(joint[i], both[5 + i], 1e-6f);
      }
    }
  }

  /** One step by hand: m̂ = g and v̂ = g² after the first, so w moves by η·(sign g + λw). */
  @Test
  void firstStepOfAdamW() {
    try (Parameter parameter = new Parameter(cpu, 1, 35)) {
      for (int j = 0; j < 35; j++) {
        parameter.value().set(0, j, j - 17);
        parameter.gradient().set(0, j, j % 2 == 0 ? 0.5f : -2);
      }
      try (AdamW optimizer = new AdamW(cpu, List.of(parameter), 0.1, 0.01)) {
        optimizer.step(1);
      }
      for (int j = 0; j < 35; j++) {
        double w = j - 17;
        double expected = w - 0.1 * ((j % 2 == 0 ? 1 : -1) + 0.01 * w);
        assertEquals(expected, parameter.value().get(0, j), 1e-5);
      }
    }
  }

  /** Two gradients of norms 3 and 4 together have 5. */
  @Test
  void longGradientsAreShortened() {
    try (Matrix.Owned three = Matrix.of(new float[] {-3, 0});
        Matrix.Owned four = Matrix.of(new float[] {0}, new float[] {4});
        Matrix.Owned factors = Matrix.allocate(1, Network.FACTORS)) {
      factors.fill(0);
      cpu.network().advance(List.of(three, four), 2, factors);
      assertArrayEquals(new float[] {1, 2 / 5f, 10, 1000}, factors.toArray()[0], 1e-4f);
      cpu.network().advance(List.of(three, four), 6, factors);
      assertArrayEquals(
          new float[] {2, 1, (float) (1 / 0.19), (float) (1 / 0.001999)},
          factors.toArray()[0],
          1e-4f);
    }
  }

  /** Two joint scores of mean 2, shuffled ones of e and 3e: the mean of exp is 2e. */
  @Test
  void donskerVaradhanByHand() {
    float e1 = 1;
    float e3 = (float) (1 + Math.log(3));
    try (Matrix.Owned scores =
            Matrix.of(new float[] {1}, new float[] {3}, new float[] {e1}, new float[] {e3});
        Matrix.Owned average = Matrix.of(new float[] {Float.NaN});
        Matrix.Owned gradient = Matrix.allocate(4, 1);
        Matrix.Owned bound = Matrix.allocate(1, 1)) {
      cpu.loss().donskerVaradhan(scores, 0.9, average, gradient, bound);
      assertEquals(2 - 1 - Math.log(2), bound.get(0, 0), 1e-6);
      assertEquals(1 + Math.log(2), average.get(0, 0), 1e-6);
      assertColumn(gradient, -0.5, -0.5, 0.25, 0.75);
      average.set(0, 0, 1); // of exp 1: 0.9 e + 0.1 * 2 e = 1.1 e
      cpu.loss().donskerVaradhan(scores, 0.9, average, gradient, bound);
      assertEquals(1 + Math.log(1.1), average.get(0, 0), 1e-6);
      assertColumn(gradient, -0.5, -0.5, 0.5 / 1.1, 1.5 / 1.1);
    }
  }

  /** Softmax of 0 and ln 3 is 1/4 and 3/4, of 0 and 0 a half each. */
  @Test
  void infoNceByHand() {
    float log3 = (float) Math.log(3);
    try (Matrix.Owned scores = Matrix.of(new float[] {0, log3}, new float[] {5, 5});
        Matrix.Owned gradient = Matrix.allocate(2, 2);
        Matrix.Owned bound = Matrix.allocate(1, 1)) {
      cpu.loss().infoNce(scores, gradient, bound);
      assertEquals(Math.log(2) + (Math.log(0.25) + Math.log(0.5)) / 2, bound.get(0, 0), 1e-6);
      assertArrayEquals(new float[] {-0.375f, 0.375f}, gradient.toArray()[0], 1e-7f);
      assertArrayEquals(new float[] {0.25f, -0.25f}, gradient.toArray()[1], 1e-7f);
    }
  }

  private static void assertColumn(Matrix found, double... expected) {
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], found.get(i, 0), 1e-6);
    }
  }

  @Test
  void linearRegressionIsLearned() {
    try (Mlp net = new Mlp(cpu, new SplittableRandom(1), 5, 3);
        Matrix.Owned truth = Samples.normal(2, 5, 3);
        Matrix.Owned x = Samples.normal(3, 64, 5);
        Matrix.Owned y = Matrix.allocate(64, 3);
        Matrix.Owned gradient = Matrix.allocate(64, 3);
        AdamW optimizer = new AdamW(cpu, net.parameters(), 0.05, 0)) {
      cpu.algebra().gemm(x, false, truth, false, y);
      for (int step = 0; step < 500; step++) {
        Matrix output = net.forward(x);
        for (int i = 0; i < 64; i++) {
          for (int j = 0; j < 3; j++) {
            gradient.set(i, j, (output.get(i, j) - y.get(i, j)) / 64);
          }
        }
        net.backward(gradient, null);
        optimizer.step(1);
      }
      for (int i = 0; i < 5; i++) {
        assertArrayEquals(
            truth.toArray()[i], net.parameters().getFirst().value().toArray()[i], 1e-3f);
      }
    }
  }

  @Test
  void earlyStopKeepsTheBest() {
    try (Parameter parameter = new Parameter(cpu, 1, 1);
        EarlyStop stop = new EarlyStop(cpu, List.of(parameter), 2)) {
      double[] values = {1, 3, 2, Double.NaN};
      for (int round = 0; round < values.length; round++) {
        parameter.value().set(0, 0, round);
        assertEquals(round == 3, stop.enter(values[round]));
      }
      stop.restore();
      assertEquals(1, parameter.value().get(0, 0));
      assertEquals(1, stop.bestRound());
      assertFalse(stop.enter(4));
    }
  }

  private static void checkAll(List<Parameter> parameters, DoubleSupplier loss) {
    for (Parameter parameter : parameters) {
      check(parameter.value(), parameter.gradient(), loss);
    }
  }

  private static void check(Matrix value, Matrix gradient, DoubleSupplier loss) {
    try (Matrix.Owned expected = gradient.copy()) {
      for (int i = 0; i < value.rows(); i++) {
        for (int j = 0; j < value.columns(); j += 1 + value.columns() / 5) {
          double got = expected.get(i, j);
          // A rectifier may bend within one step size and not within the other.
          double error =
              Math.min(
                  Math.abs(got - slope(value, i, j, 1e-2f, loss)),
                  Math.abs(got - slope(value, i, j, 2e-3f, loss)));
          assertTrue(error < TOLERANCE * (1 + Math.abs(got)), "%d, %d: %s".formatted(i, j, error));
        }
      }
    }
  }

  private static double slope(Matrix value, int i, int j, float step, DoubleSupplier loss) {
    float before = value.get(i, j);
    value.set(i, j, before + step);
    double up = loss.getAsDouble();
    value.set(i, j, before - step);
    double down = loss.getAsDouble();
    value.set(i, j, before);
    return (up - down) / (2 * step);
  }

  private static double halfSquares(Matrix y) {
    return dot(y, y) / 2;
  }

  private static double dot(Matrix a, Matrix b) {
    double sum = 0;
    for (int i = 0; i < a.rows(); i++) {
      for (int j = 0; j < a.columns(); j++) {
        sum += (double) a.get(i, j) * b.get(i, j);
      }
    }
    return sum;
  }
}
