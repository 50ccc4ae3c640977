package org.geodex.benchmarks;

import java.util.SplittableRandom;
import org.geodex.matrix.Matrix;

/** Rows of normal entries. */
final class NormalRows {
  private static final double CORRELATION = 0.6;

  private NormalRows() {}

  /** Independent entries. */
  static Matrix.Owned of(long seed, int n, int d, double mean, double deviation) {
    SplittableRandom random = new SplittableRandom(seed);
    Matrix.Owned x = Matrix.allocate(n, d);
    float[] row = new float[d];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        row[j] = (float) (mean + deviation * random.nextGaussian());
      }
      x.setRow(i, row);
    }
    return x;
  }

  /** Standard normal rows beside those of x, each entry with correlation 0.6 to that of x. */
  static Matrix.Owned besides(Matrix x, long seed) {
    double rest = Math.sqrt(1 - CORRELATION * CORRELATION);
    Matrix.Owned y = of(seed, x.intRows(), x.columns(), 0, rest);
    for (int i = 0; i < x.intRows(); i++) {
      for (int j = 0; j < x.columns(); j++) {
        y.set(i, j, (float) (CORRELATION * x.get(i, j) + y.get(i, j)));
      }
    }
    return y;
  }
}
