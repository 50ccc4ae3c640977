package org.geodex.analysis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.geodex.activation.LayerStates;
import org.geodex.activation.RowSample;
import org.geodex.backend.Backend;
import org.geodex.backend.ColumnMoments;
import org.geodex.backend.transformer.AttentionStatistics;
import org.geodex.divergence.KlGaussianDiagonal;
import org.geodex.entropy.CodingLength;
import org.geodex.entropy.IsoScore;
import org.geodex.entropy.JackknifeMoments;
import org.geodex.entropy.MatrixEntropy;
import org.geodex.entropy.ParticipationRatio;
import org.geodex.entropy.RowForm;
import org.geodex.entropy.SecondMoment;
import org.geodex.geodesic.DimensionEstimate;
import org.geodex.geodesic.DimensionTwoNn;
import org.geodex.geodesic.GeodesicTable;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.geodesic.TrajectoryCurvature;
import org.geodex.information.PrincipalComponents;
import org.geodex.matrix.Matrix;
import org.geodex.scale.LayerKernel;
import org.geodex.similarity.CkaDebiased;
import org.geodex.statistics.Jackknife;

/**
 * Figures of every layer and of every pair of layers. Second moments and CKA use all token rows;
 * what needs n² memory uses one sample of rows, the same in every layer. A neighbour table, a
 * geodesic matrix and a moment are computed once each and shared.
 */
public final class LayerAnalysis {
  private static final int RESAMPLES = 100;

  /**
   * What rounding adds to a state, as a share of its length: the same tokens give the same state,
   * but for the order of f32 sums, which depends on the batch.
   */
  private static final double ROUNDING = 0x1p-16;

  private static final int BLOCKS = 5;

  private LayerAnalysis() {}

  /**
   * The result, [a][b] over hidden states.
   *
   * @param sampled rows that the geodesic figures used
   * @param cka debiased linear CKA
   * @param geodesicCorrelation Pearson correlation of geodesic distances
   * @param kl Gaussian diagonal KL(a‖b), nats
   * @param mi Gaussian mutual information of the first principal components, nats
   * @param components principal components that {@code mi} used
   */
  public record Result(
      List<LayerFigures> layers,
      int sampled,
      double[][] cka,
      double[][] geodesicCorrelation,
      double[][] kl,
      double[][] mi,
      int components) {

    /** One figure over the layers. */
    public double[] over(ToDoubleFunction<LayerFigures> figure) {
      return layers.stream().mapToDouble(figure).toArray();
    }
  }

  /**
   * Settings.
   *
   * @param maxRows rows of the sample
   * @param k neighbours of the geodesic graph
   * @param eps distortion of the coding length
   * @param components principal components for mutual information
   * @param seed of the sample
   */
  public record Settings(int maxRows, int k, double eps, int components, long seed) {
    public static Settings defaults() {
      return new Settings(1000, 15, CodingLength.DEFAULT_EPS, 8, 0);
    }
  }

  /** Computes everything; {@code layerDone} is called after each layer. */
  public static Result of(
      Backend backend, LayerStates states, Settings settings, Runnable layerDone) {
    RowSample sample = RowSample.of(states.rows(), settings.maxRows(), settings.seed());
    List<? extends Matrix> all = states.states();
    int components =
        LayerKernel.usableComponents(
            settings.components(), states.rows(), all.getFirst().columns());
    double[] selfProducts = new double[all.size()];
    List<Matrix.Owned> scores = new ArrayList<>();
    long[] blocks = Jackknife.bounds(states.documentLengths(), BLOCKS);
    // Moments are the device's work, what is made of them (factorizations) the host's.
    try (GeodesicTable geodesics = new GeodesicTable();
        Ahead<Moments> ahead =
            new Ahead<>(
                backend.hasDevice(),
                all.size(),
                layer -> Moments.of(backend, all.get(layer), blocks))) {
      List<LayerFigures> figures = new ArrayList<>();
      for (Matrix x : all) {
        try (Moments moments = ahead.take()) {
          int layer = figures.size();
          figures.add(layer(backend, states, layer, sample, geodesics, moments, settings));
          SecondMoment centred = moments.centred().all();
          scores.add(PrincipalComponents.scores(backend, x, centred, components));
          selfProducts[layer] = centred.squaredNorm();
        }
        layerDone.run();
      }
      return new Result(
          figures,
          sample.size(),
          new CkaDebiased().table(backend, all, selfProducts),
          geodesics.correlations(backend),
          divergences(backend, all),
          LayerKernel.informationTable(backend, scores),
          components);
    } finally {
      scores.forEach(Matrix.Owned::close);
    }
  }

