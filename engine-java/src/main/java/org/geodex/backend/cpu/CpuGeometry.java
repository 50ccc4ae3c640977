package org.geodex.backend.cpu;

import java.lang.foreign.MemorySegment;
import org.geodex.backend.Geometry;
import org.geodex.backend.Parallel;
import org.geodex.backend.scalar.ScalarGeometry;
import org.geodex.geodesic.EdgeList;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NearestRows;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.geodesic.Precision;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.matrix.Matrix;

final class CpuGeometry implements Geometry {
  private static final int ROWS = 16;

  /**
   * Products of shape up to which plain loops are done before vector code is warm; the distances
   * are the same f64 ones.
   */
  private static final double SMALL = 1 << 24;

  /** Beyond this the lists of candidates would crowd the heap: a very large k. */
  private static final long CANDIDATE_BYTES = 1L << 30;

  private final Parallel parallel;

  CpuGeometry(Parallel parallel) {
    this.parallel = parallel;
  }

  @Override
  public void pairwise(Matrix x, Matrix y, Metric metric, Precision precision, Matrix out) {
    boolean done =
        precision != Precision.DIRECT
            && PreparedRows.serves(metric)
            && new PairwiseTiles(x, y, metric, precision, out, parallel).run();
    if (!done) {
      pairwiseDirect(x, y, metric, out);
    }
  }

  /** Pair by pair in f64; of x against itself each pair once. */
  private void pairwiseDirect(Matrix x, Matrix y, Metric metric, Matrix out) {
    RowDistances distances = RowDistances.of(x, y, metric, parallel);
    int m = y.intRows();
    boolean symmetric = x == y;
    parallel.forEach(
        Math.ceilDiv(x.rows(), (long) ROWS),
        block -> {
          for (long i = block * ROWS; i < Math.min((block + 1) * ROWS, x.rows()); i++) {
            for (int j = 0; j < (symmetric ? i : m); j++) {
              float distance = (float) distances.get(i, j);
              out.set(i, j, distance);
              if (symmetric) {
                out.set(j, (int) i, distance);
              }
            }
            if (symmetric) {
              out.set(i, (int) i, 0);
            }
          }
        });
  }

  @Override
  public NeighbourTable knn(Matrix x, Matrix y, int k, Metric metric) {
    Matrix from = y == null ? x : y;
    if ((double) x.rows() * from.rows() * x.columns() <= SMALL) {
      return new ScalarGeometry().knn(x, y, k, metric);
    }
    boolean tiles =
        PreparedRows.serves(metric) && CandidateRows.bytes(x.rows(), k) <= CANDIDATE_BYTES;
    NeighbourTable table = tiles ? new KnnTiles(x, y, k, metric, parallel).run() : null;
    return table != null ? table : knnDirect(x, y, k, metric);
  }

  private NeighbourTable knnDirect(Matrix x, Matrix y, int k, Metric metric) {
    Matrix from = y == null ? x : y;
    int n = x.intRows();
    int m = from.intRows();
    RowDistances distances = RowDistances.of(x, from, metric, parallel);
    int[] index = new int[Math.multiplyExact(n, k)];
    double[] distance = new double[index.length];
    parallel.forEach(
        Math.ceilDiv(n, ROWS),
        block -> {
          NearestRows nearest = new NearestRows(k);
          for (int i = (int) block * ROWS; i < Math.min((block + 1) * ROWS, n); i++) {
            nearest.clear();
            for (int j = 0; j < m; j++) {
              if (y != null || j != i) {
                nearest.offer(j, distances.get(i, j));
              }
            }
            nearest.copyTo(index, distance, i * k);
          }
        });
    return new NeighbourTable(n, k, index, distance);
  }

  @Override
  public Graph radiusGraph(Matrix x, double radius, Metric metric) {
    RowDistances distances = RowDistances.of(x, x, metric, parallel);
    int n = x.intRows();
    EdgeList[] blocks = new EdgeList[Math.ceilDiv(n, ROWS)];
    parallel.forEach(
        blocks.length,
        block -> {
          EdgeList edges = new EdgeList();
          for (int i = (int) block * ROWS; i < Math.min((block + 1) * ROWS, n); i++) {
            for (int j = i + 1; j < n; j++) {
              double distance = distances.get(i, j);
              if (distance <= radius) {
                edges.add(i, j, distance);
              }
            }
          }
          blocks[(int) block] = edges;
        });
    EdgeList all = new EdgeList();
    for (EdgeList edges : blocks) {
      all.addAll(edges);
    }
    return all.toGraph(n);
  }

  @Override
  public ShortestPaths shortestPaths(
      Graph graph, int[] sources, Matrix lengths, MemorySegment predecessors) {
    return new CpuPaths(graph, parallel).run(sources, lengths, predecessors);
  }
}
