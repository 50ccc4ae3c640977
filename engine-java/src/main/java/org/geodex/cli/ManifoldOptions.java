package org.geodex.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.geodesic.ComponentPolicy;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.GraphOptions;
import org.geodex.geodesic.Landmarks;
import org.geodex.geodesic.ManifoldGraph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourGraph;
import org.geodex.matrix.Matrix;
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

  GraphOptions graphOptions() {
    if (k < 1) {
      throw new UsageException("--k %d: expected at least 1", k);
    }
    if (radius != null && !(radius >= 0 && radius < Double.POSITIVE_INFINITY)) {
      throw new UsageException("--radius %s: expected a distance of at least 0", radius);
    }
    return new GraphOptions(k, radius == null ? Double.NaN : radius, kind, metric, policy);
  }

  ManifoldGraph build(Backend backend, Matrix x, String name) {
    return ManifoldGraph.build(backend, x, name, graphOptions());
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
  Map<String, Object> describe(ManifoldGraph manifold, int d) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("n", manifold.components().label().length);
    result.put("d", d);
    if (radius == null) {
      result.put("k", k);
    } else {
      result.put("radius", radius);
    }
    result.put("edges", manifold.graph().edges());
    result.put("components", manifold.components().count());
    result.put("kept", manifold.rows().length);
    result.put("bridges", manifold.bridges());
    return result;
  }
}
