package org.geodex.geodesic;

import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/**
 * A graph that stands for the manifold near which data lies, with its components dealt with.
 *
 * @param graph its vertices are the kept rows
 * @param rows the rows that were kept, ascending: vertex v is row rows[v]
 * @param components of the graph before the policy was applied
 * @param bridges edges that the policy added
 * @param knnSeconds time for neighbours
 * @param graphSeconds time for everything after them
 */
public record ManifoldGraph(
    Graph graph,
    int[] rows,
    Components components,
    int bridges,
    double knnSeconds,
    double graphSeconds) {

  /**
   * Builds the graph of rows.
   *
   * @param name what to call the rows in messages
   * @throws InputException when there are fewer rows than neighbours, or more than one component
   *     and the policy is to refuse
   */
  public static ManifoldGraph build(Backend backend, Matrix x, String name, GraphOptions options) {
    long start = System.nanoTime();
    if (options.byRadius()) {
      MetricDomain.check(options.metric(), x, name);
      Graph graph = backend.geometry().radiusGraph(x, options.radius(), options.metric());
      return settle(backend, graph, x, name, options, seconds(start));
    }
    NeighbourTable table = Knn.of(backend, x, name, options.k(), options.metric());
    double knn = seconds(start);
    return settle(backend, NeighbourGraph.of(table, options.kind()), x, name, options, knn);
  }

  /** As {@link #build}, from neighbours that are known already. */
  public static ManifoldGraph build(
      Backend backend, NeighbourTable table, Matrix x, String name, GraphOptions options) {
    Graph graph = NeighbourGraph.of(table.nearest(options.k()), options.kind());
    return settle(backend, graph, x, name, options, 0);
  }

  /**
   * Applies the component policy to a graph.
   *
   * @param x the rows behind the vertices, or null where there are none: then nothing can be
   *     bridged
   */
  public static ManifoldGraph settle(
      Backend backend,
      Graph graph,
      Matrix x,
      String name,
      GraphOptions options,
      double knnSeconds) {
    long start = System.nanoTime();
    Components components = Components.of(graph);
    int[] all = IntStream.range(0, graph.n()).toArray();
    if (components.count() <= 1 || options.policy() == ComponentPolicy.INF) {
      return new ManifoldGraph(graph, all, components, 0, knnSeconds, seconds(start));
    }
    return switch (options.policy()) {
      case ERROR ->
          throw new InputException(
              "%s: %s has %s; raise --k, or choose --components bridge, largest or inf",
              name, options.describe(), components.describe());
      case BRIDGE -> {
        Graph joined = NeighbourGraph.bridged(backend, graph, components, x, options.metric());
        int bridges = joined.edges() - graph.edges();
        yield new ManifoldGraph(joined, all, components, bridges, knnSeconds, seconds(start));
      }
      case LARGEST -> {
        int[] rows = components.vertices(components.largest());
        yield new ManifoldGraph(
            graph.induced(rows), rows, components, 0, knnSeconds, seconds(start));
      }
      case INF -> throw new AssertionError();
    };
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) * 1e-9;
  }
}
