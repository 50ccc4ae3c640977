package org.geodex.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.divergence.KlCategorical;
import org.geodex.divergence.KlGaussianDiagonal;
import org.geodex.divergence.KlGaussianFull;
import org.geodex.divergence.KlKnn;
import org.geodex.divergence.Shrinkage;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSink;
import org.geodex.matrix.MatrixSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code geodex kl}. */
@Command(
    name = "kl",
    mixinStandardHelpOptions = true,
    description = "Kullback-Leibler divergence KL(P||Q) in nats.",
    footer = {
      "",
      "gaussian-diag, gaussian-full: closed form between normal distributions fitted to the rows.",
      "knn: from nearest neighbours, no model. categorical: rows are distributions; the value is",
      "the mean over paired rows, and --out holds row by row.",
      "",
      "Example: geodex kl layer3.npy layer9.npy --estimator gaussian-full --json"
    })
final class KlCommand extends GeodexCommand {
  private static final List<String> ESTIMATORS =
      List.of("gaussian-diag", "gaussian-full", "knn", "categorical");

  @Parameters(index = "0", paramLabel = "P", description = "Samples or distributions, one a row.")
  String p;

  @Parameters(index = "1", paramLabel = "Q", description = "The same, in the same space.")
  String q;

  @Option(
      names = "--estimator",
      required = true,
      paramLabel = "NAME",
      description = "gaussian-diag, gaussian-full, knn or categorical.")
  String estimator;

  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "5",
      description = "knn: order of the neighbours (default ${DEFAULT-VALUE}).")
  int k;

  @Option(
      names = "--bias",
      paramLabel = "NAME",
      defaultValue = "fixed-order",
      description =
          "knn: fixed-order or common-radius, the paper's two forms (default ${DEFAULT-VALUE}).")
  String bias;

  @Option(
      names = "--eps",
      paramLabel = "E",
      defaultValue = "0",
      description = "gaussian-diag: added to every variance (default ${DEFAULT-VALUE}).")
  double epsilon;

  @Option(
      names = "--shrinkage",
      paramLabel = "A",
      defaultValue = "none",
      description =
          "gaussian-full: none, ledoit-wolf or a number from 0 to 1 (default ${DEFAULT-VALUE}).")
  String shrinkage;

  @Option(
      names = "--compat",
      paramLabel = "NAME",
      description =
          "gaussian-diag: reference is the published MSMA code's form (population variance +"
              + " 1e-6).")
  String compat;

  @Option(names = "--logits", description = "categorical: rows are logits, not probabilities.")
  boolean logits;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "categorical: write KL of each row of P from each row of Q (n x m).")
  Path out;

  @Mixin InputOptions input;

  @Override
  Map<String, Object> run(Backend backend) {
    checkOptions();
    try (MatrixSource left = input.open(p);
        MatrixSource right = input.open(q)) {
      Map<String, Object> result = new LinkedHashMap<>();
      estimate(backend, left.matrix(), right.matrix(), result);
      return result;
    } catch (InputException e) {
      throw named(e);
    }
  }

  /** Says which files P and Q are. */
  private InputException named(InputException e) {
    return e.getMessage().contains(p) || e.getMessage().contains(q)
        ? e
        : new InputException(e, "%s (P is %s, Q is %s)", e.getMessage(), p, q);
  }

  private void checkOptions() {
    if (!ESTIMATORS.contains(estimator)) {
      throw new UsageException(
          "--estimator %s: expected %s", estimator, String.join(", ", ESTIMATORS));
    }
    if (compat != null && !(compat.equals("reference") && estimator.equals("gaussian-diag"))) {
      throw new UsageException(
          "--compat %s: expected reference, with --estimator gaussian-diag", compat);
    }
    if (out != null && !estimator.equals("categorical")) {
      throw new UsageException("--out: only --estimator categorical has a value for each row");
    }
  }

  private void estimate(Backend backend, Matrix left, Matrix right, Map<String, Object> result) {
    List<String> warnings = new ArrayList<>();
    Double value =
        switch (estimator) {
          case "gaussian-diag" ->
              compat == null
                  ? KlGaussianDiagonal.of(backend, left, right, epsilon)
                  : KlGaussianDiagonal.reference(backend, left, right);
          case "gaussian-full" ->
              KlGaussianFull.of(backend, left, right, Shrinkage.parse(shrinkage));
          case "knn" -> knn(backend, left, right, result, warnings);
          default -> categorical(backend, left, right);
        };
    Map<String, Object> parameters = new LinkedHashMap<>(result);
    result.clear();
    if (value != null) {
      result.put("value", value);
    }
    result.put("unit", "nats");
    result.put("estimator", compat == null ? estimator : estimator + " (reference)");
    result.put("n", left.rows());
    result.put("m", right.rows());
    result.put("d", left.columns());
    result.putAll(parameters);
    if (out != null) {
      result.put("out", out.toString());
    }
    if (!warnings.isEmpty()) {
      result.put("warnings", warnings);
    }
  }

  private double knn(
      Backend backend,
      Matrix left,
      Matrix right,
      Map<String, Object> parameters,
      List<String> warnings) {
    KlKnn.Estimate estimate = KlKnn.of(backend, left, right, k, KlKnn.Bias.parse(bias));
    parameters.put("k", k);
    parameters.put("bias", bias);
    parameters.put("duplicates", estimate.duplicates());
    if (estimate.duplicates() > 0) {
      warnings.add(
          "%d of %d rows of P have %d exact copies in P or in Q and were left out: they have no density"
              .formatted(estimate.duplicates(), left.rows(), k));
    }
    return estimate.value();
  }

  /** Null where there is only the matrix, since the sets differ in size. */
  private Double categorical(Backend backend, Matrix left, Matrix right) {
    if (out == null) {
      return KlCategorical.mean(backend, left, right, logits);
    }
    backend.requireMemory(
        4.0 * left.rows() * right.rows(),
        "%d x %d divergences".formatted(left.rows(), right.rows()),
        "compare fewer rows");
    try (Matrix.Owned values = Matrix.allocate(left.rows(), right.intRows());
        MatrixSink sink = MatrixSink.create(out, values.rows(), values.columns())) {
      KlCategorical.pairwise(backend, left, right, logits, values);
      sink.write(values);
      Double mean =
          left.rows() == right.rows() ? KlCategorical.mean(backend, left, right, logits) : null;
      sink.commit();
      return mean;
    }
  }
}
