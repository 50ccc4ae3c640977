package org.geodex.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.divergence.Shrinkage;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.information.KsgParameters;
import org.geodex.information.MutualInformationGaussian;
import org.geodex.information.MutualInformationKsg;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code geodex mi}. */
@Command(
    name = "mi",
    mixinStandardHelpOptions = true,
    description = "Mutual information I(X;Y) in nats; row i of X and of Y is one observation.",
    footer = {
      "",
      "Example: geodex mi layer3.npy layer9.npy --estimator ksg1 --pca 4 --permutations 100 --json"
    })
final class MiCommand extends GeodexCommand {
  private static final List<String> ESTIMATORS = List.of("ksg1", "ksg2", "gaussian");

  @Parameters(index = "0", paramLabel = "X", description = "Observations of X, one a row.")
  String x;

  @Parameters(index = "1", paramLabel = "Y", description = "Observations of Y, as many.")
  String y;

  @Option(
      names = "--estimator",
      required = true,
      paramLabel = "NAME",
      description = "ksg1, ksg2, geodesic-ksg, gaussian, mine, infonce or matrix.")
  String estimator;

  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "4",
      description = "ksg: neighbours in the joint space (default ${DEFAULT-VALUE}).")
  int k;

  @Option(
      names = "--shrinkage",
      paramLabel = "A",
      defaultValue = "none",
      description =
          "gaussian: none, ledoit-wolf or a number from 0 to 1 (default ${DEFAULT-VALUE}).")
  String shrinkage;

  @Mixin InputOptions input;

  @Override
  Map<String, Object> run(Backend backend) {
    if (!ESTIMATORS.contains(estimator)) {
      throw new UsageException(
          "--estimator %s: expected %s", estimator, String.join(", ", ESTIMATORS));
    }
    try (MatrixSource left = input.open(x);
        MatrixSource right = input.open(y)) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("value", estimate(backend, left.matrix(), right.matrix()));
      result.put("unit", "nats");
      result.put("estimator", estimator);
      result.put("n", left.matrix().rows());
      result.put("dx", left.matrix().columns());
      result.put("dy", right.matrix().columns());
      return result;
    } catch (InputException e) {
      throw e.getMessage().contains(x) || e.getMessage().contains(y)
          ? e
          : new InputException(e, "%s (X is %s, Y is %s)", e.getMessage(), x, y);
    }
  }

  private double estimate(Backend backend, Matrix left, Matrix right) {
    return switch (estimator) {
      case "ksg1" ->
          MutualInformationKsg.of(
              backend, left, right, KsgParameters.of(k, KsgParameters.Variant.ONE));
      case "ksg2" ->
          MutualInformationKsg.of(
              backend, left, right, KsgParameters.of(k, KsgParameters.Variant.TWO));
      default ->
          MutualInformationGaussian.of(backend, left, right, null, Shrinkage.parse(shrinkage));
    };
  }
}
