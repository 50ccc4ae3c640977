package org.geodex.alignment;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.geodex.backend.Backend;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.GraphOptions;
import org.geodex.geodesic.ManifoldGraph;
import org.geodex.matrix.Matrix;

/**
 * Normalized stress between Euclidean distances d of mapped rows and geodesic distances δ of their
 * targets, at the scale that fits best (Kruskal's stress-1, squared):
 *
 * <pre>S = min_s Σ (s·d_ij − δ_ij)² / Σ δ_ij² = 1 − (Σ d·δ)² / (Σ d² · Σ δ²),  i &lt; j,</pre>
 *
 * in [0, 1], 0 for rows whose distances are the geodesic ones times a constant. The scale is free
 * because a path in a neighbour graph is longer than its chord by a factor that depends on how
 * densely the manifold is sampled. 0 where all δ, and 1 where all d, are 0.
 *
 * <p>∂S/∂xᵢ = Σⱼ W_ij·(xᵢ − xⱼ), W_ij = 4a/(b·c)·(a/b − δ_ij/d_ij) with a, b, c the sums Σ dδ, Σ
 * d², Σ δ² over ordered pairs; pairs at distance 0 have no direction and add nothing. Distances
 * from f32 products of centred rows, sums f64. The same bits for any number of threads.
 */
final class GeodesicStress {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;

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
   * @param x [n,d]; overwritten by its centred rows
   * @param geodesic [n,n]
   * @param gradient [n,d], overwritten with ∂S/∂x; null where nobody needs it
   */
  static double of(Backend backend, Matrix x, Matrix geodesic, Matrix gradient) {
    int n = x.intRows();
    centre(backend, x);
    try (Matrix.Owned distances = Matrix.allocate(n, n)) {
      backend.algebra().gemm(x, false, x, true, distances);
      double[][] sums = new double[n][];
      double[] squares = diagonal(distances);
      backend
          .parallel()
          .forEach(n, i -> sums[(int) i] = toDistances((int) i, squares, distances, geodesic));
      double a = 0;
      double b = 0;
      double c = 0;
      for (double[] row : sums) {
        a += row[0];
        b += row[1];
        c += row[2];
      }
      if (gradient != null) {
        gradient(backend, x, geodesic, distances, new double[] {a, b, c}, gradient);
      }
      return c == 0 ? 0 : b == 0 ? 1 : 1 - a / b * (a / c);
    }
  }

  private static void centre(Backend backend, Matrix x) {
    double[] mean = backend.algebra().means(x);
    Rows.forEach(
        backend,
        x,
        (i, row) -> {
          for (int j = 0; j < row.length; j++) {
            row[j] = (float) (row[j] - mean[j]);
          }
          x.setRow(i, row);
        });
  }

  private static double[] diagonal(Matrix products) {
    double[] diagonal = new double[products.columns()];
    for (int i = 0; i < diagonal.length; i++) {
      diagonal[i] = products.get(i, i);
    }
    return diagonal;
  }

  /** Turns a row of products into distances; returns its Σ dδ, Σ d², Σ δ². */
  private static double[] toDistances(int i, double[] squares, Matrix distances, Matrix geodesic) {
    int n = squares.length;
    float[] d = new float[n];
    float[] delta = new float[n];
    distances.copyRow(i, d);
    geodesic.copyRow(i, delta);
    double a = 0;
    double b = 0;
    double c = 0;
    for (int j = 0; j < n; j++) {
      double square = i == j ? 0 : Math.max(0, squares[i] + squares[j] - 2.0 * d[j]);
      double distance = Math.sqrt(square);
      d[j] = (float) distance;
      a += distance * delta[j];
      b += square;
      c += (double) delta[j] * delta[j];
    }
    distances.setRow(i, d);
    return new double[] {a, b, c};
  }

  private static void gradient(
      Backend backend,
      Matrix x,
      Matrix geodesic,
      Matrix distances,
      double[] sums,
      Matrix gradient) {
    double ratio = sums[0] / sums[1];
    double factor = 4 * ratio / sums[2];
    if (!(factor > 0)) {
      gradient.fill(0);
      return;
    }
    int n = x.intRows();
    float[] rowSums = new float[n];
    backend
        .parallel()
        .forEach(
            n,
            row -> {
              int i = (int) row;
              float[] w = new float[n];
              float[] delta = new float[n];
              distances.copyRow(i, w);
              geodesic.copyRow(i, delta);
              double sum = 0;
              for (int j = 0; j < n; j++) {
                w[j] = w[j] > 0 ? (float) (factor * (ratio - delta[j] / (double) w[j])) : 0;
                sum += w[j];
              }
              distances.setRow(i, w);
              rowSums[i] = (float) sum;
            });
    backend.algebra().gemm(distances, false, x, false, gradient);
    Rows.forEach(
        backend,
        x,
        (i, row) -> {
          MemorySegment out = gradient.segment();
          long at = gradient.offset(i);
          for (int j = 0; j < row.length; j++) {
            out.set(F32, at + 4L * j, rowSums[i] * row[j] - out.get(F32, at + 4L * j));
          }
        });
  }
}
