package org.geodex.benchmarks;

import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.divergence.KlCategorical;
import org.geodex.divergence.KlGaussianDiagonal;
import org.geodex.divergence.KlGaussianFull;
import org.geodex.divergence.KlKnn;
import org.geodex.divergence.Shrinkage;
import org.geodex.entropy.EntropyEstimator;
import org.geodex.entropy.RowForm;
import org.geodex.entropy.StochasticLanczos;
import org.geodex.geodesic.ComponentPolicy;
import org.geodex.geodesic.DimensionGride;
import org.geodex.geodesic.DimensionMle;
import org.geodex.geodesic.DimensionTwoNn;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.GraphOptions;
import org.geodex.geodesic.Isomap;
import org.geodex.geodesic.Landmarks;
import org.geodex.geodesic.ManifoldGraph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourGraph;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.geodesic.Precision;
import org.geodex.geodesic.TrajectoryCurvature;
import org.geodex.information.KsgParameters;
import org.geodex.information.KsgParameters.Variant;
import org.geodex.information.MutualInformationGaussian;
import org.geodex.information.MutualInformationGeodesicKsg;
import org.geodex.information.MutualInformationInfoNce;
import org.geodex.information.MutualInformationKsg;
import org.geodex.information.MutualInformationMatrix;
import org.geodex.information.MutualInformationMine;
import org.geodex.information.NeuralParameters;
import org.geodex.matrix.Matrix;
import org.geodex.similarity.CanonicalCorrelation;
import org.geodex.similarity.CkaDebiased;
import org.geodex.similarity.CkaLinear;
import org.geodex.similarity.CkaRbf;
import org.geodex.similarity.DistanceCorrelation;
import org.geodex.similarity.MutualNeighbours;
import org.geodex.similarity.Procrustes;
import org.geodex.similarity.RepresentationalSimilarity;
import org.geodex.similarity.Similarity;
import org.geodex.token.InformationGain;

/**
 * The operations of the command line on n rows of d columns, each as one number. {@link #flops} is
 * the leading count of arithmetic of the method used; its growth is what the measured growth is
 * held against.
 */
public enum Operation {
  PAIRWISE_EUCLIDEAN(Cost.PAIRS, in -> in.pairwise(Metric.EUCLIDEAN, in.x)),
  PAIRWISE_SQEUCLIDEAN(Cost.PAIRS, in -> in.pairwise(Metric.SQEUCLIDEAN, in.x)),
  PAIRWISE_COSINE(Cost.PAIRS, in -> in.pairwise(Metric.COSINE, in.x)),
  PAIRWISE_ANGULAR(Cost.PAIRS, in -> in.pairwise(Metric.ANGULAR, in.x)),
  PAIRWISE_CHEBYSHEV(Cost.PAIRS, in -> in.pairwise(Metric.CHEBYSHEV, in.x)),
  PAIRWISE_FISHER_RAO_CATEGORICAL(
      Cost.PAIRS, in -> in.pairwise(Metric.FISHER_RAO_CATEGORICAL, in.p)),
  PAIRWISE_FISHER_RAO_NORMAL(Cost.PAIRS, in -> in.pairwise(Metric.FISHER_RAO_NORMAL, in.normals)),

  KNN(Cost.KNN, in -> in.distances(in.knn(Math.min(15, in.n() - 1)))),
  GEODESIC(
      Cost.PATHS,
      in -> {
        try (Matrix.Owned lengths = in.geodesics()) {
          return in.sum(lengths);
        }
      }),
  GEODESIC_LANDMARKS(
      (n, d) -> 2.0 * n * n * d,
      in -> {
        ManifoldGraph manifold = in.manifold();
        int[] sources =
            Landmarks.choose(
                manifold.graph(), Math.min(32, in.n()), Landmarks.Selection.MAX_MIN, 1);
        try (Matrix.Owned lengths = Matrix.allocate(sources.length, in.n())) {
          in.backend.geometry().shortestPaths(manifold.graph(), sources, lengths, null);
          return in.sum(lengths);
        }
      }),
  ISOMAP(
      Cost.PATHS,
      in -> {
        try (Matrix.Owned lengths = in.geodesics();
            Isomap.Embedding embedding = Isomap.classical(in.backend, lengths, 2)) {
          return embedding.residualVariance()[1];
        }
      }),

