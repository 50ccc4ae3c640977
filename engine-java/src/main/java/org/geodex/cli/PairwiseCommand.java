package org.geodex.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.PairwiseDistances;
import org.geodex.geodesic.Precision;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSink;
import org.geodex.matrix.MatrixSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code geodex pairwise}: the matrix of distances between rows. */
@Command(
    name = "pairwise",
    mixinStandardHelpOptions = true,
    description = "Distances between all rows of X, or between the rows of X and those of Y.",
    footer = {
      "",
      "Blocks of rows go to the output as they are done, so the result may be larger than memory.",
      "Example: geodex pairwise x.npy --metric cosine --out distances.npy"
    })
final class PairwiseCommand extends GeodexCommand {
  @Mixin private InputOptions input;

  @Parameters(index = "0", paramLabel = "X", description = "MATRIX of n rows.")
  private String x;

  @Parameters(index = "1", arity = "0..1", paramLabel = "Y", description = "MATRIX of m rows.")
  private String y;

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      defaultValue = "euclidean",
      description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
  private Metric metric;

  @Option(
      names = "--precision",
      paramLabel = "FORM",
      defaultValue = "refined",
      description =
          "Form of squared differences: direct (all in f64), refined (matrix products, close pairs"
              + " in f64) or expanded (matrix products alone) (default ${DEFAULT-VALUE}).")
  private Precision precision;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "D",
      description = "The n x m distances (.npy, .arrow or .safetensors).")
  private Path out;

  @Override
  Map<String, Object> run(Backend backend) {
    try (MatrixSource first = input.open(x);
        MatrixSource second = y == null ? null : input.open(y)) {
      Matrix left = first.matrix();
      Matrix right = second == null ? null : second.matrix();
      PairwiseDistances.check(left, first.name(), right, y, metric);
      int m = right == null ? left.intRows() : right.intRows();
      try (MatrixSink sink = MatrixSink.create(out, left.rows(), m);
          Progress progress = progress("pairwise", left.rows())) {
        PairwiseDistances.stream(
            backend,
            left,
            right,
            metric,
            precision,
            (from, rows) -> {
              sink.write(rows);
              progress.step(rows.rows());
            });
        sink.commit();
      }
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("n", left.rows());
      result.put("m", m);
      result.put("d", left.columns());
      result.put("metric", metric.toString());
      result.put("precision", precision.toString());
      return result;
    }
  }
}
