package org.geodex.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;
import picocli.CommandLine.Command;

/** Placeholder of the walking skeleton: the geometry issue replaces it. */
@Command(name = "pairwise", mixinStandardHelpOptions = true, description = "Distance matrix.")
final class PairwiseCommand extends GeodexCommand {
  @Override
  Map<String, Object> run(Backend backend) {
    try (Matrix.Owned x = Matrix.of(new float[] {0, 0}, new float[] {3, 4});
        Matrix.Owned out = Matrix.allocate(2, 2)) {
      backend.geometry().pairwise(x, x, Metric.EUCLIDEAN, out);
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("n", 2);
      result.put("value", out.get(0, 1));
      return result;
    }
  }
}
