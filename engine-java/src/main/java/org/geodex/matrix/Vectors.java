package org.geodex.matrix;

/**
 * Sums over plain f64 vectors, for loops that are no hot kernel. Four running sums in a fixed order
 * hide the latency of an addition; the result does not depend on when the loop was compiled.
 */
public final class Vectors {
  private Vectors() {}

  /** Σ x over the first {@code length} values. */
  public static double sum(double[] x, int length) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i + 3 < length; i += 4) {
      a += x[i];
      b += x[i + 1];
      c += x[i + 2];
      d += x[i + 3];
    }
    for (; i < length; i++) {
      a += x[i];
    }
    return a + b + (c + d);
  }

  /** Σ x·y. */
  public static double dot(double[] x, double[] y) {
    return dot(x, y, x.length);
  }

  /** Σ x·y over the first {@code length} values. */
  public static double dot(double[] x, double[] y, int length) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i + 3 < length; i += 4) {
      a += x[i] * y[i];
      b += x[i + 1] * y[i + 1];
      c += x[i + 2] * y[i + 2];
      d += x[i + 3] * y[i + 3];
    }
    for (; i < length; i++) {
      a += x[i] * y[i];
    }
    return a + b + (c + d);
  }

  /** ‖x − y‖. */
  public static double euclidean(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (x[i] - y[i]) * (x[i] - y[i]);
    }
    return Math.sqrt(sum);
  }

  /** x·y / (‖x‖·‖y‖); NaN where one is 0. */
  public static double cosine(double[] x, double[] y) {
    return dot(x, y) / Math.sqrt(dot(x, x)) / Math.sqrt(dot(y, y));
  }
}
