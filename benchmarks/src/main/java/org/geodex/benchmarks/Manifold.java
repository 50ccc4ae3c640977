package org.geodex.benchmarks;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.geodex.matrix.Matrix;

/** Rows on a curved sheet of 12 dimensions with a little noise, like activations of a layer. */
final class Manifold {
  private static final int DIMENSION = 12;
  private static final double NOISE = 0.05;

  private Manifold() {}

  /** x = tanh(z·W) + noise; the caller closes it. */
  static Matrix.Owned rows(long seed, int n, int d) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    double[][] w = new double[DIMENSION][d];
    for (double[] row : w) {
      for (int j = 0; j < d; j++) {
        row[j] = random.nextGaussian();
      }
    }
    Matrix.Owned x = Matrix.allocate(n, d);
    float[] row = new float[d];
    double[] z = new double[DIMENSION];
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < DIMENSION; k++) {
        z[k] = random.nextGaussian();
      }
      for (int j = 0; j < d; j++) {
        double sum = 0;
        for (int k = 0; k < DIMENSION; k++) {
          sum += z[k] * w[k][j];
        }
        row[j] = (float) (Math.tanh(sum) + NOISE * random.nextGaussian());
      }
      x.setRow(i, row);
    }
    return x;
  }
}
