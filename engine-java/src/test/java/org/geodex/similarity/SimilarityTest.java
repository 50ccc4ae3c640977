package org.geodex.similarity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.error.InputException;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;
import org.geodex.similarity.CanonicalCorrelation.Form;
import org.geodex.similarity.RepresentationalSimilarity.Correlation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Closed forms and invariances. */
class SimilarityTest {
  private static final List<Similarity> ALL =
      List.of(
          new CkaLinear(),
          new CkaDebiased(),
          new CkaRbf(),
          new CanonicalCorrelation(Form.CCA),
          new CanonicalCorrelation(Form.SVCCA),
          new CanonicalCorrelation(Form.PWCCA),
          new Procrustes(),
          new DistanceCorrelation(false),
          new DistanceCorrelation(true),
          new RepresentationalSimilarity(Correlation.SPEARMAN),
          new RepresentationalSimilarity(Correlation.PEARSON),
          new MutualNeighbours(5, Metric.EUCLIDEAN));

  private final Backend cpu = new CpuBackend(2, 1 << 30);
  private final List<Matrix.Owned> made = new ArrayList<>();

  @AfterEach
  void close() {
    made.forEach(Matrix.Owned::close);
    cpu.close();
  }

  private Matrix.Owned normal(long seed, int n, int d) {
    Random random = new Random(seed);
    Matrix.Owned x = Matrix.allocate(n, d);
    made.add(x);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        x.set(i, j, (float) random.nextGaussian());
      }
    }
    return x;
  }

  /** 2.5·x·R + 7 with R a product of plane rotations. */
  private Matrix.Owned turned(Matrix x) {
    Matrix.Owned y = x.copy();
    made.add(y);
    Random random = new Random(9);
    double[] row = new double[x.columns()];
    double[] angles = random.doubles(x.columns(), 0, 6).toArray();
    for (int i = 0; i < x.intRows(); i++) {
      x.copyRow(i, row);
      for (int j = 0; j + 1 < row.length; j++) {
        double a = row[j];
        double b = row[j + 1];
        row[j] = Math.cos(angles[j]) * a - Math.sin(angles[j]) * b;
        row[j + 1] = Math.sin(angles[j]) * a + Math.cos(angles[j]) * b;
      }
      for (int j = 0; j < row.length; j++) {
        y.set(i, j, (float) (2.5 * row[j] + 7));
      }
    }
    return y;
  }

  @Test
  void aRotatedShiftedScaledCopyIsTheSame() {
    Matrix.Owned x = normal(1, 120, 6);
    Matrix.Owned y = turned(x);
    for (Similarity measure : ALL) {
      // f32 rounding of the copy; a neighbour or a rank may flip at a near tie
      double tolerance = measure instanceof MutualNeighbours ? 0.01 : 2e-6;
      assertEquals(1, measure.of(cpu, x, y), tolerance, measure.getClass().getSimpleName());
    }
  }

  /** Σ(1/ρ²): cov(x₁, y₁) = ρ; other directions independent, so ρ₁ ≈ 0.8 and the rest near 0. */
  @Test
  void plantedCanonicalCorrelationIsFound() {
    int n = 20_000;
    Matrix.Owned x = normal(2, n, 3);
    Matrix.Owned y = normal(3, n, 4);
    for (int i = 0; i < n; i++) {
      y.set(i, 2, (float) (0.8 * x.get(i, 1) + 0.6 * y.get(i, 2)));
    }
    double[] rho = new CanonicalCorrelation(Form.CCA).correlations(cpu, x, y).correlations();
    assertEquals(0.8, rho[0], 0.02);
    assertTrue(rho[1] < 0.05 && rho.length == 3);
  }

  @Test
  void unbiasedFormsAverageZeroForIndependentRows() {
    double cka = 0;
    double dcor = 0;
    for (int round = 0; round < 20; round++) {
      Matrix.Owned x = normal(100 + round, 60, 20);
      Matrix.Owned y = normal(500 + round, 60, 20);
      cka += new CkaDebiased().of(cpu, x, y) / 20;
      dcor += new DistanceCorrelation(true).of(cpu, x, y) / 20;
      assertTrue(new CkaLinear().of(cpu, x, y) > 0.15, "the biased form is far from 0");
    }
    assertEquals(0, cka, 0.01);
    assertEquals(0, dcor, 0.01);
  }

  @Test
  void tablesEqualPairsAndDoNotDependOnThreads() {
    List<Matrix> xs = List.of(normal(4, 50, 5), normal(5, 50, 8), normal(6, 50, 3));
    try (Backend one = new CpuBackend(1, 1 << 30)) {
      for (Similarity measure : ALL) {
        double[][] table = measure.table(cpu, xs);
        double[][] again = measure.table(one, xs);
        for (int a = 0; a < 3; a++) {
          assertArrayEquals(again[a], table[a], 0, measure.getClass().getSimpleName());
          for (int b = 0; b < 3; b++) {
            assertEquals(measure.of(cpu, xs.get(a), xs.get(b)), table[a][b], 1e-12, "" + measure);
          }
        }
      }
    }
  }

  /** With a wide kernel it is linear CKA: exp(−d²/(2σ²)) − 1 is −d²/(2σ²) then. */
  @Test
  void rbfCkaOfAWideKernelIsLinearCka() {
    Matrix x = normal(1, 120, 8);
    Matrix y = normal(2, 120, 5);
    for (int i = 0; i < 120; i++) {
      for (int j = 0; j < 5; j++) {
        y.set(i, j, x.get(i, j) + 0.5f * y.get(i, j));
      }
    }
    double linear = new CkaLinear().of(cpu, x, y);
    try (Backend scalar = new ScalarBackend(1 << 30)) {
      for (double scale : new double[] {300, 1e3, 3e4, 1e6}) {
        CkaRbf wide = new CkaRbf(Double.NaN, scale);
        assertEquals(linear, wide.of(cpu, x, y), 2e-5, "cpu, scale " + scale);
        assertEquals(linear, wide.of(scalar, x, y), 2e-5, "scalar, scale " + scale);
      }
    }
  }

  @Test
  void refusesWhatIsNotDefined() {
    Matrix.Owned x = normal(7, 10, 3);
    Matrix.Owned constant = normal(8, 10, 3);
    constant.fill(3.3f);
    Matrix.Owned other = normal(9, 11, 3);
    for (Similarity measure : ALL) {
      if (!(measure instanceof MutualNeighbours)) {
        assertThrows(InputException.class, () -> measure.of(cpu, x, constant));
      }
      assertThrows(InputException.class, () -> measure.of(cpu, x, other));
    }
    Matrix.Owned wide = normal(10, 10, 12);
    assertThrows(InputException.class, () -> new CanonicalCorrelation(Form.CCA).of(cpu, x, wide));
    Matrix.Owned three = normal(11, 3, 2);
    assertThrows(InputException.class, () -> new CkaDebiased().of(cpu, three, three));
    assertThrows(InputException.class, () -> new MutualNeighbours(10, Metric.COSINE).of(cpu, x, x));
  }
}
