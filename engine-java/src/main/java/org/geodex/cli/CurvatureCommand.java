package org.geodex.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.geodesic.TrajectoryCurvature;
import org.geodex.matrix.MatrixSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code geodex curvature}: how much token sequences bend, layer by layer. */
@Command(
    name = "curvature",
    mixinStandardHelpOptions = true,
    description = {
      "Mean angle, in radians, between successive steps of a sequence of rows; one value for each",
      "MATRIX, so that the layers of a model can be given one after the other."
    },
    footer = {
      "",
      "Example: geodex curvature states.safetensors#hidden_states.0"
          + " states.safetensors#hidden_states.6"
    })
final class CurvatureCommand extends GeodexCommand {
  @Mixin private InputOptions input;

  @Parameters(arity = "1..*", paramLabel = "X", description = "MATRIX of one row per token.")
  private List<String> layers;

  @Option(
      names = "--lengths",
      split = ",",
      paramLabel = "N",
      description = "Rows of each sequence, when a matrix holds several one after the other.")
  private long[] lengths;

  @Override
  Map<String, Object> run(Backend backend) {
    List<Map<String, Object>> values = new ArrayList<>();
    for (String layer : layers) {
      try (MatrixSource source = input.open(layer)) {
        values.add(measure(layer, source));
      }
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("value", values.size() == 1 ? values.get(0).get("value") : null);
    result.put("unit", "radians");
    result.put("layers", values);
    return result;
  }

  private Map<String, Object> measure(String layer, MatrixSource source) {
    long n = source.matrix().rows();
    long[] parts = lengths == null ? new long[] {n} : lengths;
    if (LongStream.of(parts).anyMatch(length -> length < 1)) {
      throw new UsageException("--lengths: expected at least 1 row in each sequence");
    }
    if (LongStream.of(parts).sum() != n) {
      throw new InputException(
          "%s: has %d rows, but --lengths add up to %d", layer, n, LongStream.of(parts).sum());
    }
    TrajectoryCurvature curvature = TrajectoryCurvature.of(source.matrix(), parts);
    if (curvature.angles() == 0) {
      throw new InputException(
          "%s: no three successive rows with steps of some length, so there is no angle", layer);
    }
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", layer);
    entry.put("value", curvature.mean());
    entry.put("angles", curvature.angles());
    entry.put("zero_steps", curvature.zeroSteps());
    return entry;
  }
}
