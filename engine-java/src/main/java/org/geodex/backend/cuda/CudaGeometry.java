package org.geodex.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.geodex.backend.Geometry;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.geodesic.Precision;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.geodesic.VertexOrder;
import org.geodex.matrix.Matrix;

/**
 * Distances, neighbours and paths on the device.
 *
 * <p>Euclidean distances in the refined form are the direct form in f32: no cancellation, relative
 * error about √d·6e-8. Chebyshev distances equal the CPU's bit for bit. The others are f64 inside.
 * Copies: the rows once to the device, the result once back, in strips through pinned memory.
 */
final class CudaGeometry implements Geometry {
  private final Device device;
  private final Geometry host;

  CudaGeometry(Device device, Geometry host) {
    this.device = device;
    this.host = host;
  }

  @Override
  public void pairwise(Matrix x, Matrix y, Metric metric, Precision precision, Matrix out) {
    boolean onDevice = DeviceMemory.of(device, out) != null;
    device.run(
        job -> {
          pairwise(job, x, y, metric, precision, out);
          if (x == y && onDevice) {
            long n = x.rows();
            job.launch(
                "gx_pairwise_diagonal_f32",
                new Grid(Job.blocks(n, Job.THREADS)),
                job.target(out),
                n);
          }
          return null;
        });
    if (x == y && !onDevice) {
      for (long i = 0; i < x.rows(); i++) {
        out.set(i, Math.toIntExact(i), 0);
      }
    }
  }

  private static void pairwise(
      Job job, Matrix x, Matrix y, Metric metric, Precision precision, Matrix out) {
    PreparedRows left = PreparedRows.of(job, x, metric);
    PreparedRows right = x == y ? left : PreparedRows.of(job, y, metric);
    boolean squared = metric == Metric.EUCLIDEAN || metric == Metric.SQEUCLIDEAN;
    boolean extreme =
        squared && (DirectDistances.needF64(job, x) || x != y && DirectDistances.needF64(job, y));
    if (squared && precision == Precision.EXPANDED && !extreme) {
      ExpandedDistances expanded = ExpandedDistances.of(job, left, right, metric);
      job.stream(out, (from, rows, into) -> expanded.distances(job, from, rows, into));
      return;
    }
    boolean f64 = extreme || squared && precision == Precision.DIRECT;
    boolean upper = x == y && job.isWhole(out); // half of a symmetric matrix
    job.stream(
        out,
        (from, rows, into) ->
            DirectDistances.enqueue(job, metric, f64, left, from, rows, right, into, upper));
  }

  @Override
  public NeighbourTable knn(Matrix x, Matrix y, int k, Metric metric) {
    return device.run(job -> new NearestNeighbours(job, x, y, k, metric, device).find());
  }

  @Override
  public Graph radiusGraph(Matrix x, double radius, Metric metric) {
    device.noteHost("geometry.radiusGraph");
    return host.radiusGraph(x.onHost(), radius, metric);
  }

  @Override
  public ShortestPaths shortestPaths(
      Graph graph, int[] sources, Matrix lengths, MemorySegment predecessors) {
    return shortestPathRows(graph, sources).compute(0, lengths, predecessors);
  }

  @Override
  public PathRows shortestPathRows(Graph graph, int[] sources) {
    return new ChosenPaths(graph, sources);
  }

  /** What is chosen by the graph and all sources holds for every block of rows. */
  private final class ChosenPaths implements PathRows {
    private final Graph graph;
    private final int[] sources;
    private final PathRows onHost;
    private ShortestPathRule.Choice wanted;
    private VertexOrder order;

    ChosenPaths(Graph graph, int[] sources) {
      this.graph = graph;
      this.sources = sources;
      this.onHost = host.shortestPathRows(graph, sources);
    }

    @Override
    public ShortestPaths compute(int from, Matrix lengths, MemorySegment predecessors) {
      boolean before = predecessors != null;
      if (wanted == null && !before) {
        wanted = ShortestPathRule.choose(graph, sources, false);
      }
      int[] some = Arrays.copyOfRange(sources, from, from + lengths.intRows());
      // A dense matrix makes all rows at once or none.
      long free = some.length == sources.length ? device.run(Job::freeMemory) : 0;
      ShortestPathRule.Choice choice =
          before ? ShortestPathRule.Choice.HOST : ShortestPathRule.within(free, wanted, graph.n());
      if (choice == ShortestPathRule.Choice.HOST) {
        device.noteHost("geometry.shortestPaths: " + whyHost(before, wanted));
        return onHost.compute(from, lengths, predecessors);
      }
      if (choice == ShortestPathRule.Choice.MANY_SOURCES && order == null) {
        order = VertexOrder.of(graph);
      }
      return device.run(job -> new CudaPaths(job, graph, order, some, lengths).run(choice));
    }
  }

  private static String whyHost(boolean predecessors, ShortestPathRule.Choice wanted) {
    if (predecessors) {
      return "predecessors";
    }
    return wanted == ShortestPathRule.Choice.HOST
        ? "paths of too many arcs, or too many vertices"
        : "the dense matrix does not fit on the device";
  }

  /** One of the algorithms on the device, whatever the rule says. */
  ShortestPaths paths(Graph graph, int[] sources, Matrix lengths, ShortestPathRule.Choice choice) {
    VertexOrder order = VertexOrder.of(graph);
    return device.run(job -> new CudaPaths(job, graph, order, sources, lengths).run(choice));
  }
}
