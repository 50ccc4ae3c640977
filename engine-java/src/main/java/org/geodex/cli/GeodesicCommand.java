package org.geodex.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.file.AtomicOutputs;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.ManifoldGraph;
import org.geodex.geodesic.ShortestPaths;
import org.geodex.matrix.IndexSink;
import org.geodex.matrix.MatrixSink;
import org.geodex.matrix.MatrixSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code geodex geodesic}: lengths of shortest paths through a graph of neighbours. */
@Command(
    name = "geodesic",
    mixinStandardHelpOptions = true,
    description = {
      "Geodesic distances of the manifold near which the rows of X lie: lengths of the shortest",
      "paths through a graph that joins each row to its neighbours."
    },
    footer = {
      "",
      "Blocks of rows go to the output as they are done, so the result may be larger than memory.",
      "With --components largest the output has the rows and columns of the largest component",
      "alone, in the order of X; --out-rows says which they are.",
      "A SciPy graph g as --edges: c = g.tocoo(); np.save('e.npy', np.c_[c.row, c.col, c.data])",
      "Example: geodex geodesic x.npy --k 15 --components bridge --out geodesic.npy",
      "Example: geodex geodesic --edges e.npy --out geodesic.npy"
    })
final class GeodesicCommand extends GeodexCommand {
  @Mixin private InputOptions input;
  @Mixin private ManifoldOptions options;

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "X",
      description = "MATRIX of n rows; may be left out with --edges.")
  private String x;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "D",
      description = "The n x n distances, or L x n with landmarks.")
  private Path out;

  @Option(
      names = "--paths",
      paramLabel = "P",
      description =
          "The row before each row on its path, in the shape of D, 32-bit integers; -1 for the"
              + " source and for what cannot be reached.")
  private Path paths;

  @Option(
      names = "--out-rows",
      paramLabel = "R",
      description = "The rows of X that the columns of D stand for, one integer each.")
  private Path outRows;

  @Override
  Map<String, Object> run(Backend backend) {
    long start = System.nanoTime();
    try (MatrixSource source = options.open(input, x)) {
      ManifoldGraph manifold = options.build(backend, input, source);
      Graph graph = manifold.graph();
      long pathsStart = System.nanoTime();
      int[] landmarks = options.landmarks(graph, common.seed);
      int[] sources = landmarks == null ? GeodesicDistances.all(graph) : landmarks;
      ShortestPaths found = write(backend, manifold, sources);
      long end = System.nanoTime();
      Map<String, Object> result = options.describe(manifold, source);
      if (landmarks != null) {
        result.put("landmarks", rows(manifold, landmarks));
      }
      result.put("algorithm", found.algorithm());
      result.put("diameter", found.longest());
      Map<String, Object> seconds = new LinkedHashMap<>();
      seconds.put("knn", manifold.knnSeconds());
      seconds.put("graph", manifold.graphSeconds());
      seconds.put("paths", (end - pathsStart) * 1e-9);
      seconds.put("total", (end - start) * 1e-9);
      result.put("seconds", seconds);
      return result;
    }
  }

  private ShortestPaths write(Backend backend, ManifoldGraph manifold, int[] sources) {
    int n = manifold.graph().n();
    try (AtomicOutputs outputs = AtomicOutputs.open();
        MatrixSink lengths = MatrixSink.create(outputs, out, sources.length, n);
        IndexSink before =
            paths == null ? null : IndexSink.create(outputs, paths, sources.length, n);
        Progress progress = progress("geodesic", sources.length)) {
      ShortestPaths found =
          GeodesicDistances.stream(
              backend,
              manifold.graph(),
              sources,
              paths != null,
              (from, rows, predecessors) -> {
                lengths.write(rows);
                if (before != null) {
                  before.write(predecessors);
                }
                progress.step(rows.rows());
              });
      lengths.commit();
      if (before != null) {
        before.commit();
      }
      if (outRows != null) {
        try (IndexSink rows = IndexSink.create(outputs, outRows, n, 1)) {
          rows.write(manifold.rows());
          rows.commit();
        }
      }
      outputs.commit();
      return found;
    }
  }

  /** Rows of X behind vertices of the graph. */
  private static int[] rows(ManifoldGraph manifold, int[] vertices) {
    return Arrays.stream(vertices).map(v -> manifold.rows()[v]).toArray();
  }
}
