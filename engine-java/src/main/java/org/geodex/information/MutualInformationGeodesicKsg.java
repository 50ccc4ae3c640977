package org.geodex.information;

import java.util.Arrays;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourGraph;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.matrix.Matrix;

/**
 * KSG with geodesic neighbours, after Marx and Fischer, Estimating Mutual Information via Geodesic
 * kNN (arXiv 2110.13883): where x and y lie on low-dimensional manifolds, neighbours are sought
 * along the manifolds, so the volumes are those of the intrinsic dimension.
 *
 * <p>What is computed: in x alone and in y alone the euclidean graph of {@code graphK} nearest
 * neighbours (an edge where either is among the other's) and the lengths of its shortest paths; the
 * joint distance of two observations is the larger of their two path lengths; then KSG 1 or 2 on
 * these distances. (The paper grows random forests for the graph; the shortest paths here are exact
 * for the graph they are given.) Rows that no path joins are farther than all others; a row with
 * fewer than k others in reach is refused.
 *
 * <p>In nats. Distances f32, relative error below 1e-5. Memory: two n × n f32 matrices. The same
 * bits for any number of threads.
 */
public final class MutualInformationGeodesicKsg {
  private MutualInformationGeodesicKsg() {}

  /**
   * I(x; y) of x[n,dx], y[n,dy].
   *
   * @param graphK neighbours in each graph
   * @throws InputException when the rows differ in number, are not more than k, or a graph leaves a
   *     row alone
   */
  public static double of(
      Backend backend, Matrix x, Matrix y, int graphK, KsgParameters parameters) {
    try (PairedEstimator estimator = estimator(backend, x, y, graphK, parameters)) {
      return estimator.value(null);
    }
  }

  /** The value from geodesic distances that the caller has. */
  public static double ofDistances(
      Backend backend, Matrix dx, Matrix dy, int[] pairing, KsgParameters parameters) {
    return value(
        backend.information().ksgCountsOfDistances(dx, dy, pairing, parameters), parameters);
  }

  private static double value(KsgCounts counts, KsgParameters parameters) {
    for (int i = 0; i < counts.x().length; i++) {
      if (counts.x()[i] < 0) {
        throw new InputException(
            "row %d reaches fewer than k = %d rows in both graphs: raise --graph-k",
            i, parameters.k());
      }
    }
    return MutualInformationKsg.value(counts, parameters);
  }

  /** Distances computed once for any number of pairings; the caller closes it. */
  public static PairedEstimator estimator(
      Backend backend, Matrix x, Matrix y, int graphK, KsgParameters parameters) {
    Observations.check(x, y, parameters.k() + 1L, "k = " + parameters.k());
    if (graphK < 1) {
      throw new UsageException("--graph-k %d: expected at least 1", graphK);
    }
    Observations.check(x, y, graphK + 1L, "--graph-k " + graphK);
    backend.requireMemory(
        8.0 * x.rows() * x.rows(),
        "geodesic distances of %d rows in both spaces".formatted(x.rows()),
        "take fewer rows");
    Matrix.Owned dx = distances(backend, x, graphK);
    try {
      return new Distances(backend, dx, distances(backend, y, graphK), parameters);
    } catch (Throwable e) {
      dx.close();
      throw e;
    }
  }

  private static Matrix.Owned distances(Backend backend, Matrix x, int graphK) {
    NeighbourTable table = backend.geometry().knn(x, null, graphK, Metric.EUCLIDEAN);
    Graph graph = NeighbourGraph.of(table, NeighbourGraph.Kind.UNION);
    return GeodesicDistances.matrix(backend, graph);
  }

  private record Distances(
      Backend backend, Matrix.Owned dx, Matrix.Owned dy, KsgParameters parameters)
      implements PairedEstimator {
    @Override
    public double value(int[] pairing) {
      return ofDistances(backend, dx, dy, pairing, parameters);
    }

    @Override
    public double[] values(int[][] pairings) {
      KsgCounts[] counts = backend.information().ksgCountsOfDistances(dx, dy, pairings, parameters);
      return Arrays.stream(counts)
          .mapToDouble(c -> MutualInformationGeodesicKsg.value(c, parameters))
          .toArray();
    }

    @Override
    public void close() {
      dx.close();
      dy.close();
    }
  }
}