  DIMENSION_TWONN(Cost.KNN, in -> DimensionTwoNn.of(in.knn(2), 0, 0.1, 0, 1).value()),
  DIMENSION_GRIDE(Cost.KNN, in -> DimensionGride.of(in.knn(8), 0, 1).getFirst().estimate().value()),
  DIMENSION_MLE(
      Cost.KNN, in -> DimensionMle.of(in.knn(8), DimensionMle.Average.values()[0], 0, 1).value()),
  CURVATURE((n, d) -> 10.0 * n * d, in -> TrajectoryCurvature.of(in.x, in.n()).mean()),

  KL_GAUSSIAN_DIAGONAL(
      (n, d) -> 8.0 * n * d, in -> KlGaussianDiagonal.of(in.backend, in.x, in.y, 1e-3)),
  KL_GAUSSIAN_FULL(
      (n, d) -> 2.0 * n * d * d + 2.0 * d * d * d,
      in -> KlGaussianFull.of(in.backend, in.x, in.y, new Shrinkage(0.1))),
  KL_KNN(
      (n, d) -> 4.0 * n * n * d,
      in -> KlKnn.of(in.backend, in.x, in.y, 5, KlKnn.Bias.FIXED_ORDER).value()),
  KL_CATEGORICAL((n, d) -> 10.0 * n * d, in -> KlCategorical.mean(in.backend, in.x, in.y, true)),

  MI_KSG1(Cost.KNN, in -> MutualInformationKsg.of(in.backend, in.x, in.y, ksg(Variant.ONE))),
  MI_KSG2(Cost.KNN, in -> MutualInformationKsg.of(in.backend, in.x, in.y, ksg(Variant.TWO))),
  MI_GEODESIC_KSG(
      (n, d) -> 4.0 * n * n * d,
      in -> MutualInformationGeodesicKsg.of(in.backend, in.x, in.y, 15, ksg(Variant.ONE))),
  MI_GAUSSIAN(
      (n, d) -> 4.0 * n * d * d + 3.0 * d * d * d,
      in -> MutualInformationGaussian.of(in.backend, in.x, in.y, null, new Shrinkage(0.1))),
  MI_MATRIX(
      (n, d) -> 4.0 * n * n * d + 30.0 * n * n * n,
      in -> MutualInformationMatrix.of(in.backend, in.x, in.y, 1.01, 0)),
  MI_MINE(
      (n, d) -> 6.0 * n * 64 * d,
      in -> MutualInformationMine.of(in.backend, in.x, in.y, null, neural()).value()),
  MI_INFONCE(
      (n, d) -> 6.0 * n * 64 * d,
      in -> MutualInformationInfoNce.of(in.backend, in.x, in.y, null, neural()).value()),

  ENTROPY_CODING_LENGTH(Cost.MOMENT, in -> in.entropy(EntropyEstimator.CODING_LENGTH)),
  ENTROPY_MATRIX(Cost.SPECTRUM, in -> in.entropy(EntropyEstimator.MATRIX)),
  ENTROPY_EFFECTIVE_RANK(Cost.SPECTRUM, in -> in.entropy(EntropyEstimator.EFFECTIVE_RANK)),
  ENTROPY_RENYI(Cost.SPECTRUM, in -> in.entropy(EntropyEstimator.RENYI)),
  ENTROPY_RANKME(Cost.SPECTRUM, in -> in.entropy(EntropyEstimator.RANKME)),
  ENTROPY_PARTICIPATION_RATIO(
      Cost.SPECTRUM, in -> in.entropy(EntropyEstimator.PARTICIPATION_RATIO)),
  ENTROPY_ISOSCORE(Cost.SPECTRUM, in -> in.entropy(EntropyEstimator.ISOSCORE)),
  ENTROPY_LANCZOS(
      (n, d) -> 4.0 * 8 * 16 * n * d,
      in ->
          new StochasticLanczos(in.backend, in.x, RowForm.CENTRED_UNIT)
              .entropy(new StochasticLanczos.Effort(8, 16, 1))
              .value()),

