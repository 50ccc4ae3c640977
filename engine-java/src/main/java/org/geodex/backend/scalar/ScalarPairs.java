package org.geodex.backend.scalar;

import java.util.Arrays;
import java.util.List;
import org.geodex.backend.Pairs;
import org.geodex.matrix.Matrix;

final class ScalarPairs implements Pairs {

  @Override
  public Sums sums(List<? extends Matrix> xs, Kernel kernel) {
    int layers = xs.size();
    int n = xs.getFirst().intRows();
    double[] bandwidths = new double[layers];
    for (int a = 0; a < layers; a++) {
      bandwidths[a] = bandwidth(kernel, xs.get(a));
    }
    Sums sums = new Sums(new double[layers][n], new double[layers][layers], bandwidths);
    double[] value = new double[layers];
    for (int i = 0; i < n; i++) {
      for (int j = i + 1; j < n; j++) {
        for (int a = 0; a < layers; a++) {
          double distance = distance(xs.get(a), i, j);
          value[a] =
              switch (kernel) {
                case Distance() -> distance;
                case Gaussian g ->
                    Math.expm1(-distance * distance / (2 * bandwidths[a] * bandwidths[a]));
              };
          sums.rows()[a][i] += value[a];
          sums.rows()[a][j] += value[a];
          for (int b = 0; b <= a; b++) {
            sums.products()[a][b] += value[a] * value[b];
          }
        }
      }
    }
    for (int a = 0; a < layers; a++) {
      for (int b = 0; b < a; b++) {
        sums.products()[b][a] = sums.products()[a][b];
      }
    }
    return sums;
  }

  private double bandwidth(Kernel kernel, Matrix x) {
    return switch (kernel) {
      case Distance() -> Double.NaN;
      case Gaussian g when Double.isNaN(g.sigma()) -> g.medians() * medianDistance(x);
      case Gaussian g -> g.sigma();
    };
  }

  @Override
  public double medianDistance(Matrix x) {
    try (Matrix.Owned distances = condensedDistances(x)) {
      float[] sorted = distances.toArray()[0];
      Arrays.sort(sorted);
      int m = sorted.length;
      return ((double) sorted[(m - 1) / 2] + sorted[m / 2]) / 2;
    }
  }

  @Override
  public Matrix.Owned condensedDistances(Matrix x) {
    int n = x.intRows();
    Matrix.Owned distances = Matrix.allocate(1, Math.toIntExact((long) n * (n - 1) / 2));
    int place = 0;
    for (int i = 0; i < n; i++) {
      for (int j = i + 1; j < n; j++) {
        distances.set(0, place++, (float) distance(x, i, j));
      }
    }
    return distances;
  }

  private static double distance(Matrix x, int i, int j) {
    double sum = 0;
    for (int k = 0; k < x.columns(); k++) {
      double difference = (double) x.get(i, k) - x.get(j, k);
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }
}
