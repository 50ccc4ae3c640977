package org.geodex.geodesic;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.Geometry;
import org.geodex.error.MemoryBudgetException;
import org.geodex.matrix.Matrix;
import org.geodex.memory.NativeMemory;

/**
 * Lengths of shortest paths in a graph: the discrete geodesic distances of the manifold that the
 * graph stands for (Tenenbaum, de Silva, Langford 2000). f32 out, relative error below 1e-5; +∞
 * where there is no path; 0 from a vertex to itself and along edges of length zero.
 */
public final class GeodesicDistances {
  private static final long BLOCK_BYTES = 256L << 20;
  private static final int MIN_ROWS = 32;

  private GeodesicDistances() {}

  /** Takes blocks of rows: lengths, and predecessors where they were asked for (else null). */
  @FunctionalInterface
  public interface PathBlocks {
    void accept(long from, Matrix lengths, MemorySegment predecessors);
  }

  /** All pairs, n × n; the caller closes it. */
  public static Matrix.Owned matrix(Backend backend, Graph graph) {
    Matrix.Owned lengths = Matrix.allocate(graph.n(), graph.n());
    try {
      backend.geometry().shortestPaths(graph, all(graph), lengths, null);
      return lengths;
    } catch (Throwable e) {
      lengths.close();
      throw e;
    }
  }

  /** Every vertex as a source. */
  public static int[] all(Graph graph) {
    return IntStream.range(0, graph.n()).toArray();
  }

  /**
   * Paths from some vertices, in blocks of rows that fit the backend's memory budget.
   *
   * @param paths whether predecessors are wanted
   * @throws MemoryBudgetException when not even a few rows fit
   */
  public static ShortestPaths stream(
      Backend backend, Graph graph, int[] sources, boolean paths, PathBlocks out) {
    long rowBytes = (paths ? 8L : 4L) * graph.n();
    long graphBytes = graphBytes(graph, backend.parallel().threads());
    long free = backend.memoryBudget() - graphBytes;
    if (free < MIN_ROWS * rowBytes) {
      throw new MemoryBudgetException(
          "%,d bytes for the graph and %d rows of the result, but --memory-budget is"
              + " %,d: raise it",
          graphBytes + MIN_ROWS * rowBytes, MIN_ROWS, backend.memoryBudget());
    }
    long rows = sources.length;
    if (rows * rowBytes > free / 2) {
      rows = Math.min(rows, Math.max(MIN_ROWS, Math.min(free / 2, BLOCK_BYTES) / rowBytes));
    }
    Geometry.PathRows pathRows = backend.geometry().shortestPathRows(graph, sources);
    String algorithm = "none";
    double longest = 0;
    try (Arena arena = Arena.ofShared();
        Matrix.Owned block = Matrix.allocate(rows, graph.n())) {
      MemorySegment before = paths ? NativeMemory.allocate(4 * rows * graph.n(), arena) : null;
      for (int from = 0; from < sources.length; from += (int) rows) {
        int to = (int) Math.min(from + rows, sources.length);
        Matrix lengths = block.rows(0, to - from);
        MemorySegment used = paths ? before.asSlice(0, 4L * (to - from) * graph.n()) : null;
        ShortestPaths part = pathRows.compute(from, lengths, used);
        algorithm = part.algorithm();
        longest = Math.max(longest, part.longest());
        out.accept(from, lengths, used);
      }
    }
    return new ShortestPaths(algorithm, longest);
  }

  /** The graph, its reordered copy, and the lanes of each thread. */
  private static long graphBytes(Graph graph, int threads) {
    return 20L * graph.arcs() + (40L + 160L * threads) * graph.n();
  }
}
