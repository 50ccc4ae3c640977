package org.geodex.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.entropy.EntropyEstimator;
import org.geodex.entropy.EntropyEstimator.Settings;
import org.geodex.entropy.StochasticLanczos;
import org.geodex.entropy.StochasticLanczos.Effort;
import org.geodex.entropy.StochasticLanczos.Estimate;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.MatrixSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "entropy",
    mixinStandardHelpOptions = true,
    description = "Entropy, or effective number of directions, of a set of rows.",
    footer = {
      "",
      "coding-length takes rows at unit length; matrix, renyi and effective-rank centre the"
          + " columns",
      "first; participation-ratio and isoscore centre only; rankme takes the rows as they are.",
      "Example: geodex entropy layer7.npy --estimator coding-length --eps 0.5 --normalize --json"
    })
final class EntropyCommand extends GeodexCommand {
  @Mixin private InputOptions input;

  @Parameters(paramLabel = "X", description = "Matrix n x d.")
  private String x;

  @Option(
      names = "--estimator",
      paramLabel = "NAME",
      defaultValue = "matrix",
      description =
          "coding-length, matrix, effective-rank, renyi, rankme, participation-ratio or isoscore"
              + " (default ${DEFAULT-VALUE}).")
  private String estimator;

  @Option(
      names = "--eps",
      paramLabel = "E",
      defaultValue = "0.5",
      description = "Distortion of coding-length (default ${DEFAULT-VALUE}).")
  private double eps;

  @Option(
      names = "--alpha",
      paramLabel = "A",
      defaultValue = "2",
      description = "Order of renyi (default ${DEFAULT-VALUE}); 1 is the von Neumann entropy.")
  private double alpha;

  @Option(
      names = "--normalize",
      description = "Divide by the largest value: of coding-length for unit rows, ln d or d else.")
  private boolean normalize;

  @Option(
      names = "--center",
      negatable = true,
      description = "Subtract the column means or not, instead of the estimator's own rule.")
  private Boolean center;

  @Option(
      names = "--unit-rows",
      negatable = true,
      description = "Bring rows to unit length or not, instead of the estimator's own rule.")
  private Boolean unitRows;

  @Option(
      names = "--against",
      paramLabel = "Y",
      description =
          "A second matrix, such as the untrained model's: its value, the difference"
              + " (Y less X) and the ratio (Y over X) are added. With effective-rank: Diff-eRank.")
  private String against;

  @Option(
      names = "--method",
      paramLabel = "NAME",
      defaultValue = "exact",
      description =
          "exact, or lanczos: an estimate with its standard error for matrix, effective-rank and"
              + " coding-length of very wide rows (default ${DEFAULT-VALUE}).")
  private String method;

  @Option(
      names = "--probes",
      paramLabel = "P",
      defaultValue = "32",
      description = "lanczos: random vectors (default ${DEFAULT-VALUE}).")
  private int probes;

  @Option(
      names = "--steps",
      paramLabel = "M",
      defaultValue = "48",
      description = "lanczos: steps from each (default ${DEFAULT-VALUE}).")
  private int steps;

  @Override
  Map<String, Object> run(Backend backend) {
    if (method.equals("lanczos")) {
      return estimated(backend);
    }
    if (!method.equals("exact")) {
      throw new UsageException("--method %s: expected exact or lanczos", method);
    }
    return exact(backend);
  }

  private Map<String, Object> estimated(Backend backend) {
    EntropyEstimator chosen = EntropyEstimator.named(estimator);
    Settings settings = new Settings(eps, alpha, normalize, chosen.form(center, unitRows));
    if (normalize || against != null) {
      throw new UsageException("--method lanczos goes without --normalize and --against");
    }
    try (MatrixSource source = input.open(x)) {
      StochasticLanczos lanczos = new StochasticLanczos(backend, source.matrix(), settings.form());
      Estimate estimate =
          chosen.estimate(lanczos, settings, new Effort(probes, steps, common.seed));
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("value", estimate.value());
      result.put("standard_error", estimate.standardError());
      result.put("unit", chosen == EntropyEstimator.EFFECTIVE_RANK ? "dimensions" : "nats");
      result.put("estimator", chosen.toString());
      result.put("method", method);
      result.put("n", source.matrix().rows());
      result.put("d", source.matrix().columns());
      result.put("probes", probes);
      result.put("steps", steps);
      result.putAll(chosen.describe(settings));
      return result;
    } catch (InputException e) {
      throw new InputException(e, "%s: %s", x, e.getMessage());
    }
  }

  private Map<String, Object> exact(Backend backend) {
    EntropyEstimator chosen = EntropyEstimator.named(estimator);
    Settings settings = new Settings(eps, alpha, normalize, chosen.form(center, unitRows));
    Map<String, Object> result = new LinkedHashMap<>();
    try (MatrixSource source = input.open(x)) {
      EntropyEstimator.Value value = estimate(backend, chosen, source, settings);
      result.put("value", value.value());
      result.put("unit", value.unit());
      result.put("estimator", chosen.toString());
      result.put("n", source.matrix().rows());
      result.put("d", source.matrix().columns());
      chosen.describe(settings).forEach(result::put);
      if (value.rowsWithoutDirection() > 0) {
        result.put("rows_without_direction", value.rowsWithoutDirection());
        result.put(
            "warnings",
            List.of(
                "%d of %d rows have no direction (zero, or equal to the column means) and are left out"
                    .formatted(value.rowsWithoutDirection(), source.matrix().rows())));
      }
      if (against != null) {
        result.putAll(compare(backend, chosen, settings, value.value()));
      }
    }
    return result;
  }

  private Map<String, Object> compare(
      Backend backend, EntropyEstimator chosen, Settings settings, double value) {
    try (MatrixSource other = input.open(against)) {
      double second = estimate(backend, chosen, other, settings).value();
      return Map.of("against_value", second, "difference", second - value, "ratio", second / value);
    }
  }

  private static EntropyEstimator.Value estimate(
      Backend backend, EntropyEstimator chosen, MatrixSource source, Settings settings) {
    try {
      return chosen.of(backend, source.matrix(), settings);
    } catch (InputException e) {
      throw new InputException(e, "%s: %s", source.name(), e.getMessage());
    }
  }
}
