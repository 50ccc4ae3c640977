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
    try (DistanceRows rows = pairwiseRows(x, y, metric, precision)) {
      rows.compute(0, out);
    }
  }

  @Override
  public DistanceRows pairwiseRows(Matrix x, Matrix y, Metric metric, Precision precision) {
    if (precision != Precision.DIRECT && PreparedRows.serves(metric)) {
      PairwiseTiles tiles = new PairwiseTiles(x, y, metric, precision, parallel);
      if (tiles.serves()) {
        return tiles;
      }
      tiles.close();
    }
    return new DirectRows(x, y, metric, parallel);
  }

  /** Pair by pair in f64; all rows of x against itself each pair once. */
  private record DirectRows(Matrix x, Matrix y, RowDistances distances, Parallel parallel)
      implements DistanceRows {
    DirectRows(Matrix x, Matrix y, Metric metric, Parallel parallel) {
      this(x, y, RowDistances.of(x, y, metric, parallel), parallel);
    }

    @Override
    public void compute(long from, Matrix out) {
      boolean mirror = x == y && out.rows() == x.rows();
      parallel.forEach(
          Math.ceilDiv(out.rows(), (long) ROWS),
          block -> {
            for (long r = block * ROWS; r < Math.min((block + 1) * ROWS, out.rows()); r++) {
              row(from + r, r, mirror, out);
            }
          });
    }

    private void row(long i, long r, boolean mirror, Matrix out) {
      long end = mirror ? i : out.columns();
      for (int j = 0; j < end; j++) {
        float distance = distances.rounded(i, j);
        out.set(r, j, distance);
        if (mirror) {
          out.set(j, (int) r, distance);
        }
      }
      if (x == y) {
        out.set(r, (int) i, 0);
      }
    }

    @Override
    public void close() {}
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
                nearest.offer(j, distances.upTo(nearest.bound(), i, j));
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
              double distance = distances.upTo(radius, i, j);
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
    return shortestPathRows(graph, sources).compute(0, lengths, predecessors);
  }

  @Override
  public PathRows shortestPathRows(Graph graph, int[] sources) {
    return new CpuPaths(graph, sources, parallel);
  }
}
