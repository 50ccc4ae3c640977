package org.geodex.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.MemoryBudgetException;
import org.geodex.error.UsageException;
import org.geodex.geodesic.ComponentPolicy;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.Isomap;
import org.geodex.geodesic.ManifoldGraph;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSource;
import org.geodex.matrix.MatrixWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code geodex isomap}: coordinates that keep geodesic distances. */
@Command(
    name = "isomap",
    mixinStandardHelpOptions = true,
    description = {
      "Isomap coordinates of the rows of X: classical scaling of their geodesic distances, or with",
      "--landmarks of those from landmarks alone (memory L x n instead of n x n)."
    },
    footer = {"", "Example: geodex isomap x.npy --k 15 --dimensions 2 --out coordinates.npy"})
final class IsomapCommand extends GeodexCommand {
  @Mixin private InputOptions input;
  @Mixin private ManifoldOptions options;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "X",
      description = "MATRIX of n rows; may be left out with --edges.")
  private String x;

  @Option(
      names = "--dimensions",
      paramLabel = "C",
      defaultValue = "2",
      description = "Coordinates of each row (default ${DEFAULT-VALUE}).")
  private int dimensions;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "Y",
      description = "The n x C coordinates.")
  private Path out;

  @Override
  Map<String, Object> run(Backend backend) {
    if (options.policy == ComponentPolicy.INF) {
      throw new UsageException(
          "--components inf: infinite distances have no coordinates; use error, bridge or largest");
    }
    long start = System.nanoTime();
    try (MatrixSource source = options.open(input, x)) {
      ManifoldGraph manifold = options.build(backend, input, source);
      Graph graph = manifold.graph();
      long pathsStart = System.nanoTime();
      int[] landmarks = options.landmarks(graph, common.seed);
      int[] sources = landmarks == null ? GeodesicDistances.all(graph) : landmarks;
      checkMemory(backend, sources.length, graph.n());
      try (Matrix.Owned distances = Matrix.allocate(sources.length, graph.n())) {
        ShortestPaths found = backend.geometry().shortestPaths(graph, sources, distances, null);
        if (found.longest() == 0) {
          throw new InputException(
              "%s: all rows are equal, so there are no coordinates to find",
              x == null ? options.edges : x);
        }
        long embeddingStart = System.nanoTime();
        try (Isomap.Embedding embedding =
            landmarks == null
                ? Isomap.classical(backend, distances, dimensions)
                : Isomap.landmark(backend, distances, landmarks, dimensions)) {
          MatrixWriter.write(out, embedding.coordinates());
          long end = System.nanoTime();
          Map<String, Object> result = options.describe(manifold, source);
          result.put("dimensions", dimensions);
          result.put("algorithm", found.algorithm());
          result.put("diameter", found.longest());
          result.put("eigenvalues", embedding.eigenvalues());
          result.put("residual_variance", embedding.residualVariance());
          Map<String, Object> seconds = new LinkedHashMap<>();
          seconds.put("knn", manifold.knnSeconds());
          seconds.put("graph", manifold.graphSeconds());
          seconds.put("paths", (embeddingStart - pathsStart) * 1e-9);
          seconds.put("embedding", (end - embeddingStart) * 1e-9);
          seconds.put("total", (end - start) * 1e-9);
          result.put("seconds", seconds);
          return result;
        }
      }
    }
  }

  private void checkMemory(Backend backend, long rows, long n) {
    long needed = 4 * rows * n + Isomap.bytes(rows, dimensions);
    if (needed > backend.memoryBudget()) {
      throw new MemoryBudgetException(
          "%,d bytes for the %d x %d distances, but --memory-budget is %,d: raise it or"
              + " choose --landmarks",
          needed, rows, n, backend.memoryBudget());
    }
  }
}
