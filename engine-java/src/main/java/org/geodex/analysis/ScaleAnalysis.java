package org.geodex.analysis;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.activation.LayerStates;
import org.geodex.activation.RowSample;
import org.geodex.backend.Backend;
import org.geodex.divergence.KlGaussianDiagonal;
import org.geodex.divergence.Shrinkage;
import org.geodex.entropy.EntropyEstimator;
import org.geodex.information.KsgParameters;
import org.geodex.information.MutualInformationGaussian;
import org.geodex.information.MutualInformationKsg;
import org.geodex.information.PrincipalComponents;
import org.geodex.matrix.Matrix;
import org.geodex.scale.LayerKernel;
import org.geodex.scale.LayerRange;
import org.geodex.scale.Partition;
import org.geodex.scale.ScaleMean;
import org.geodex.similarity.CkaDebiased;
import org.geodex.similarity.DistanceCorrelation;

/**
 * Figures of the three scales and between them. A scale is represented by the mean over its layers'
 * hidden states, token by token.
 */
public final class ScaleAnalysis {
  private static final int KSG_COMPONENTS = 4;

  private ScaleAnalysis() {}

  /** A measure from one scale to another; {@code rows} is how many rows it looked at. */
  public record Between(
      String from, String to, String measure, double value, String unit, long rows) {}

  /** A figure of one scale. */
  public record Within(String scale, String measure, double value, String unit) {}

  /** Everything about the scales. */
  public record Result(
      Map<String, LayerRange> scales, List<Within> within, List<Between> between) {}

  public static Result of(
      Backend backend, LayerStates states, Partition partition, LayerAnalysis.Settings settings) {
    Map<String, Matrix.Owned> representations = new LinkedHashMap<>();
    try {
      partition
          .scales()
          .forEach((name, range) -> representations.put(name, ScaleMean.of(states, range)));
      List<Within> within = new ArrayList<>();
      representations.forEach((name, x) -> within.addAll(within(backend, name, x)));
      List<Between> between = new ArrayList<>();
      RowSample sample = RowSample.of(states.rows(), settings.maxRows(), settings.seed());
      String[][] pairs = {
        {"global", "intermediate"}, {"intermediate", "local"}, {"global", "local"}
      };
      for (String[] pair : pairs) {
        between.addAll(
            between(
                backend,
                pair[0],
                representations.get(pair[0]),
                pair[1],
                representations.get(pair[1]),
                sample));
      }
      return new Result(partition.scales(), within, between);
    } finally {
      representations.values().forEach(Matrix.Owned::close);
    }
  }

  private static List<Within> within(Backend backend, String scale, Matrix x) {
    List<Within> figures = new ArrayList<>();
    for (EntropyEstimator estimator :
        List.of(
            EntropyEstimator.MATRIX,
            EntropyEstimator.EFFECTIVE_RANK,
            EntropyEstimator.PARTICIPATION_RATIO)) {
      EntropyEstimator.Value value = estimator.of(backend, x, estimator.defaults());
      figures.add(new Within(scale, estimator.toString(), value.value(), value.unit()));
    }
    return figures;
  }

  private static List<Between> between(
      Backend backend, String from, Matrix x, String to, Matrix y, RowSample sample) {
    List<Between> figures = new ArrayList<>();
    long n = x.rows();
    figures.add(
        new Between(
            from, to, "kl gaussian-diag", KlGaussianDiagonal.of(backend, x, y, 1e-6), "nats", n));
    int r = LayerKernel.usableComponents(8, x.intRows(), x.columns());
    try (Matrix.Owned a = PrincipalComponents.scores(backend, x, r);
        Matrix.Owned b = PrincipalComponents.scores(backend, y, r)) {
      double mi = MutualInformationGaussian.of(backend, a, b, null, Shrinkage.NONE);
      figures.add(new Between(from, to, "mi gaussian, pca " + r, mi, "nats", n));
    }
    figures.add(new Between(from, to, "cka-debiased", new CkaDebiased().of(backend, x, y), "", n));
    try (Matrix.Owned u = sample.of(x);
        Matrix.Owned v = sample.of(y)) {
      int few = LayerKernel.usableComponents(KSG_COMPONENTS, u.intRows(), u.columns());
      try (Matrix.Owned a = PrincipalComponents.scores(backend, u, few);
          Matrix.Owned b = PrincipalComponents.scores(backend, v, few)) {
        double mi =
            MutualInformationKsg.of(backend, a, b, KsgParameters.of(4, KsgParameters.Variant.ONE));
        figures.add(new Between(from, to, "mi ksg1, pca " + few, mi, "nats", sample.size()));
      }
      double dcor = new DistanceCorrelation(false).of(backend, u, v);
      figures.add(new Between(from, to, "distance-correlation", dcor, "", sample.size()));
    }
    return figures;
  }
}