  /** The second moments of a layer in the forms that its figures need. */
  private record Moments(
      JackknifeMoments centred, JackknifeMoments unit, JackknifeMoments centredUnit)
      implements AutoCloseable {

    static Moments of(Backend backend, Matrix x, long[] blocks) {
      List<JackknifeMoments> made = new ArrayList<>();
      try {
        for (RowForm form : List.of(RowForm.CENTRED, RowForm.UNIT, RowForm.CENTRED_UNIT)) {
          made.add(JackknifeMoments.of(backend, x, form, blocks));
        }
        return new Moments(made.get(0), made.get(1), made.get(2));
      } catch (Throwable e) {
        made.forEach(JackknifeMoments::close);
        throw e;
      }
    }

    @Override
    public void close() {
      centred.close();
      unit.close();
      centredUnit.close();
    }
  }

  private static double rootMeanSquareLength(Backend backend, Matrix x) {
    double[] squares = backend.algebra().squaredLengths(x, new double[x.columns()], false);
    return Math.sqrt(Arrays.stream(squares).average().orElse(0));
  }

  private static LayerFigures layer(
      Backend backend,
      LayerStates states,
      int layer,
      RowSample sample,
      GeodesicTable geodesics,
      Moments moments,
      Settings settings) {
    Matrix x = states.states().get(layer);
    DimensionEstimate dimension;
    try (Matrix.Owned chosen = sample.of(x)) {
      NeighbourTable table = geodesics.add(backend, chosen, settings.k());
      double rounding = ROUNDING * rootMeanSquareLength(backend, chosen);
      dimension =
          DimensionTwoNn.of(table, rounding, DimensionTwoNn.DISCARD, RESAMPLES, settings.seed());
    }
    GeodesicTable.Summary geodesic = geodesics.summaries().get(layer);
    AttentionStatistics attention =
        layer == 0 || states.attention().isEmpty() ? null : states.attention().get(layer - 1);
    double entropy = MatrixEntropy.of(moments.centredUnit().all());
    return new LayerFigures(
        layer,
        CodingLength.normalized(backend, moments.unit().all(), settings.eps()),
        entropy,
        Math.exp(entropy),
        ParticipationRatio.of(moments.centred().all()),
        IsoScore.of(moments.centred().all()),
        dimension.value(),
        dimension.low(),
        dimension.high(),
        geodesic.mean(),
        geodesic.diameter(),
        geodesic.components(),
        geodesic.tortuosity(),
        TrajectoryCurvature.of(x, states.documentLengths()).mean(),
        attention == null ? Double.NaN : attention.meanDistance(),
        attention == null ? Double.NaN : attention.meanEntropy(),
        errors(backend, moments, settings.eps()));
  }

  private static LayerFigures.Errors errors(Backend backend, Moments moments, double eps) {
    double entropy = moments.centredUnit().standardError(MatrixEntropy::of);
    return new LayerFigures.Errors(
        moments.unit().standardError(m -> CodingLength.normalized(backend, m, eps)),
        entropy,
        // d exp(H) = exp(H) dH: the eigenvalues are not asked for twice.
        entropy * Math.exp(MatrixEntropy.of(moments.centredUnit().all())),
        moments.centred().standardError(ParticipationRatio::of),
        moments.centred().standardError(IsoScore::of));
  }

  private static double[][] divergences(Backend backend, List<? extends Matrix> states) {
    List<ColumnMoments> moments =
        states.stream().map(x -> backend.information().columnMoments(x)).toList();
    double[][] kl = new double[states.size()][states.size()];
    for (int a = 0; a < states.size(); a++) {
      for (int b = 0; b < states.size(); b++) {
        // 1e-6 as in the published code: a column may be constant in an embedding layer.
        kl[a][b] = a == b ? 0 : KlGaussianDiagonal.of(moments.get(a), moments.get(b), 1e-6);
      }
    }
    return kl;
  }
}