  SIMILARITY_CKA(Cost.TWO_MOMENTS, in -> in.similarity(new CkaLinear())),
  SIMILARITY_CKA_DEBIASED(Cost.TWO_MOMENTS, in -> in.similarity(new CkaDebiased())),
  SIMILARITY_CKA_RBF(Cost.TWO_PAIRS, in -> in.similarity(new CkaRbf())),
  SIMILARITY_CCA(
      Cost.TWO_SPECTRA,
      in -> in.similarity(new CanonicalCorrelation(CanonicalCorrelation.Form.CCA))),
  SIMILARITY_SVCCA(
      Cost.TWO_SPECTRA,
      in -> in.similarity(new CanonicalCorrelation(CanonicalCorrelation.Form.SVCCA, 0.99))),
  SIMILARITY_PWCCA(
      Cost.TWO_SPECTRA,
      in -> in.similarity(new CanonicalCorrelation(CanonicalCorrelation.Form.PWCCA))),
  SIMILARITY_PROCRUSTES(Cost.TWO_SPECTRA, in -> in.similarity(new Procrustes())),
  SIMILARITY_DISTANCE_CORRELATION(
      Cost.TWO_PAIRS, in -> in.similarity(new DistanceCorrelation(false))),
  SIMILARITY_RSA(
      Cost.TWO_PAIRS,
      in ->
          in.similarity(
              new RepresentationalSimilarity(RepresentationalSimilarity.Correlation.SPEARMAN))),
  SIMILARITY_MUTUAL_KNN(
      (n, d) -> 4.0 * n * n * d, in -> in.similarity(new MutualNeighbours(10, Metric.COSINE))),

  INFORMATION_GAIN(
      (n, d) -> n <= d ? 1.0 * n * n * d + n * (double) n * n / 3 : 2.0 * n * d * d,
      in -> {
        double sum = 0;
        double c = InformationGain.scale(in.n(), in.x.columns(), 0.5);
        for (double gain : InformationGain.logDeterminant(in.backend, in.x, c)) {
          sum += gain;
        }
        return sum;
      });

  /** Arithmetic of a call on n rows of d columns. */
  interface Cost {
    Cost PAIRS = (n, d) -> 1.0 * n * n * d;
    Cost KNN = (n, d) -> 2.0 * n * n * d;
    Cost TWO_PAIRS = (n, d) -> 2.0 * n * n * d;
    Cost MOMENT = (n, d) -> 1.0 * n * d * d;
    Cost TWO_MOMENTS = (n, d) -> 4.0 * n * d * d;
    Cost SPECTRUM = (n, d) -> 1.0 * n * d * d + 4.0 / 3 * d * d * d;
    Cost TWO_SPECTRA = (n, d) -> 6.0 * n * d * d + 20.0 * d * d * d;

    /** Neighbours, then a heap search from every row over about 20 arcs a row. */
    Cost PATHS = (n, d) -> 2.0 * n * n * d + 20.0 * n * n * Math.log(n);

    double flops(int n, int d);
  }

  private interface Body {
    double run(Inputs in);
  }

  private final Cost cost;
  private final Body body;

  Operation(Cost cost, Body body) {
    this.cost = cost;
    this.body = body;
  }

  /** Leading count of additions and multiplications. */
  public double flops(int n, int d) {
    return cost.flops(n, d);
  }

  /** Runs the operation once. */
  public double run(Inputs in) {
    return body.run(in);
  }

