package org.geodex.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.geodex.backend.Backend;
import org.geodex.divergence.Shrinkage;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.information.Caution;
import org.geodex.information.IndependenceTest;
import org.geodex.information.KsgParameters;
import org.geodex.information.KsgParameters.Norm;
import org.geodex.information.KsgParameters.Variant;
import org.geodex.information.MutualInformationGaussian;
import org.geodex.information.MutualInformationGeodesicKsg;
import org.geodex.information.MutualInformationInfoNce;
import org.geodex.information.MutualInformationKsg;
import org.geodex.information.MutualInformationMatrix;
import org.geodex.information.MutualInformationMine;
import org.geodex.information.NeuralEstimate;
import org.geodex.information.NeuralParameters;
import org.geodex.information.PairedEstimator;
import org.geodex.information.PrincipalComponents;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSource;
import picocli.CommandLine.ArgGroup;
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
      "ksg1, ksg2: nearest neighbours in the max norm, for up to about five columns.",
      "geodesic-ksg: the same with neighbours along the manifold. gaussian: from covariances.",
      "mine, infonce: trained lower bounds, the value is that of rows not trained on.",
      "matrix: matrix-based Renyi entropies of Gaussian kernels.",
      "",
      "Example: geodex mi layer3.npy layer9.npy --estimator ksg1 --pca 4 --permutations 100 --json"
    })
