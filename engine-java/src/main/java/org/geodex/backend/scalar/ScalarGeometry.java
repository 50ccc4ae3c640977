package org.geodex.backend.scalar;

import org.geodex.backend.Geometry;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NearestRows;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.geodesic.Precision;
import org.geodex.matrix.Matrix;

final class ScalarGeometry implements Geometry {

  @Override
  public void pairwise(Matrix x, Matrix y, Metric metric, Precision precision, Matrix out) {
    double[] a = new double[x.columns()];
    double[] b = new double[y.columns()];
    for (long i = 0; i < x.rows(); i++) {
      x.copyRow(i, a);
      for (int j = 0; j < y.intRows(); j++) {
        y.copyRow(j, b);
        out.set(i, j, (float) ScalarMetrics.distance(metric, a, b));
      }
    }
  }

  @Override
  public NeighbourTable knn(Matrix x, Matrix y, int k, Metric metric) {
    Matrix from = y == null ? x : y;
    int n = x.intRows();
    int[] index = new int[Math.multiplyExact(n, k)];
    double[] distance = new double[index.length];
    double[] a = new double[x.columns()];
    double[] b = new double[x.columns()];
    NearestRows nearest = new NearestRows(k);
    for (int i = 0; i < n; i++) {
      x.copyRow(i, a);
      nearest.clear();
      for (int j = 0; j < from.intRows(); j++) {
        if (y == null && j == i) {
          continue;
        }
        from.copyRow(j, b);
        nearest.offer(j, ScalarMetrics.distance(metric, a, b));
      }
      nearest.copyTo(index, distance, i * k);
    }
    return new NeighbourTable(n, k, index, distance);
  }
}
