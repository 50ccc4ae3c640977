package org.geodex.backend.cuda;

import java.lang.foreign.MemorySegment;
import org.geodex.backend.Geometry;
import org.geodex.cuda.CudaContext;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.geodesic.Precision;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.matrix.Matrix;

/**
 * Distances, neighbours and paths on the device.
 *
 * <p>Euclidean distances in the refined form are the direct form in f32: no cancellation, relative
 * error about √d·6e-8. Chebyshev distances equal the CPU's bit for bit. The others are f64 inside.
 * Copies: the rows once to the device, the result once back, in strips through pinned memory.
 */
final class CudaGeometry implements Geometry {
  /** A strip of a result; two are in flight. */
  private static final long STRIP_BYTES = 64L << 20;

  private final CudaContext context;
  private final boolean ownProducts;
  private final HostWork hostWork;

  private final Geometry host;

  CudaGeometry(CudaContext context, boolean ownProducts, HostWork hostWork, Geometry host) {
    this.host = host;
    this.context = context;
    this.ownProducts = ownProducts;
    this.hostWork = hostWork;
  }

  @Override
  public void pairwise(Matrix x, Matrix y, Metric metric, Precision precision, Matrix out) {
    Job.run(
        context,
        ownProducts,
        job -> {
          pairwise(job, x, y, metric, precision, out);
          return null;
        });
    if (x == y) {
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
    if (squared && precision == Precision.EXPANDED) {
      ExpandedDistances expanded = ExpandedDistances.of(job, left, right, metric);
      job.stream(out, STRIP_BYTES, (from, rows, into) -> expanded.distances(job, from, rows, into));
      return;
    }
    // One strip that holds everything computes half of a symmetric matrix.
    boolean whole = 4 * out.rows() * out.columns() <= STRIP_BYTES;
    boolean upper = x == y && whole;
    boolean direct = precision == Precision.DIRECT && squared;
    job.stream(
        out,
        STRIP_BYTES,
        (from, rows, into) ->
            DirectDistances.enqueue(job, metric, direct, left, from, rows, right, into, upper));
  }

  @Override
  public NeighbourTable knn(Matrix x, Matrix y, int k, Metric metric) {
    return Job.run(
        context, ownProducts, job -> new NearestNeighbours(job, x, y, k, metric, hostWork).find());
  }

  @Override
  public Graph radiusGraph(Matrix x, double radius, Metric metric) {
    hostWork.note("geometry.radiusGraph");
    return host.radiusGraph(x, radius, metric);
  }

  @Override
  public ShortestPaths shortestPaths(
      Graph graph, int[] sources, Matrix lengths, MemorySegment predecessors) {
    ShortestPathRule.Choice choice = ShortestPathRule.choose(graph, sources, predecessors != null);
    if (choice == ShortestPathRule.Choice.HOST) {
      hostWork.note(
          predecessors != null
              ? "geometry.shortestPaths: predecessors"
              : "geometry.shortestPaths: paths too long for f32");
      return host.shortestPaths(graph, sources, lengths, predecessors);
    }
    return paths(graph, sources, lengths, choice);
  }

  /** One of the algorithms on the device, whatever the rule says. */
  ShortestPaths paths(Graph graph, int[] sources, Matrix lengths, ShortestPathRule.Choice choice) {
    return Job.run(
        context, ownProducts, job -> new CudaPaths(job, graph, sources, lengths).run(choice));
  }
}
