package org.geodex.backend.cpu;

import org.geodex.backend.Geometry;
import org.geodex.backend.Parallel;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;

final class CpuGeometry implements Geometry {
  private final Parallel parallel;

  CpuGeometry(Parallel parallel) {
    this.parallel = parallel;
  }

  @Override
  public void pairwise(Matrix x, Matrix y, Metric metric, Matrix out) {
    parallel.forEach(
        x.rows(),
        i -> {
          float[] a = new float[x.columns()];
          float[] b = new float[x.columns()];
          x.copyRow(i, a);
          for (int j = 0; j < y.intRows(); j++) {
            y.copyRow(j, b);
            out.set(i, j, (float) Math.sqrt(squaredEuclidean(a, b)));
          }
        });
  }

  private static double squaredEuclidean(float[] a, float[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      double difference = (double) a[j] - b[j];
      sum += difference * difference;
    }
    return sum;
  }
}
