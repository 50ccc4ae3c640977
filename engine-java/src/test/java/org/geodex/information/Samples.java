package org.geodex.information;

import java.util.Random;
import org.geodex.matrix.Matrix;

/** Random matrices of tests. */
public final class Samples {
  private Samples() {}

  /** Independent N(0, 1) entries. */
  public static Matrix.Owned normal(long seed, int n, int d) {
    Random random = new Random(seed);
    Matrix.Owned x = Matrix.allocate(n, d);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        x.set(i, j, (float) random.nextGaussian());
      }
    }
    return x;
  }

  /** ρ·x + √(1 − ρ²)·noise, entry by entry. */
  public static Matrix.Owned correlated(long seed, Matrix x, double rho) {
    Random random = new Random(seed);
    Matrix.Owned y = Matrix.allocate(x.rows(), x.columns());
    for (int i = 0; i < x.rows(); i++) {
      for (int j = 0; j < x.columns(); j++) {
        double noise = Math.sqrt(1 - rho * rho) * random.nextGaussian();
        y.set(i, j, (float) (rho * x.get(i, j) + noise));
      }
    }
    return y;
  }

  /** Integers 0 … levels − 1: many equal distances. */
  public static Matrix.Owned integers(long seed, int n, int d, int levels) {
    Random random = new Random(seed);
    Matrix.Owned x = Matrix.allocate(n, d);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        x.set(i, j, random.nextInt(levels));
      }
    }
    return x;
  }
}
