package org.geodex.information;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.geodex.backend.Backend;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.divergence.Shrinkage;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.information.KsgParameters.Variant;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

/** Gaussian, geodesic, matrix-based and conditional mutual information; the permutation null. */
class MutualInformationOthersTest {
  private final Backend cpu = new CpuBackend(2, 1L << 30);
  private final Backend one = new CpuBackend(1, 1L << 30);
  private final Backend scalar = new ScalarBackend(1L << 30);

  /** One column each: −½·ln(1 − r²) of the sample correlation r, computed here. */
  @Test
  void gaussianIsTheLogarithmOfTheCorrelation() {
    try (Matrix.Owned x = Samples.normal(1, 300, 1);
        Matrix.Owned y = Samples.correlated(2, x, 0.6)) {
      double r = correlation(x, y);
      double value = MutualInformationGaussian.of(cpu, x, y, null, Shrinkage.NONE);
      assertEquals(-Math.log1p(-r * r) / 2, value, 1e-12);
      assertEquals(value, MutualInformationGaussian.of(scalar, x, y, null, Shrinkage.NONE), 1e-12);
      assertEquals(value, MutualInformationGaussian.of(cpu, y, x, null, Shrinkage.NONE), 1e-12);
    }
  }

  @Test
  void gaussianIsUnchangedByLinearMapsAndBackends() {
    try (Matrix.Owned x = Samples.normal(1, 400, 5);
        Matrix.Owned y = Samples.correlated(2, x, 0.6);
        Matrix.Owned map = Samples.normal(3, 5, 5);
        Matrix.Owned mapped = Matrix.allocate(400, 5)) {
      cpu.algebra().gemm(y, false, map, false, mapped);
      double value = MutualInformationGaussian.of(cpu, x, y, null, Shrinkage.NONE);
      assertEquals(value, MutualInformationGaussian.of(cpu, x, mapped, null, Shrinkage.NONE), 1e-4);
      assertEquals(
          MutualInformationGaussian.of(scalar, x, y, null, Shrinkage.LEDOIT_WOLF),
          MutualInformationGaussian.of(cpu, x, y, null, Shrinkage.LEDOIT_WOLF),
          1e-11);
    }
  }

  /** x − z − y is a chain: I(x;y) is large, I(x;y|z) is nothing. */
  @Test
  void conditioningOnTheMiddleOfAChainLeavesNothing() {
    try (Matrix.Owned z = Samples.normal(1, 1500, 1);
        Matrix.Owned x = Samples.correlated(2, z, 0.9);
        Matrix.Owned y = Samples.correlated(3, z, 0.9)) {
      KsgParameters parameters = KsgParameters.of(4, Variant.ONE);
      assertTrue(MutualInformationKsg.of(cpu, x, y, parameters) > 0.4);
      assertEquals(0, MutualInformationKsg.given(cpu, x, y, z, parameters), 0.05);
      assertEquals(0, MutualInformationGaussian.of(cpu, x, y, z, Shrinkage.NONE), 0.01);
      assertEquals(
          MutualInformationGaussian.of(scalar, x, y, z, Shrinkage.NONE),
          MutualInformationGaussian.of(cpu, x, y, z, Shrinkage.NONE),
          1e-12);
    }
  }

  @Test
  void gaussianRefusesALinearImage() {
    try (Matrix.Owned x = Samples.normal(1, 50, 2)) {
      InputException e =
          assertThrows(
              InputException.class,
              () -> MutualInformationGaussian.of(cpu, x, x, null, Shrinkage.NONE));
      assertTrue(e.getMessage().contains("column 2 is a linear combination"), e.getMessage());
    }
  }

  /** A curve of 30 columns and its own position: one dimension each, as in the plane. */
  @Test
  void geodesicNeighboursSeeTheManifold() {
    int n = 800;
    try (Matrix.Owned t = Samples.normal(1, n, 1);
        Matrix.Owned s = Samples.correlated(2, t, 0.9);
        Matrix.Owned x = curve(t);
        Matrix.Owned y = curve(s)) {
      double truth = -Math.log(1 - 0.81) / 2;
      KsgParameters parameters = KsgParameters.of(4, Variant.ONE);
      double value = MutualInformationGeodesicKsg.of(cpu, x, y, 8, parameters);
      assertEquals(truth, value, 0.12);
      assertEquals(value, MutualInformationGeodesicKsg.of(one, x, y, 8, parameters));
      assertEquals(value, MutualInformationGeodesicKsg.of(scalar, x, y, 8, parameters), 0.01);
    }
  }

