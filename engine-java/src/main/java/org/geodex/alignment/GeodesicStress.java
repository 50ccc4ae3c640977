package org.geodex.alignment;

import org.geodex.backend.Backend;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.GraphOptions;
import org.geodex.geodesic.ManifoldGraph;
import org.geodex.matrix.Matrix;

/**
 * Normalized stress between Euclidean distances of mapped rows and geodesic distances of their
 * targets, {@link org.geodex.backend.Loss#stress}. The scale is free because a path in a neighbour
 * graph is longer than its chord by a factor that depends on how densely the manifold is sampled.
 */
final class GeodesicStress {
  private GeodesicStress() {}

  /**
   * Geodesic distances of rows: shortest paths in the union graph of k Euclidean neighbours,
   * components joined by their shortest edges.
   *
   * @param k neighbours; all others where there are fewer
   * @return [n,n]; the caller closes it
   */
  static Matrix.Owned distances(Backend backend, Matrix x, int k) {
    GraphOptions options = GraphOptions.bridged(k, x.intRows());
    ManifoldGraph manifold = ManifoldGraph.build(backend, x, "a scale", options);
    return GeodesicDistances.matrix(backend, manifold.graph());
  }

  /**
   * The stress of rows x.
   *
   * @param x [n,d]
   * @param geodesic [n,n]
   */
  static double of(Backend backend, Matrix x, Matrix geodesic) {
    try (Matrix.Owned value = backend.allocate(1, 1)) {
      backend.loss().stress(x, null, geodesic, 0, null, value);
      return value.get(0, 0);
    }
  }
}