  /** What the command line calls it: {@code kl-knn}. */
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }

  private static KsgParameters ksg(Variant variant) {
    return KsgParameters.of(4, variant);
  }

  /** One pass over the rows: the cost of training, not its result. */
  private static NeuralParameters neural() {
    return new NeuralParameters(new int[] {64, 32}, 64, 1, 1, 1e-3, 1e-4, 5, 0.99, 1);
  }

  /** Two representations of the same rows on a curved sheet, and what some operations want else. */
  static final class Inputs implements AutoCloseable {
    final Backend backend;
    final Matrix x;
    final Matrix y;

    /** Rows that sum to one. */
    final Matrix p;

    /** Means in the first half of the columns, deviations in the second. */
    final Matrix normals;

    private final List<Matrix.Owned> owned;

    private Inputs(Backend backend, List<Matrix.Owned> owned, List<? extends Matrix> matrices) {
      this.backend = backend;
      this.owned = owned;
      this.x = matrices.get(0);
      this.y = matrices.get(1);
      this.p = matrices.get(2);
      this.normals = matrices.get(3);
    }

    static Inputs of(Backend backend, int n, int d) {
      Matrix.Owned x = Manifold.rows(1, n, d);
      Matrix.Owned y = Manifold.rows(2, n, d);
      Matrix.Owned p = Matrix.allocate(n, d);
      Matrix.Owned normals = Matrix.allocate(n, d);
      float[] row = new float[d];
      for (int i = 0; i < n; i++) {
        x.copyRow(i, row);
        double sum = 0;
        for (float value : row) {
          sum += Math.exp(value);
        }
        for (int j = 0; j < d; j++) {
          p.set(i, j, (float) (Math.exp(row[j]) / sum));
          normals.set(i, j, j < d / 2 ? row[j] : (float) Math.exp(row[j]));
        }
      }
      List<Matrix.Owned> all = List.of(x, y, p, normals);
      return new Inputs(backend, all, all);
    }

    /** The first rows, on another backend; needs no close. */
    Inputs head(Backend other, int rows) {
      return new Inputs(
          other,
          List.of(),
          List.of(x.rows(0, rows), y.rows(0, rows), p.rows(0, rows), normals.rows(0, rows)));
    }

    int n() {
      return x.intRows();
    }

    private NeighbourTable knn(int k) {
      return backend.geometry().knn(x, null, k, Metric.EUCLIDEAN);
    }

    private double distances(NeighbourTable table) {
      double sum = 0;
      for (int i = 0; i < table.n(); i++) {
        sum += table.distance(i, table.k() - 1);
      }
      return sum;
    }

    private double pairwise(Metric metric, Matrix rows) {
      try (Matrix.Owned out = Matrix.allocate(n(), n())) {
        backend.geometry().pairwise(rows, rows, metric, Precision.REFINED, out);
        return sum(out);
      }
    }

    private ManifoldGraph manifold() {
      return ManifoldGraph.build(
          backend,
          x,
          "manifold",
          new GraphOptions(
              Math.min(15, n() - 1),
              Double.NaN,
              NeighbourGraph.Kind.UNION,
              Metric.EUCLIDEAN,
              ComponentPolicy.BRIDGE));
    }

    private Matrix.Owned geodesics() {
      return GeodesicDistances.matrix(backend, manifold().graph());
    }

    private double entropy(EntropyEstimator estimator) {
      return estimator.of(backend, x, estimator.defaults()).value();
    }

    private double similarity(Similarity measure) {
      return measure.of(backend, x, y);
    }

    /** Of a few rows spread over all, so that looking costs little. */
    private double sum(Matrix values) {
      double sum = 0;
      long step = Math.max(1, values.rows() / 16);
      for (long i = 0; i < values.rows(); i += step) {
        for (int j = 0; j < values.columns(); j++) {
          sum += values.get(i, j);
        }
      }
      return sum;
    }

    @Override
    public void close() {
      owned.forEach(Matrix.Owned::close);
    }
  }
}
