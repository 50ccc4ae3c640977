package org.geodex.alignment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.information.Samples;
import org.geodex.matrix.Matrix;
import org.geodex.neural.Mlp;
import org.geodex.neural.PairCritic;
import org.geodex.neural.Parameter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AlignmentLossTest {
  private static final int N = 11;
  private static final int D = 5;

  /** Central differences of an f32 network: rounding over a step of 2e-4 to 1e-2. */
  private static final double TOLERANCE = 2e-3;

  private static final float[] STEPS = {1e-2f, 4e-3f, 2e-3f, 1e-3f, 4e-4f, 2e-4f};

  private final Backend cpu = new CpuBackend(2, 1L << 30);
  private final float[] deviation = {0.5f, 1, 2, 1.5f, 0.7f};

  /** Each term alone, all together, for a map of one hidden layer. */
  @ParameterizedTest
  @CsvSource({"1,0,0", "0,3,0", "0,0,1", "0.7,0.02,0.3"})
  void gradientsAreThoseOfFiniteDifferences(double geo, double info, double curv) {
    LossWeights weights = new LossWeights(geo, info, curv);
    try (Matrix.Owned source = Samples.normal(1, N, D);
        Matrix.Owned start = Samples.normal(2, N, D);
        Matrix.Owned target = Samples.normal(3, N, D);
        Matrix.Owned geodesic = GeodesicStress.distances(cpu, target, 3);
        Mlp map = new Mlp(cpu, new SplittableRandom(4), D, 9, D);
        PairCritic critic = new PairCritic(cpu, new SplittableRandom(5), D, D, 8, 6);
        AlignmentLoss.Work work = new AlignmentLoss.Work(cpu, N, D)) {
      // Steeper than at its random start, so that its gradients stand out from rounding.
      critic.parameters().forEach(AlignmentLossTest::twice);
      AlignmentLoss.Part part = new AlignmentLoss.Part(source, start, target, geodesic);
      DoubleSupplier total = () -> fresh(weights, map, critic, part, work).total(weights);
      fresh(weights, map, critic, part, work);
      check(map.parameters(), total);
      if (info > 0) {
        fresh(weights, map, critic, part, work);
        // The critic's own loss is −bound, not weighed.
        check(critic.parameters(), () -> -fresh(weights, map, critic, part, work).information());
      }
    }
  }

  /** With a geometric term the bound cannot pull harder than that term does. */
  @Test
  void theBoundsGradientIsNoLongerThanTheGeometricOne() {
    try (Matrix.Owned source = Samples.normal(1, N, D);
        Matrix.Owned start = Samples.normal(2, N, D);
        Matrix.Owned target = Samples.normal(3, N, D);
        Matrix.Owned geodesic = GeodesicStress.distances(cpu, target, 3);
        Mlp map = new Mlp(cpu, new SplittableRandom(4), D, D);
        PairCritic critic = new PairCritic(cpu, new SplittableRandom(5), D, D, 8, 6);
        AlignmentLoss.Work work = new AlignmentLoss.Work(cpu, N, D)) {
      critic.parameters().forEach(AlignmentLossTest::twice);
      AlignmentLoss.Part part = new AlignmentLoss.Part(source, start, target, geodesic);
      float[] alone = biasGradient(new LossWeights(1, 0, 0), map, null, part, work);
      float[] some = biasGradient(new LossWeights(1, 1e3, 0), map, critic, part, work);
      float[] much = biasGradient(new LossWeights(1, 1e6, 0), map, critic, part, work);
      assertArrayEquals(some, much, 1e-6f);
      assertNotEquals(alone[0], some[0], 1e-4f);
    }
  }

  private float[] biasGradient(
      LossWeights weights,
      Mlp map,
      PairCritic critic,
      AlignmentLoss.Part part,
      AlignmentLoss.Work work) {
    fresh(weights, map, critic, part, work);
    float[] bias = new float[D];
    map.parameters().getLast().gradient().copyRow(0, bias);
    return bias;
  }

  private static void twice(Parameter parameter) {
    Matrix value = parameter.value();
    for (int i = 0; i < value.rows(); i++) {
      for (int j = 0; j < value.columns(); j++) {
        value.set(i, j, 2 * value.get(i, j));
      }
    }
  }

  /** A new loss has no moving average, so its gradient is that of the bound itself. */
  private AlignmentLoss.Terms fresh(
      LossWeights weights,
      Mlp map,
      PairCritic critic,
      AlignmentLoss.Part part,
      AlignmentLoss.Work work) {
    try (Matrix.Owned scale = Matrix.of(deviation);
        AlignmentLoss loss =
            new AlignmentLoss(cpu, weights, scale, map, critic, TrainingParameters.defaults())) {
      return loss.train(part, work, new SplittableRandom(6));
    }
  }

  private static void check(List<Parameter> parameters, DoubleSupplier loss) {
    int looked = 0;
    double largest = 0;
    for (Parameter parameter : parameters) {
      try (Matrix.Owned gradient = parameter.gradient().copy()) {
        for (int i = 0; i < gradient.rows(); i++) {
          for (int j = 0; j < gradient.columns(); j += 2) {
            double got = gradient.get(i, j);
            // A rectifier may bend within one step size and not within another; the second
            // difference is made of such bends.
            double error = Double.POSITIVE_INFINITY;
            for (float step : STEPS) {
              error = Math.min(error, Math.abs(got - slope(parameter.value(), i, j, step, loss)));
            }
            assertTrue(
                error < TOLERANCE * (1 + Math.abs(got)), "%d, %d: %s".formatted(i, j, error));
            looked++;
            largest = Math.max(largest, Math.abs(got));
          }
        }
      }
    }
    assertTrue(looked > 50);
    assertTrue(largest > 20 * TOLERANCE, "nothing here that a wrong gradient could miss");
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

  /** 1 − (Σdδ)²/(Σd²·Σδ²) by hand: d = (3, 4, 5), δ = (1, 2, 2) gives 1 − 441/450. */
  @Test
  void stressByHand() {
    try (Matrix.Owned x = Matrix.of(new float[] {0, 0}, new float[] {3, 0}, new float[] {0, 4});
        Matrix.Owned geodesic =
            Matrix.of(new float[] {0, 1, 2}, new float[] {1, 0, 2}, new float[] {2, 2, 0})) {
      assertEquals(1 - 441.0 / 450, GeodesicStress.of(cpu, x, geodesic), 1e-6);
    }
  }

  @Test
  void stressIsZeroForAScaledCopy() {
    try (Matrix.Owned x = Samples.normal(1, 20, 4);
        Matrix.Owned distances = Matrix.allocate(20, 20)) {
      cpu.geometry().pairwise(x, x, org.geodex.geodesic.Metric.EUCLIDEAN, distances);
      for (int i = 0; i < 20; i++) {
        for (int j = 0; j < 4; j++) {
          x.set(i, j, 7 * x.get(i, j));
        }
      }
      assertEquals(0, GeodesicStress.of(cpu, x, distances), 1e-6);
    }
  }

  /** Twice the gradient in columns that are scaled, added to what was there. */
  @Test
  void gradientOfTheStressIsThatOfFiniteDifferences() {
    try (Matrix.Owned x = Samples.normal(1, 9, 3);
        Matrix.Owned y = Samples.normal(2, 9, 3);
        Matrix.Owned scale = Matrix.of(new float[] {1, 2, 0.5f});
        Matrix.Owned geodesic = GeodesicStress.distances(cpu, y, 3);
        Matrix.Owned value = Matrix.allocate(1, 1);
        Matrix.Owned gradient = Matrix.allocate(9, 3)) {
      DoubleSupplier stress =
          () -> {
            cpu.loss().stress(x, scale, geodesic, 0, null, value);
            return value.get(0, 0);
          };
      gradient.fill(1);
      cpu.loss().stress(x, scale, geodesic, 2, gradient, value);
      for (int i = 0; i < 9; i++) {
        for (int j = 0; j < 3; j++) {
          double expected = 1 + 2 * slope(x, i, j, 1e-2f, stress);
          assertEquals(expected, gradient.get(i, j), 2e-4);
        }
      }
    }
  }

  /** A gradient of length 5 and one of 10 pulling at most as hard. */
  @Test
  void whatIsLimitedPullsNoHarder() {
    try (Matrix.Owned gradient = Matrix.of(new float[] {3, 4});
        Matrix.Owned added = Matrix.of(new float[] {-8, 6})) {
      cpu.loss().pull(gradient, added, 0.25, true);
      assertArrayEquals(new float[] {1, 5.5f}, gradient.toArray()[0]);
      cpu.loss().pull(gradient, added, 2, false);
      assertArrayEquals(new float[] {-15, 17.5f}, gradient.toArray()[0]);
      gradient.setRow(0, new float[] {3, 4});
      cpu.loss().pull(gradient, added, 2, true);
      assertArrayEquals(new float[] {-1, 7}, gradient.toArray()[0]);
    }
  }

  /** A linear map has no second difference. */
  @Test
  void curvatureOfALinearMapIsZero() {
    try (Matrix.Owned source = Samples.normal(1, N, D);
        Matrix.Owned target = Samples.normal(3, N, D);
        Matrix.Owned geodesic = GeodesicStress.distances(cpu, target, 3);
        Mlp linear = new Mlp(cpu, new SplittableRandom(4), D, D);
        Mlp bent = new Mlp(cpu, new SplittableRandom(4), D, 9, D);
        AlignmentLoss.Work work = new AlignmentLoss.Work(cpu, N, D)) {
      AlignmentLoss.Part part = new AlignmentLoss.Part(source, target, target, geodesic);
      LossWeights weights = new LossWeights(0, 0, 1);
      assertEquals(0, fresh(weights, linear, null, part, work).curvature(), 1e-10);
      assertTrue(fresh(weights, bent, null, part, work).curvature() > 1e-4);
    }
  }
}
