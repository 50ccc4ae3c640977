package org.geodex.entropy;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.entropy.EntropyEstimator.Settings;
import org.geodex.entropy.StochasticLanczos.Effort;
import org.geodex.entropy.StochasticLanczos.Estimate;
import org.geodex.error.InputException;
import org.geodex.error.MemoryBudgetException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Closed forms; NumPy's values are in GoldenTest. */
class EntropyTest {
  private final Backend cpu = new CpuBackend(2, 1 << 30);

  @AfterEach
  void close() {
    cpu.close();
  }

  /** ±e_j for every axis: zero mean, the same variance in each of d directions. */
  private static Matrix.Owned cross(int d) {
    Matrix.Owned x = Matrix.allocate(2L * d, d);
    x.fill(0);
    for (int j = 0; j < d; j++) {
      x.set(2L * j, j, 3);
      x.set(2L * j + 1, j, -3);
    }
    return x;
  }

  private static Matrix.Owned normal(long seed, int n, int d) {
    Random random = new Random(seed);
    Matrix.Owned x = Matrix.allocate(n, d);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        x.set(i, j, (float) (random.nextGaussian() / (1 + j)));
      }
    }
    return x;
  }

  private double value(EntropyEstimator estimator, Matrix x) {
    return estimator.of(cpu, x, estimator.defaults()).value();
  }

  @Test
  void isotropicRowsReachEveryMaximum() {
    int d = 9;
    try (Matrix.Owned x = cross(d)) {
      assertEquals(Math.log(d), value(EntropyEstimator.MATRIX, x), 1e-14);
      assertEquals(Math.log(d), value(EntropyEstimator.RENYI, x), 1e-14);
      assertEquals(d, value(EntropyEstimator.EFFECTIVE_RANK, x), 1e-12);
      assertEquals(d, value(EntropyEstimator.RANKME, x), 1e-12);
      assertEquals(d, value(EntropyEstimator.PARTICIPATION_RATIO, x), 1e-12);
      assertEquals(1, value(EntropyEstimator.ISOSCORE, x), 1e-12);
      double largest = (2 * d + d) / 2.0 * d * Math.log(1 + 1 / 0.25);
      assertEquals(largest, value(EntropyEstimator.CODING_LENGTH, x), 1e-11);
      Settings normalized = new Settings(0.5, 2, true, RowForm.UNIT);
      assertEquals(1, EntropyEstimator.CODING_LENGTH.of(cpu, x, normalized).value(), 1e-14);
    }
  }

  @Test
  void rowsOnALineHaveOneDirection() {
    try (Matrix.Owned x = Matrix.of(new float[] {1, 2}, new float[] {2, 4}, new float[] {-1, -2})) {
      assertEquals(0, value(EntropyEstimator.MATRIX, x), 1e-14);
      assertEquals(1, value(EntropyEstimator.EFFECTIVE_RANK, x), 1e-14);
      assertEquals(1, value(EntropyEstimator.RANKME, x), 1e-7);
      assertEquals(0, value(EntropyEstimator.ISOSCORE, x), 1e-14);
    }
  }

  /** Both sides have the same nonzero eigenvalues. */
  @Test
  void gramAndFeatureSidesAgree() {
    try (Matrix.Owned wide = normal(1, 12, 13);
        Backend scalar = new ScalarBackend(1 << 30)) {
      for (EntropyEstimator estimator : EntropyEstimator.values()) {
        double expected = estimator.of(scalar, wide, estimator.defaults()).value();
        assertEquals(expected, value(estimator, wide), 1e-9 * expected);
      }
      double byRows = value(EntropyEstimator.CODING_LENGTH, wide);
      double[] lambda;
      try (var moment = cpu.algebra().scatter(wide, null, true)) {
        lambda = cpu.algebra().eigenvalues(moment);
      }
      double sum = 0;
      for (double l : lambda) {
        sum += Math.log1p(13 / (12 * 0.25) * Math.max(0, l));
      }
      assertEquals(25 / 2.0 * sum, byRows, 1e-9);
    }
  }

  @Test
  void rowsWithoutADirectionAreLeftOutAndCounted() {
    try (Matrix.Owned x =
            Matrix.of(new float[] {1, 0}, new float[] {0, 0}, new float[] {0, 1}, new float[2]);
        Matrix.Owned without = Matrix.of(new float[] {1, 0}, new float[] {0, 1})) {
      EntropyEstimator estimator = EntropyEstimator.CODING_LENGTH;
      EntropyEstimator.Value value = estimator.of(cpu, x, estimator.defaults());
      assertEquals(2, value.rowsWithoutDirection());
      assertEquals(value(estimator, without), value.value(), 1e-14);
    }
  }

  @Test
  void layersTogetherGiveTheBitsOfEachAlone() {
    try (Matrix.Owned a = normal(2, 700, 20);
        Matrix.Owned b = normal(3, 15, 20);
        Backend one = new CpuBackend(1, 1 << 30)) {
      double[] all = MatrixEntropy.ofAll(cpu, List.of(a, b, a), RowForm.CENTRED_UNIT);
      assertArrayEquals(
          new double[] {
            MatrixEntropy.of(one, a, RowForm.CENTRED_UNIT),
            MatrixEntropy.of(one, b, RowForm.CENTRED_UNIT),
            all[0]
          },
          all,
          0);
    }
  }

  @Test
  void lanczosEstimatesLieWithinTheirErrorBars() {
    try (Matrix.Owned x = normal(4, 300, 60)) {
      StochasticLanczos lanczos = new StochasticLanczos(cpu, x, RowForm.CENTRED_UNIT);
      Estimate entropy = lanczos.entropy(new Effort(32, 60, 1));
      double exact = MatrixEntropy.of(cpu, x, RowForm.CENTRED_UNIT);
      assertEquals(exact, entropy.value(), 4 * entropy.standardError());
      assertTrue(entropy.standardError() < 0.05 * exact, "" + entropy);
      StochasticLanczos unit = new StochasticLanczos(cpu, x, RowForm.UNIT);
      Estimate length = unit.codingLength(new Effort(32, 60, 1), 0.5);
      assertEquals(CodingLength.of(cpu, x, 0.5), length.value(), 4 * length.standardError());
    }
  }

  /** Rank 2: Lanczos ends after two steps and is exact for what it sees. */
  @Test
  void lanczosStopsWhereTheSpaceEnds() {
    try (Matrix.Owned x = Matrix.of(new float[] {1, 0, 0, 0}, new float[] {0, 1, 0, 0})) {
      StochasticLanczos lanczos = new StochasticLanczos(cpu, x, RowForm.RAW);
      // every sign vector sees the two directions alike, so there is no sampling error
      Estimate entropy = lanczos.entropy(new Effort(4, 4, 1));
      assertEquals(Math.log(2), entropy.value(), 1e-12);
      assertEquals(0, entropy.standardError(), 1e-12);
    }
  }

  @Test
  void refusesWhatIsNotDefined() {
    try (Matrix.Owned equal = Matrix.of(new float[] {0.1f, 0.7f}, new float[] {0.1f, 0.7f});
        Matrix.Owned zero = Matrix.of(new float[2], new float[2]);
        Matrix.Owned x = normal(5, 40, 30);
        Backend tight = new CpuBackend(1, 20_000)) {
      assertThrows(InputException.class, () -> value(EntropyEstimator.MATRIX, equal));
      assertThrows(InputException.class, () -> value(EntropyEstimator.CODING_LENGTH, zero));
      assertThrows(InputException.class, () -> value(EntropyEstimator.RANKME, zero));
      assertThrows(UsageException.class, () -> CodingLength.of(cpu, x, 0));
      assertThrows(UsageException.class, () -> new Settings(0.5, -1, false, RowForm.RAW));
      assertThrows(MemoryBudgetException.class, () -> SecondMoment.of(tight, x, RowForm.CENTRED));
    }
  }
}
