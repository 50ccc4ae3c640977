package org.geodex.backend.scalar;

import org.geodex.geodesic.Metric;

/** The metrics, formula by formula, in f64. */
final class ScalarMetrics {
  private ScalarMetrics() {}

  static double distance(Metric metric, double[] x, double[] y) {
    return switch (metric) {
      case EUCLIDEAN -> Math.sqrt(squaredEuclidean(x, y));
      case SQEUCLIDEAN -> squaredEuclidean(x, y);
      case COSINE -> cosine(x, y);
      case ANGULAR -> angle(x, y);
      case FISHER_RAO_CATEGORICAL -> 2 * angle(roots(x), roots(y));
      case FISHER_RAO_NORMAL -> fisherRaoNormal(x, y);
      case CHEBYSHEV -> chebyshev(x, y);
    };
  }

  private static double squaredEuclidean(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      double difference = x[i] - y[i];
      sum += difference * difference;
    }
    return sum;
  }

  private static double chebyshev(double[] x, double[] y) {
    double max = 0;
    for (int i = 0; i < x.length; i++) {
      max = Math.max(max, Math.abs(x[i] - y[i]));
    }
    return max;
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  /** √(‖x‖²·‖y‖²) rather than ‖x‖·‖y‖: then equal rows are at exactly 0. */
  private static double cosine(double[] x, double[] y) {
    double cosine = dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
    return 1 - Math.clamp(cosine, -1, 1);
  }

  private static double angle(double[] x, double[] y) {
    double nx = Math.sqrt(dot(x, x));
    double ny = Math.sqrt(dot(y, y));
    double difference = 0;
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      double a = x[i] * ny;
      double b = y[i] * nx;
      difference += (a - b) * (a - b);
      sum += (a + b) * (a + b);
    }
    return 2 * Math.atan2(Math.sqrt(difference), Math.sqrt(sum));
  }

  private static double[] roots(double[] p) {
    double[] roots = new double[p.length];
    for (int i = 0; i < p.length; i++) {
      roots[i] = Math.sqrt(p[i]);
    }
    return roots;
  }

  private static double fisherRaoNormal(double[] x, double[] y) {
    int half = x.length / 2;
    double sum = 0;
    for (int i = 0; i < half; i++) {
      double mean = x[i] - y[i];
      double deviation = x[half + i] - y[half + i];
      double z2 = (mean * mean / 2 + deviation * deviation) / (4 * x[half + i] * y[half + i]);
      double asinh = Math.log1p(Math.sqrt(z2) + z2 / (1 + Math.sqrt(1 + z2)));
      sum += 8 * asinh * asinh;
    }
    return Math.sqrt(sum);
  }
}
