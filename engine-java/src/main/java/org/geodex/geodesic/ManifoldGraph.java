package org.geodex.geodesic;

import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
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

  private static ManifoldGraph settle(
      Backend backend,
      Graph graph,
      Matrix x,
      String name,
      GraphOptions options,
      double knnSeconds) {
    return settle(
        backend,
        graph,
        x,
        options.metric(),
        options.policy(),
        name + ": " + options.describe(),
        options.remedy(),
        knnSeconds);
  }

  /**
   * A graph that the caller brought.
   *
   * @param x the rows behind the vertices, in whose {@code metric} components are bridged; null
   *     where there are none
   * @param name what to call the graph in messages
   */
  public static ManifoldGraph of(
      Backend backend, Graph graph, Matrix x, Metric metric, ComponentPolicy policy, String name) {
    if (policy == ComponentPolicy.BRIDGE && x == null) {
      throw new UsageException(
          "--components bridge: needs the rows X to find the shortest edges between components");
    }
    return settle(backend, graph, x, metric, policy, name + ": the graph", "", 0);
  }

  private static ManifoldGraph settle(
      Backend backend,
      Graph graph,
      Matrix x,
      Metric metric,
      ComponentPolicy policy,
      String subject,
      String remedy,
      double knnSeconds) {
    long start = System.nanoTime();
    Components components = Components.of(graph);
    int[] all = IntStream.range(0, graph.n()).toArray();
    if (components.count() <= 1 || policy == ComponentPolicy.INF) {
      return new ManifoldGraph(graph, all, components, 0, knnSeconds, seconds(start));
    }
    return switch (policy) {
      case ERROR ->
          throw new InputException(
              "%s has %s; %schoose --components %slargest or inf",
              subject, components.describe(), remedy, x == null ? "" : "bridge, ");
      case BRIDGE -> {
        Graph joined = NeighbourGraph.bridged(backend, graph, components, x, metric);
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
