package org.geodex.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.error.UsageException;
import org.geodex.file.AtomicOutputs;
import org.geodex.geodesic.Knn;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.matrix.IndexSink;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSink;
import org.geodex.matrix.MatrixSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code geodex knn}: exact nearest neighbours. */
@Command(
    name = "knn",
    mixinStandardHelpOptions = true,
    description = {
      "Exact nearest neighbours: for each row of X the k nearest other rows of X, or the k nearest",
      "rows of Y. Equal distances are ordered by index."
    },
    footer = {
      "",
      "Example: geodex knn x.npy --k 15 --out-indices neighbours.npy --out-distances distances.npy"
    })
final class KnnCommand extends GeodexCommand {
  @Mixin private InputOptions input;

  @Parameters(index = "0", paramLabel = "X", description = "MATRIX of n rows.")
  private String x;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "Y",
      description = "MATRIX to find neighbours in; without it X, where a row is not its own.")
  private String y;

  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "15",
      description = "Neighbours of each row (default ${DEFAULT-VALUE}).")
  private int k;

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      defaultValue = "euclidean",
      description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
  private Metric metric;

  @Option(
      names = "--out-indices",
      paramLabel = "I",
      description = "The n x k indices, 32-bit integers, nearest first.")
  private Path outIndices;

  @Option(names = "--out-distances", paramLabel = "D", description = "The n x k distances.")
  private Path outDistances;

  @Override
  Map<String, Object> run(Backend backend) {
    if (outIndices == null && outDistances == null) {
      throw new UsageException("name an output: --out-indices, --out-distances or both");
    }
    if (outIndices != null && outIndices.equals(outDistances)) {
      throw new UsageException("--out-indices and --out-distances name the same file");
    }
    try (MatrixSource first = input.open(x);
        MatrixSource second = y == null ? null : input.open(y);
        AtomicOutputs outputs = AtomicOutputs.open()) {
      Matrix left = first.matrix();
      NeighbourTable table =
          second == null
              ? Knn.of(backend, left, x, k, metric)
              : Knn.between(backend, left, x, second.matrix(), y, k, metric);
      write(table, outputs);
      outputs.commit();
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("n", left.rows());
      result.put("d", left.columns());
      result.put("k", k);
      result.put("metric", metric.toString());
      return result;
    }
  }

  private void write(NeighbourTable table, AtomicOutputs outputs) {
    if (outIndices != null) {
      try (IndexSink sink = IndexSink.create(outputs, outIndices, table.n(), table.k())) {
        sink.write(table.indices());
        sink.commit();
      }
    }
    if (outDistances != null) {
      try (MatrixSink sink = MatrixSink.create(outputs, outDistances, table.n(), table.k());
          Matrix.Owned distances = table.distances()) {
        sink.write(distances);
        sink.commit();
      }
    }
  }
}
