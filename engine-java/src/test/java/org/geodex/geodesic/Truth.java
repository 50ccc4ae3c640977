package org.geodex.geodesic;

import java.util.Arrays;
import java.util.Random;
import org.geodex.matrix.Matrix;

/** Test data and f64 references that share no code with what they judge. */
public final class Truth {
  private Truth() {}

  public static Matrix.Owned normal(long seed, int n, int d, double offset) {
    Random random = new Random(seed);
    return fill(n, d, () -> (float) (offset + random.nextGaussian()));
  }

  public static Matrix.Owned uniform(long seed, int n, int d) {
    Random random = new Random(seed);
    return fill(n, d, random::nextFloat);
  }

  public interface Value {
    float next();
  }

  public static Matrix.Owned fill(int n, int d, Value value) {
    Matrix.Owned x = Matrix.allocate(n, d);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        x.set(i, j, value.next());
      }
    }
    return x;
  }

  /** Rows that {@code metric} is defined for. */
  public static Matrix.Owned rowsFor(Metric metric, long seed, int n, int d) {
    Matrix.Owned x =
        metric == Metric.FISHER_RAO_CATEGORICAL || metric == Metric.FISHER_RAO_NORMAL
            ? uniform(seed, n, d)
            : normal(seed, n, d, 0.3);
    if (metric == Metric.FISHER_RAO_CATEGORICAL) {
      for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < d; j++) {
          sum += x.get(i, j);
        }
        for (int j = 0; j < d; j++) {
          x.set(i, j, (float) (x.get(i, j) / sum));
        }
      }
    } else if (metric == Metric.FISHER_RAO_NORMAL) {
      for (int i = 0; i < n; i++) {
        for (int j = d / 2; j < d; j++) {
          x.set(i, j, x.get(i, j) + 0.05f);
        }
      }
    }
    return x;
  }

  /** The textbook formula, straight from its definition. */
  public static double distance(Metric metric, float[] x, float[] y) {
    int d = x.length;
    double squares = 0;
    double max = 0;
    double xy = 0;
    double xx = 0;
    double yy = 0;
    double overlap = 0;
    double xSum = 0;
    double ySum = 0;
    for (int i = 0; i < d; i++) {
      double difference = (double) x[i] - y[i];
      squares += difference * difference;
      max = Math.max(max, Math.abs(difference));
      xy += (double) x[i] * y[i];
      xx += (double) x[i] * x[i];
      yy += (double) y[i] * y[i];
      overlap += Math.sqrt(Math.max(0, (double) x[i] * y[i]));
      xSum += x[i];
      ySum += y[i];
    }
    return switch (metric) {
      case EUCLIDEAN -> Math.sqrt(squares);
      case SQEUCLIDEAN -> squares;
      case CHEBYSHEV -> max;
      case COSINE -> 1 - xy / Math.sqrt(xx * yy);
      case ANGULAR -> Math.acos(Math.clamp(xy / Math.sqrt(xx * yy), -1, 1));
      case FISHER_RAO_CATEGORICAL ->
          2 * Math.acos(Math.clamp(overlap / Math.sqrt(xSum * ySum), -1, 1));
      case FISHER_RAO_NORMAL -> fisherRaoNormal(x, y);
    };
  }

  /** √2·arccosh(1 + ((Δμ)²/2 + (Δσ)²)/(2σσ′)) in each dimension. */
  private static double fisherRaoNormal(float[] x, float[] y) {
    int half = x.length / 2;
    double sum = 0;
    for (int i = 0; i < half; i++) {
      double mean = (double) x[i] - y[i];
      double deviation = (double) x[half + i] - y[half + i];
      double c =
          1 + (mean * mean / 2 + deviation * deviation) / (2 * (double) x[half + i] * y[half + i]);
      double acosh = Math.log(c + Math.sqrt(c * c - 1));
      sum += 2 * acosh * acosh;
    }
    return Math.sqrt(sum);
  }

  public static double[][] pairwise(Metric metric, Matrix x, Matrix y) {
    float[][] a = x.toArray();
    float[][] b = y.toArray();
    double[][] distances = new double[a.length][b.length];
    for (int i = 0; i < a.length; i++) {
      for (int j = 0; j < b.length; j++) {
        distances[i][j] = distance(metric, a[i], b[j]);
      }
    }
    return distances;
  }

  /** Indices of the k smallest of a row, ties by lower index, {@code skip} left out. */
  public static int[] nearest(double[] distances, int k, int skip) {
    Integer[] order = new Integer[distances.length];
    Arrays.setAll(order, j -> j);
    Arrays.sort(
        order,
        (p, q) -> {
          int byDistance = Double.compare(distances[p], distances[q]);
          return byDistance != 0 ? byDistance : Integer.compare(p, q);
        });
    return Arrays.stream(order).filter(j -> j != skip).limit(k).mapToInt(j -> j).toArray();
  }
}
