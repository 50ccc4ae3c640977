package org.geodex.backend.scalar;

import org.geodex.backend.Geometry;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;

final class ScalarGeometry implements Geometry {

  @Override
  public void pairwise(Matrix x, Matrix y, Metric metric, Matrix out) {
    double[] a = new double[x.columns()];
    double[] b = new double[y.columns()];
    for (long i = 0; i < x.rows(); i++) {
      x.copyRow(i, a);
      for (int j = 0; j < y.intRows(); j++) {
        y.copyRow(j, b);
        out.set(i, j, (float) distance(metric, a, b));
      }
    }
  }

  private static double distance(Metric metric, double[] a, double[] b) {
    return switch (metric) {
      case EUCLIDEAN -> Math.sqrt(squaredEuclidean(a, b));
    };
  }

  private static double squaredEuclidean(double[] a, double[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      double difference = a[j] - b[j];
      sum += difference * difference;
    }
    return sum;
  }
}
