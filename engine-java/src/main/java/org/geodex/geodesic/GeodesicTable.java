package org.geodex.geodesic;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/**
 * The geodesic distances of the same rows in several layers, each computed once: the union graph of
 * k Euclidean neighbours, components joined by their shortest edges.
 */
public final class GeodesicTable implements AutoCloseable {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private final List<Matrix.Owned> distances = new ArrayList<>();
  private final List<Summary> summaries = new ArrayList<>();

  /**
   * What one geodesic matrix says.
   *
   * @param mean over the pairs i &lt; j
   * @param diameter the largest
   * @param components of the neighbour graph before they were joined
   * @param tortuosity mean ratio of geodesic to Euclidean distance over pairs, at least 1
   */
  public record Summary(double mean, double diameter, int components, double tortuosity) {}

  /** Adds the next layer; returns its neighbour table, for whoever else needs it. */
  public NeighbourTable add(Backend backend, Matrix rows, int k) {
    GraphOptions options = GraphOptions.bridged(k, rows.intRows());
    NeighbourTable table = Knn.of(backend, rows, "layer", options.k(), options.metric());
    ManifoldGraph manifold = ManifoldGraph.build(backend, table, rows, "layer", options);
    Matrix.Owned geodesic = GeodesicDistances.matrix(backend, manifold.graph());
    distances.add(geodesic);
    try (Matrix.Owned euclidean = Matrix.allocate(rows.rows(), rows.intRows())) {
      backend.geometry().pairwise(rows, rows, Metric.EUCLIDEAN, euclidean);
      summaries.add(summary(geodesic, euclidean, manifold.components().count()));
    }
    return table;
  }

  private static Summary summary(Matrix geodesic, Matrix euclidean, int components) {
    double sum = 0;
    double largest = 0;
    double ratios = 0;
    long pairs = 0;
    int n = geodesic.columns();
    for (int i = 0; i < n; i++) {
      for (int j = i + 1; j < n; j++) {
        double g = geodesic.get(i, j);
        double e = euclidean.get(i, j);
        sum += g;
        largest = Math.max(largest, g);
        if (e > 0) {
          ratios += g / e;
          pairs++;
        }
      }
    }
    double count = n * (n - 1.0) / 2;
    return new Summary(sum / count, largest, components, pairs == 0 ? Double.NaN : ratios / pairs);
  }

  public Matrix distances(int layer) {
    return distances.get(layer);
  }

  public List<Summary> summaries() {
    return summaries;
  }

  /** Pearson correlation of the distances of all pairs of rows between two layers. */
  public double[][] correlations(Backend backend) {
    int layers = distances.size();
    double[][] table = new double[layers][layers];
    backend
        .parallel()
        .forEach(
            (long) layers * layers,
            task -> {
              int a = (int) (task / layers);
              int b = (int) (task % layers);
              if (b <= a) {
                table[a][b] = a == b ? 1 : correlation(distances.get(a), distances.get(b));
                table[b][a] = table[a][b];
              }
            });
    return table;
  }

  static double correlation(Matrix x, Matrix y) {
    MemorySegment a = x.reading();
    MemorySegment b = y.reading();
    long n = x.rows();
    double sa = 0;
    double sb = 0;
    double saa = 0;
    double sbb = 0;
    double sab = 0;
    // Sums about the first value: the distances are positive and of one size.
    double oa = x.get(0, x.columns() - 1);
    double ob = y.get(0, y.columns() - 1);
    for (long i = 0; i < n; i++) {
      for (long j = i + 1; j < n; j++) {
        double u = a.get(F32, 4 * (i * n + j)) - oa;
        double v = b.get(F32, 4 * (i * n + j)) - ob;
        sa += u;
        sb += v;
        saa += u * u;
        sbb += v * v;
        sab += u * v;
      }
    }
    double count = n * (n - 1.0) / 2;
    return (sab - sa * sb / count) / Math.sqrt((saa - sa * sa / count) * (sbb - sb * sb / count));
  }

  @Override
  public void close() {
    distances.forEach(Matrix.Owned::close);
  }
}
