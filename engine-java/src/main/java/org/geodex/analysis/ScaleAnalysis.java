package org.geodex.analysis;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.activation.LayerStates;
import org.geodex.activation.RowSample;
import org.geodex.backend.Backend;
import org.geodex.backend.ColumnMoments;
import org.geodex.divergence.KlGaussianDiagonal;
import org.geodex.divergence.Shrinkage;
import org.geodex.entropy.EntropyEstimator;
import org.geodex.entropy.RowForm;
import org.geodex.entropy.SecondMoment;
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
  private static final int COMPONENTS = 8;
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

  /** What the pairs of scales share: everything of one scale, computed once. */
  private record Scale(
      String name,
      ColumnMoments moments,
      Matrix.Owned scores,
      Matrix.Owned sample,
      Matrix.Owned sampleScores)
      implements AutoCloseable {

    static Scale of(
        Backend backend, String name, Matrix x, SecondMoment centred, RowSample sample) {
      int r = LayerKernel.usableComponents(COMPONENTS, x.intRows(), x.columns());
      Matrix.Owned rows = sample.of(x);
      int few = LayerKernel.usableComponents(KSG_COMPONENTS, rows.intRows(), rows.columns());
      return new Scale(
          name,
          backend.information().columnMoments(x),
          PrincipalComponents.scores(backend, x, centred, r),
          rows,
          PrincipalComponents.scores(backend, rows, few));
    }

    @Override
    public void close() {
      scores.close();
      sample.close();
      sampleScores.close();
    }
  }

  public static Result of(
      Backend backend, LayerStates states, Partition partition, LayerAnalysis.Settings settings) {
    RowSample sample = RowSample.of(states.rows(), settings.maxRows(), settings.seed());
    Map<String, Matrix.Owned> representations = new LinkedHashMap<>();
    List<Scale> scales = new ArrayList<>();
    try {
      partition
          .scales()
          .forEach((name, range) -> representations.put(name, ScaleMean.of(states, range)));
      List<Within> within = new ArrayList<>();
      double[] selfProducts = new double[representations.size()];
      representations.forEach(
          (name, x) -> {
            try (SecondMoment centred = SecondMoment.of(backend, x, RowForm.CENTRED)) {
              within.addAll(within(backend, name, x, centred));
              selfProducts[scales.size()] = centred.squaredNorm();
              scales.add(Scale.of(backend, name, x, centred, sample));
            }
          });
      List<Matrix.Owned> all = List.copyOf(representations.values());
      double[][] cka = new CkaDebiased().table(backend, all, selfProducts);
      double[][] dcor =
          new DistanceCorrelation(false)
              .table(backend, scales.stream().map(Scale::sample).toList());
      List<Between> between = new ArrayList<>();
      for (int a = scales.size() - 1; a > 0; a--) {
        for (int b = a - 1; b >= 0; b--) {
          between.addAll(
              between(backend, scales.get(a), scales.get(b), states.rows(), cka[a][b], dcor[a][b]));
        }
      }
      return new Result(partition.scales(), within, between);
    } finally {
      scales.forEach(Scale::close);
      representations.values().forEach(Matrix.Owned::close);
    }
  }

  private static List<Within> within(
      Backend backend, String scale, Matrix x, SecondMoment centred) {
    try (SecondMoment unit = SecondMoment.of(backend, x, RowForm.CENTRED_UNIT)) {
      return List.of(
          within(backend, scale, EntropyEstimator.MATRIX, unit),
          within(backend, scale, EntropyEstimator.EFFECTIVE_RANK, unit),
          within(backend, scale, EntropyEstimator.PARTICIPATION_RATIO, centred));
    }
  }

  private static Within within(
      Backend backend, String scale, EntropyEstimator estimator, SecondMoment moment) {
    EntropyEstimator.Value value = estimator.of(backend, moment, estimator.defaults());
    return new Within(scale, estimator.toString(), value.value(), value.unit());
  }

  private static List<Between> between(
      Backend backend, Scale x, Scale y, long n, double cka, double dcor) {
    double kl = KlGaussianDiagonal.of(x.moments(), y.moments(), 1e-6);
    double gaussian =
        MutualInformationGaussian.of(backend, x.scores(), y.scores(), null, Shrinkage.NONE);
    double ksg =
        MutualInformationKsg.of(
            backend,
            x.sampleScores(),
            y.sampleScores(),
            KsgParameters.of(4, KsgParameters.Variant.ONE));
    int r = x.scores().columns();
    int few = x.sampleScores().columns();
    long m = x.sample().rows();
    return List.of(
        new Between(x.name(), y.name(), "kl gaussian-diag", kl, "nats", n),
        new Between(x.name(), y.name(), "mi gaussian, pca " + r, gaussian, "nats", n),
        new Between(x.name(), y.name(), "cka-debiased", cka, "", n),
        new Between(x.name(), y.name(), "mi ksg1, pca " + few, ksg, "nats", m),
        new Between(x.name(), y.name(), "distance-correlation", dcor, "", m));
  }
}
