package org.geodex.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.geodesic.ComponentPolicy;
import org.geodex.geodesic.EdgeList;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.GraphOptions;
import org.geodex.geodesic.Landmarks;
import org.geodex.geodesic.ManifoldGraph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourGraph;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSource;
import picocli.CommandLine.Option;

/** The options of commands that make a graph from rows. */
final class ManifoldOptions {
  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "15",
      description = "Neighbours of each row (default ${DEFAULT-VALUE}).")
  int k;

  @Option(
      names = "--radius",
      paramLabel = "R",
      description = "Join all rows within this distance instead of k neighbours.")
  Double radius;

  @Option(
      names = "--edges",
      paramLabel = "E",
      description =
          "A graph of your own instead of neighbours: a MATRIX with one row for each edge (vertex,"
              + " vertex, length), undirected, vertices numbered from 0. X may then be left out.")
  String edges;

  @Option(
      names = "--graph",
      paramLabel = "KIND",
      defaultValue = "union",
      description =
          "union (an edge where either row is a neighbour of the other) or mutual (where both are)"
              + " (default ${DEFAULT-VALUE}).")
  NeighbourGraph.Kind kind;

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      defaultValue = "euclidean",
      description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
  Metric metric;

  @Option(
      names = "--components",
      paramLabel = "POLICY",
      defaultValue = "error",
      description =
          "When the graph falls apart: error; bridge (join every two components by their shortest"
              + " edge); largest (go on with the rows of the largest component alone); inf"
              + " (infinite distances) (default ${DEFAULT-VALUE}).")
  ComponentPolicy policy;

  @Option(
      names = "--landmarks",
      paramLabel = "L",
      description = "Paths from L landmark rows instead of from all.")
  Integer landmarks;

  @Option(
      names = "--landmark-selection",
      paramLabel = "HOW",
      defaultValue = "max-min",
      description =
          "max-min (each as far as possible from those before) or random; both by --seed (default"
              + " ${DEFAULT-VALUE}).")
  Landmarks.Selection selection;

  private GraphOptions graphOptions() {
    if (k < 1) {
      throw new UsageException("--k %d: expected at least 1", k);
    }
    if (radius != null && !(radius >= 0 && radius < Double.POSITIVE_INFINITY)) {
      throw new UsageException("--radius %s: expected a distance of at least 0", radius);
    }
    return new GraphOptions(k, radius == null ? Double.NaN : radius, kind, metric, policy);
  }

  /**
   * The graph that was asked for.
   *
   * @param x the rows, or null where only edges were given
   */
  ManifoldGraph build(Backend backend, InputOptions input, MatrixSource x) {
    if (edges == null) {
      return ManifoldGraph.build(backend, x.matrix(), x.name(), graphOptions());
    }
    if (radius != null) {
      throw new UsageException("--edges and --radius: expected one of them");
    }
    try (MatrixSource source = input.open(edges)) {
      Matrix rows = x == null ? null : x.matrix();
      Graph graph = EdgeList.graph(source.matrix(), edges, rows == null ? -1 : rows.intRows());
      return ManifoldGraph.of(backend, graph, rows, metric, policy, edges);
    }
  }

  /** The rows, or null where edges were given without them; the caller closes them. */
  MatrixSource open(InputOptions input, String x) {
    if (x == null && edges == null) {
      throw new UsageException("name the rows X, or a graph with --edges");
    }
    return x == null ? null : input.open(x);
  }

  /** The landmarks that were asked for, or null for paths from everywhere. */
  int[] landmarks(Graph graph, long seed) {
    if (landmarks == null) {
      return null;
    }
    if (landmarks < 1) {
      throw new UsageException("--landmarks %d: expected at least 1", landmarks);
    }
    if (landmarks > graph.n()) {
      throw new InputException("--landmarks %d: the graph has only %d rows", landmarks, graph.n());
    }
    return Landmarks.choose(graph, landmarks, selection, seed);
  }

  /** The JSON keys that describe the graph. */
  Map<String, Object> describe(ManifoldGraph manifold, MatrixSource x) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("n", manifold.components().label().length);
    if (x != null) {
      result.put("d", x.matrix().columns());
    }
    if (radius != null) {
      result.put("radius", radius);
    } else if (edges == null) {
      result.put("k", k);
    }
    result.put("edges", manifold.graph().edges());
    result.put("components", manifold.components().count());
    result.put("kept", manifold.rows().length);
    result.put("bridges", manifold.bridges());
    return result;
  }
}
