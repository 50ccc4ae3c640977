package org.geodex.backend;

import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;

/** Distances, neighbours and shortest paths. */
public interface Geometry {

  /**
   * Distances between rows: out[i,j] = metric(x[i], y[j]).
   *
   * @param x [n,d]
   * @param y [m,d]; the same object as {@code x} for a symmetric matrix, which then costs half and
   *     has an exact zero diagonal
   * @param out [n,m]
   */
  void pairwise(Matrix x, Matrix y, Metric metric, Matrix out);
}