final class MiCommand extends GeodexCommand {
  private static final List<String> ESTIMATORS =
      List.of("ksg1", "ksg2", "geodesic-ksg", "gaussian", "mine", "infonce", "matrix");

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
      names = "--given",
      paramLabel = "Z",
      description = "I(X;Y|Z) instead, by ksg1 or gaussian.")
  String given;

  @Option(
      names = "--pca",
      paramLabel = "R",
      description = "Take the R leading principal components of X, of Y and of Z first.")
  Integer components;

  @Option(
      names = "--permutations",
      paramLabel = "B",
      description = "Also estimate B random pairings: null_mean, null_sd, p_value.")
  Integer permutations;

  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "4",
      description = "ksg1, ksg2, geodesic-ksg: joint neighbours (default ${DEFAULT-VALUE}).")
  int k;

  @Option(
      names = "--norm",
      paramLabel = "NAME",
      defaultValue = "max",
      description =
          "ksg1, ksg2: max or euclidean within X and within Y (default ${DEFAULT-VALUE}).")
  String norm;

  @Option(
      names = "--graph-k",
      paramLabel = "K",
      defaultValue = "15",
      description = "geodesic-ksg: neighbours in the graphs (default ${DEFAULT-VALUE}).")
  int graphK;

  @Option(
      names = "--shrinkage",
      paramLabel = "A",
      defaultValue = "none",
      description =
          "gaussian: none, ledoit-wolf or a number from 0 to 1 (default ${DEFAULT-VALUE}).")
  String shrinkage;

  @Option(
      names = "--alpha",
      paramLabel = "A",
      defaultValue = "1",
      description = "matrix: order of the entropy (default ${DEFAULT-VALUE}).")
  double alpha;

  @Option(
      names = "--bandwidth",
      paramLabel = "S",
      defaultValue = "0",
      description = "matrix: sigma of both kernels (default: each one's median distance).")
  double bandwidth;

  @ArgGroup(exclusive = false, heading = "Training of mine and infonce:%n")
  Training training = new Training();

  @Mixin InputOptions input;

  /** Options of the trained bounds. */
  static final class Training {
    @Option(
        names = "--hidden",
        paramLabel = "W",
        split = ",",
        description = "Widths of the hidden layers (default 128,64).")
    int[] hidden = {128, 64};

    @Option(names = "--batch", paramLabel = "B", description = "Pairs in a step (default 256).")
    int batch = 256;

    @Option(
        names = "--epochs",
        paramLabel = "N",
        description = "Passes over the training rows at most (default 300).")
    int epochs = 300;

    @Option(
        names = "--patience",
        paramLabel = "N",
        description = "Epochs without a better validation value before it stops (default 20).")
    int patience = 20;

    @Option(names = "--learning-rate", paramLabel = "R", description = "Default 0.001.")
    double rate = 1e-3;

    NeuralParameters parameters(long seed) {
      NeuralParameters defaults = NeuralParameters.defaults(seed);
      return new NeuralParameters(
          hidden,
          batch,
          epochs,
          patience,
          rate,
          defaults.decay(),
          defaults.clip(),
          defaults.memory(),
          seed);
    }
  }

  @Override
  Map<String, Object> run(Backend backend) {
    checkOptions();
    try (MatrixSource left = input.open(x);
        MatrixSource right = input.open(y);
        MatrixSource condition = given == null ? null : input.open(given)) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("value", 0.0);
      result.put("unit", "nats");
      result.put("estimator", estimator);
      result.put("n", left.matrix().rows());
      result.put("dx", left.matrix().columns());
      result.put("dy", right.matrix().columns());
      if (condition != null) {
        result.put("dz", condition.matrix().columns());
      }
      Matrix z = condition == null ? null : condition.matrix();
      reduceAndEstimate(backend, left.matrix(), right.matrix(), z, result);
      return result;
    } catch (InputException e) {
      throw named(e);
    }
  }

  /** Says which files X and Y are. */
  private InputException named(InputException e) {
    String message = e.getMessage();
    return message.contains(x) || message.contains(y) || (given != null && message.contains(given))
        ? e
        : new InputException(e, "%s (X is %s, Y is %s)", message, x, y);
  }

  private void checkOptions() {
    if (!ESTIMATORS.contains(estimator)) {
      throw new UsageException(
          "--estimator %s: expected %s", estimator, String.join(", ", ESTIMATORS));
    }
    if (!List.of("max", "euclidean").contains(norm)) {
      throw new UsageException("--norm %s: expected max or euclidean", norm);
    }
    if (given != null && !List.of("ksg1", "gaussian").contains(estimator)) {
      throw new UsageException("--given: only ksg1 and gaussian have a conditional form");
    }
    if (given != null && permutations != null) {
      throw new UsageException(
          "--permutations with --given: shuffled rows lose their tie to Z too, so they are no null"
              + " of I(X;Y|Z)");
    }
    if (permutations != null && permutations < 1) {
      throw new UsageException("--permutations %d: expected at least 1", permutations);
    }
  }

  private void reduceAndEstimate(
      Backend backend, Matrix left, Matrix right, Matrix z, Map<String, Object> result) {
    if (components == null) {
      estimate(backend, left, right, z, result);
      return;
    }
    result.put("pca", components);
    try (Matrix.Owned a = PrincipalComponents.scores(backend, "X", left, components);
        Matrix.Owned b = PrincipalComponents.scores(backend, "Y", right, components);
        Matrix.Owned c =
            z == null ? null : PrincipalComponents.scores(backend, "Z", z, components)) {
      estimate(backend, a, b, c, result);
    }
  }

  private void estimate(
      Backend backend, Matrix left, Matrix right, Matrix z, Map<String, Object> result) {
    double value;
    if (z != null) {
      value = conditional(backend, left, right, z, result);
    } else {
      try (PairedEstimator paired = paired(backend, left, right, result)) {
        value = paired.value(null);
        if (permutations != null) {
          test(paired, value, left.intRows(), result);
        }
      }
    }
    result.put("value", value);
    List<String> cautions = cautions(left, right, value);
    if (!cautions.isEmpty()) {
      result.put("warnings", cautions);
    }
  }

  private double conditional(
      Backend backend, Matrix left, Matrix right, Matrix z, Map<String, Object> result) {
    if (estimator.equals("gaussian")) {
      result.put("shrinkage", shrinkage);
      return MutualInformationGaussian.of(backend, left, right, z, Shrinkage.parse(shrinkage));
    }
    result.put("k", k);
    result.put("norm", norm);
    return MutualInformationKsg.given(backend, left, right, z, ksg());
  }

  private KsgParameters ksg() {
    Variant variant = estimator.equals("ksg2") ? Variant.TWO : Variant.ONE;
    return new KsgParameters(k, variant, norm.equals("max") ? Norm.MAX : Norm.EUCLIDEAN);
  }

  private PairedEstimator paired(
      Backend backend, Matrix left, Matrix right, Map<String, Object> result) {
    return switch (estimator) {
      case "ksg1", "ksg2" -> {
        result.put("k", k);
        result.put("norm", norm);
        yield MutualInformationKsg.estimator(backend, left, right, ksg());
      }
      case "geodesic-ksg" -> {
        result.put("k", k);
        result.put("graph_k", graphK);
        yield MutualInformationGeodesicKsg.estimator(backend, left, right, graphK, ksg());
      }
      case "gaussian" -> {
        result.put("shrinkage", shrinkage);
        yield MutualInformationGaussian.estimator(backend, left, right, Shrinkage.parse(shrinkage));
      }
      case "matrix" -> {
        result.put("alpha", alpha);
        result.put("bandwidth", bandwidth > 0 ? bandwidth : "median");
        yield MutualInformationMatrix.estimator(backend, left, right, alpha, bandwidth);
      }
      default -> trained(backend, left, right, result);
    };
  }

  /** The training curve of the pairing that the user gave is kept in the result. */
  private PairedEstimator trained(
      Backend backend, Matrix left, Matrix right, Map<String, Object> result) {
    NeuralParameters parameters = training.parameters(common.seed);
    result.put("hidden", Arrays.stream(parameters.hidden()).boxed().toList());
    result.put("batch", parameters.batch());
    return pairing -> {
      NeuralEstimate estimate =
          estimator.equals("mine")
              ? MutualInformationMine.of(backend, left, right, pairing, parameters)
              : MutualInformationInfoNce.of(backend, left, right, pairing, parameters);
      if (pairing == null) {
        result.put("epochs", estimate.curve().size());
        result.put("best_epoch", estimate.best());
        result.put("training_curve", curve(estimate, NeuralEstimate.Epoch::training));
        result.put("validation_curve", curve(estimate, NeuralEstimate.Epoch::validation));
      }
      return estimate.value();
    };
  }

  private static List<Double> curve(
      NeuralEstimate estimate, ToDoubleFunction<NeuralEstimate.Epoch> part) {
    return estimate.curve().stream().mapToDouble(part).boxed().toList();
  }

  private void test(PairedEstimator paired, double value, int n, Map<String, Object> result) {
    try (Progress progress = progress("permutations", permutations)) {
      IndependenceTest test =
          IndependenceTest.of(paired, value, n, permutations, common.seed, () -> progress.step(1));
      result.put("permutations", permutations);
      result.put("null_mean", test.nullMean());
      result.put("null_sd", test.nullSd());
      result.put("p_value", test.pValue());
    }
  }

  private List<String> cautions(Matrix left, Matrix right, double value) {
    long n = left.rows();
    int dx = left.columns();
    int dy = right.columns();
    List<String> cautions = new ArrayList<>();
    if (estimator.contains("ksg")) {
      cautions.addAll(Caution.ofTies("X", left));
      cautions.addAll(Caution.ofTies("Y", right));
    }
    cautions.addAll(
        switch (estimator) {
          case "ksg1", "ksg2" -> Caution.ofKsg(n, dx, dy, k, value);
          case "geodesic-ksg" -> Caution.ofGeodesicKsg(n, k, value);
          case "gaussian" -> Caution.ofGaussian(n, dx, dy);
          case "infonce" -> Caution.ofInfoNce(training.batch, value);
          default -> List.of();
        });
    if (List.of("mine", "infonce").contains(estimator)) {
      cautions.addAll(Caution.ofTraining(n));
    }
    return cautions;
  }
}
