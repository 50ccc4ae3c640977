package org.geodex.benchmarks;

import java.util.SplittableRandom;
import org.geodex.matrix.Matrix;

/** Rows of independent normal entries. */
final class NormalRows {
  private NormalRows() {}

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
}