  private static Matrix.Owned curve(Matrix t) {
    Matrix.Owned x = Matrix.allocate(t.rows(), 30);
    for (int i = 0; i < t.rows(); i++) {
      for (int j = 0; j < 30; j++) {
        x.set(i, j, (float) Math.sin(t.get(i, 0) * (0.2 + 0.05 * j) + j));
      }
    }
    return x;
  }

  /**
   * Two equal pairs of rows, far apart: each kernel is a block matrix with eigenvalues ½, ½, so
   * every entropy is ln 2 and the information of x with itself too.
   */
  @Test
  void matrixInformationOfTwoClusters() {
    try (Matrix.Owned x =
        Matrix.of(new float[] {0}, new float[] {0}, new float[] {99}, new float[] {99})) {
      for (double alpha : new double[] {0.5, 1, 1.01, 2, 3}) {
        for (Backend backend : new Backend[] {cpu, scalar}) {
          assertEquals(Math.log(2), MutualInformationMatrix.of(backend, x, x, alpha, 1), 1e-9);
        }
      }
    }
  }

  /** Independent draws fall inside the central 95 % of their own null about 95 times in 100. */
  @Test
  void independenceStaysInsideItsNull() {
    int inside = 0;
    for (int draw = 0; draw < 100; draw++) {
      try (Matrix.Owned x = Samples.normal(2L * draw, 60, 1);
          Matrix.Owned y = Samples.normal(2L * draw + 1, 60, 1);
          PairedEstimator estimator =
              MutualInformationKsg.estimator(cpu, x, y, KsgParameters.of(3, Variant.ONE))) {
        double value = estimator.value(null);
        double p = IndependenceTest.of(estimator, value, 60, 79, draw, () -> {}).pValue();
        inside += p > 0.025 && p < 0.975 ? 1 : 0;
      }
    }
    // Binomial(100, 0.95): 88 … 100 holds but for 1 in 1000.
    assertTrue(inside >= 88, "inside " + inside);
  }

  @Test
  void dependenceFallsOutsideItsNull() {
    try (Matrix.Owned x = Samples.normal(1, 200, 1);
        Matrix.Owned y = Samples.correlated(2, x, 0.8);
        PairedEstimator ksg =
            MutualInformationKsg.estimator(cpu, x, y, KsgParameters.of(4, Variant.ONE));
        PairedEstimator matrix = MutualInformationMatrix.estimator(cpu, x, y, 2, 0)) {
      for (PairedEstimator estimator : new PairedEstimator[] {ksg, matrix}) {
        double value = estimator.value(null);
        IndependenceTest test = IndependenceTest.of(estimator, value, 200, 19, 1, () -> {});
        assertEquals(1.0 / 20, test.pValue());
        assertTrue(value > test.nullMean() + 3 * test.nullSd());
      }
    }
  }

  /** Both routes to the scores agree, and the first axis is the long one. */
  @Test
  void principalComponentsAreThoseOfEitherSide() {
    try (Matrix.Owned wide = Samples.normal(1, 12, 20);
        Matrix.Owned tall = Matrix.allocate(400, 3)) {
      for (int i = 0; i < 400; i++) {
        tall.set(i, 0, (float) Math.sin(i));
        tall.set(i, 1, (float) (5 * Math.cos(1.7 * i) + 1000));
        tall.set(i, 2, (float) (0.1 * Math.sin(2.3 * i)));
      }
      try (Matrix.Owned scores = PrincipalComponents.scores(cpu, "X", tall, 2);
          Matrix.Owned fromGram = PrincipalComponents.scores(cpu, "X", wide, 11)) {
        double varianceOf1 = cpu.information().columnMoments(scores).variance(0);
        assertEquals(12.5, varianceOf1, 0.1);
        double sum = 0;
        for (int c = 0; c < 11; c++) {
          sum += cpu.information().columnMoments(fromGram).variance(c);
        }
        double total = 0;
        for (int c = 0; c < 20; c++) {
          total += cpu.information().columnMoments(wide).variance(c);
        }
        assertEquals(total, sum, 1e-4);
      }
      assertThrows(UsageException.class, () -> PrincipalComponents.scores(cpu, "X", wide, 12));
    }
  }

  private static double correlation(Matrix x, Matrix y) {
    double sx = 0;
    double sy = 0;
    for (int i = 0; i < x.rows(); i++) {
      sx += x.get(i, 0) / x.rows();
      sy += y.get(i, 0) / x.rows();
    }
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (int i = 0; i < x.rows(); i++) {
      double a = x.get(i, 0) - sx;
      double b = y.get(i, 0) - sy;
      xx += a * a;
      yy += b * b;
      xy += a * b;
    }
    return xy / Math.sqrt(xx * yy);
  }
}
