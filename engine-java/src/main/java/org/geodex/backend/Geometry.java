package org.geodex.backend;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.geodesic.Precision;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.matrix.Matrix;

/** Distances, neighbours and shortest paths. */
public interface Geometry {

  /**
   * Distances between rows: out[i,j] = metric(x[i], y[j]).
   *
   * @param x [n,d]
   * @param y [m,d]; the same object as {@code x} for a symmetric matrix, which then costs half and
   *     has an exact zero diagonal
   * @param precision the form of the metrics that rest on squared differences; the other metrics
   *     have the direct form alone
   * @param out [n,m]
   */
  void pairwise(Matrix x, Matrix y, Metric metric, Precision precision, Matrix out);

  /** {@link #pairwise(Matrix, Matrix, Metric, Precision, Matrix)} in the refined form. */
  default void pairwise(Matrix x, Matrix y, Metric metric, Matrix out) {
    pairwise(x, y, metric, Precision.REFINED, out);
  }

  /** A matrix of distances of which blocks of rows are computed one after the other. */
  interface DistanceRows extends AutoCloseable {
    /**
     * Computes rows [from, from + out.rows()).
     *
     * @param out [rows,m]
     */
    void compute(long from, Matrix out);

    @Override
    void close();
  }

  /**
   * {@link #pairwise(Matrix, Matrix, Metric, Precision, Matrix)} for results that do not fit in
   * memory: what all blocks of rows share is made ready once. The caller closes it.
   *
   * @param x [n,d]
   * @param y [m,d]; the same object as {@code x} for an exact zero diagonal
   */
  default DistanceRows pairwiseRows(Matrix x, Matrix y, Metric metric, Precision precision) {
    return new DistanceRows() {
      @Override
      public void compute(long from, Matrix out) {
        pairwise(x.rows(from, from + out.rows()), y, metric, precision, out);
        for (long i = 0; x == y && i < out.rows(); i++) {
          out.set(i, (int) (from + i), 0);
        }
      }

      @Override
      public void close() {}
    };
  }

  /**
   * The exact k nearest rows by distances in f64: ascending, ties by lower index.
   *
   * @param x [n,d], the rows that look for neighbours
   * @param y [m,d], the rows to choose from, or null for {@code x} itself without the row that
   *     looks
   * @param k 1 … m, or n − 1 where {@code y} is null
   */
  NeighbourTable knn(Matrix x, Matrix y, int k, Metric metric);

  /**
   * Every pair of rows i &lt; j within a radius, as a graph with their distances.
   *
   * @param radius at least 0; a pair at exactly this distance is joined
   */
  Graph radiusGraph(Matrix x, double radius, Metric metric);

  /**
   * Lengths of the shortest paths from some vertices to all: +∞ where there is none. Relative error
   * below 1e-5.
   *
   * @param sources s vertices, in any order
   * @param lengths [s,n]
   * @param predecessors null, or room for s·n 32-bit integers: the vertex before each vertex on its
   *     path, −1 for the source itself and for what cannot be reached
   */
  ShortestPaths shortestPaths(
      Graph graph, int[] sources, Matrix lengths, MemorySegment predecessors);

  /** A matrix of path lengths of which blocks of rows are computed one after the other. */
  @FunctionalInterface
  interface PathRows {
    /**
     * Computes the rows of sources [from, from + lengths.rows()).
     *
     * @param predecessors null, or room for as many 32-bit integers as there are lengths
     */
    ShortestPaths compute(int from, Matrix lengths, MemorySegment predecessors);
  }

  /**
   * {@link #shortestPaths} for results that do not fit in memory: the algorithm is chosen once, by
   * the graph and all sources, so that the result does not depend on the size of the blocks. (All
   * pairs in one block may be summed from their other ends: a difference of rounding.)
   */
  default PathRows shortestPathRows(Graph graph, int[] sources) {
    return (from, lengths, predecessors) ->
        shortestPaths(
            graph,
            Arrays.copyOfRange(sources, from, from + lengths.intRows()),
            lengths,
            predecessors);
  }
}
