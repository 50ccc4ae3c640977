package org.geodex.alignment;

import java.util.random.RandomGenerator;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;
import org.geodex.neural.Mlp;
import org.geodex.neural.PairCritic;
import org.geodex.neural.Parameter;

/**
 * The loss of a map u = f(x) to targets v, both in standard deviations of the target's columns
 * about their means, and its exact gradients:
 *
 * <ul>
 *   <li>L_geo = {@link GeodesicStress} of the mapped rows in the target's own units + the residual
 *       Σ (u − v)²/(n·d), the mean share of a column's variance that is left. The residual is the
 *       fit term: nothing else ties a row to its own target.
 *   <li>L_info = −(E_uv[T] − ln E_u,v[exp T]), minus the Donsker–Varadhan bound of MINE with
 *       marginals shuffled within the batch; the gradient of the logarithm uses a moving average of
 *       E[exp T]. The critic T ascends the same bound. Where there is an L_geo, the bound's
 *       gradient by u is shortened to the length of L_geo's (the adaptive clipping of MINE, arXiv
 *       1801.04062): a bound in nats has no upper end, and one from few rows would drown the fit.
 *   <li>L_curv = mean of ‖f(z + h) − 2f(z) + f(z − h)‖²/‖h‖² over a quarter of the rows, z the
 *       standardized source and h of random direction and fixed length: how much the slope along h
 *       changes over one step. 0 for a linear map.
 * </ul>
 *
 * <p>f32 products, f64 sums. The same bits for any number of threads. The map's correction and the
 * critic belong to the caller.
 */
public final class AlignmentLoss implements AutoCloseable {
  /** Shuffles that the bound on rows which are not trained on averages over. */
  private static final int SHUFFLES = 4;

  private final Backend backend;
  private final LossWeights weights;
  private final Matrix deviation;
  private final Mlp correction;
  private final PairCritic critic;
  private final double memory;
  private final double reach;
  private final Matrix.Owned average;

  /**
   * Prepares the loss.
   *
   * @param deviation [1,d], the target's standard deviations
   * @param critic null where λ_info is 0
   */
  public AlignmentLoss(
      Backend backend,
      LossWeights weights,
      Matrix deviation,
      Mlp correction,
      PairCritic critic,
      TrainingParameters parameters) {
    this.backend = backend;
    this.weights = weights;
    this.deviation = deviation;
    this.correction = correction;
    this.critic = critic;
    this.memory = parameters.memory();
    this.reach = parameters.reach();
    this.average = backend.allocate(1, 1);
    average.fill(Float.NaN);
  }

  /**
   * Rows to take the loss of.
   *
   * @param source [n,d], standardized
   * @param start [n,d], the closed-form part of the map, in the target's standard deviations
   * @param target [n,d], likewise
   * @param geodesic [n,n], distances between the targets in their own units
   */
  public record Part(Matrix source, Matrix start, Matrix target, Matrix geodesic) {}

  /**
   * The terms of the loss; NaN for what was not computed.
   *
   * @param stress in [0, 1]
   * @param residual share of variance
   * @param information the bound, nats
   * @param curvature squared change of slope
   */
  public record Terms(double stress, double residual, double information, double curvature) {
    static final int COUNT = 4;

    /** Those that lie one below the other from a row on. */
    static Terms of(Matrix values, long row) {
      return new Terms(
          values.get(row, 0),
          values.get(row + 1, 0),
          values.get(row + 2, 0),
          values.get(row + 3, 0));
    }

    /** The weighted sum. */
    public double total(LossWeights weights) {
      return (weights.geo() > 0 ? weights.geo() * (stress + residual) : 0)
          - (weights.info() > 0 ? weights.info() * information : 0)
          + (weights.curv() > 0 ? weights.curv() * curvature : 0);
    }
  }

  /** Space for the rows of one call, used again by the next, and what came out. */
  public static final class Work implements AutoCloseable {
    private final int n;
    private final int probes;
    private final Matrix.Owned inputs;
    private final Matrix.Owned steps;
    private final Matrix.Owned gradient;
    private final Matrix.Owned mapped;
    private final Matrix.Owned scratch;
    private final Matrix.Owned scores;
    private final Matrix.Owned terms;

    /** For n rows of d columns. */
    public Work(Backend backend, int n, int d) {
      this.n = n;
      this.probes = Math.ceilDiv(n, 4);
      inputs = backend.allocate(n + 2L * probes, d);
      steps = backend.allocate(probes, d);
      gradient = backend.allocate(n + 2L * probes, d);
      mapped = backend.allocate(n, d);
      scratch = backend.allocate(n, d);
      scores = backend.allocate(2L * n, 1);
      terms = backend.allocate(Terms.COUNT, 1);
      terms.fill(Float.NaN);
    }

    private Matrix term(int index) {
      return terms.rows(index, index + 1);
    }

    /** [{@value Terms#COUNT},1]: the terms of the last call; NaN for what was not computed. */
    Matrix terms() {
      return terms;
    }

    @Override
    public void close() {
      inputs.close();
      steps.close();
      gradient.close();
      mapped.close();
      scratch.close();
      scores.close();
      terms.close();
    }
  }

  /** Random directions of the length that curvature looks along; where it has a weight. */
  void draw(Work work, RandomGenerator random) {
    if (weights.curv() > 0) {
      directions(work, random);
    }
  }

  private void directions(Work work, RandomGenerator random) {
    int d = work.steps.columns();
    float[] row = new float[d];
    double[] direction = new double[d];
    for (int p = 0; p < work.probes; p++) {
      double square = 0;
      for (int j = 0; j < d; j++) {
        direction[j] = random.nextGaussian();
        square += direction[j] * direction[j];
      }
      double scale = Math.sqrt(squaredReach(d) / square);
      for (int j = 0; j < d; j++) {
        row[j] = (float) (scale * direction[j]);
      }
      work.steps.setRow(p, row);
    }
  }

  /** ‖h‖². */
  private double squaredReach(int d) {
    return reach * reach * d;
  }

  /** The terms, and the gradients of the map's and the critic's parameters. */
  public Terms train(Part part, Work work, RandomGenerator random) {
    draw(work, random);
    train(part, work);
    return Terms.of(work.terms(), 0);
  }

  /**
   * The same along the directions that were drawn, with the terms left in {@link Work#terms}: it
   * only enqueues, so that a device can record it.
   */
  void train(Part part, Work work) {
    int n = work.n;
    boolean bent = weights.curv() > 0;
    Matrix outputs = outputs(part, work, bent);
    Matrix gradient = work.gradient.rows(0, outputs.rows());
    Matrix first = gradient.rows(0, n);
    double geo = weights.geo();
    // Also without a weight: it clears the gradient that the others add to.
    backend.loss().residual(work.mapped, part.target(), geo, first, work.term(1));
    if (geo > 0) {
      stress(part, work, first);
    }
    if (weights.info() > 0) {
      information(part, work, first);
    }
    if (bent) {
      curvature(outputs, work, gradient);
    }
    correction.backward(gradient, null);
  }

  /** The terms without gradients, whatever their weight; the bound where it has one. */
  public Terms value(Part part, Work work, RandomGenerator random) {
    directions(work, random);
    Matrix outputs = outputs(part, work, true);
    stress(part, work, null);
    backend.loss().residual(work.mapped, part.target(), 0, null, work.term(1));
    curvature(outputs, work, null);
    if (weights.info() > 0) {
      work.term(2).set(0, 0, (float) critic.bound(work.mapped, part.target(), SHUFFLES));
    }
    return Terms.of(work.terms(), 0);
  }

  /** Maps the rows, and where asked those beside them that curvature looks at. */
  private Matrix outputs(Part part, Work work, boolean bent) {
    int n = work.n;
    work.inputs.rows(0, n).copyFrom(part.source());
    if (bent) {
      backend.network().probe(work.inputs, work.steps);
    }
    Matrix outputs = correction.forward(bent ? work.inputs : work.inputs.rows(0, n));
    backend.network().add(part.start(), outputs.rows(0, n), work.mapped);
    return outputs;
  }

  private void stress(Part part, Work work, Matrix gradient) {
    backend
        .loss()
        .stress(work.mapped, deviation, part.geodesic(), weights.geo(), gradient, work.term(0));
  }

  /** The bound on a batch in random order: a shift by one leaves no pair together. */
  private void information(Part part, Work work, Matrix gradient) {
    Matrix scores = critic.forward(work.mapped, part.target(), 1);
    backend.loss().donskerVaradhan(scores, memory, average, work.scores, work.term(2));
    critic.backward(work.mapped, part.target(), 1, work.scores, work.scratch);
    // The bound pulls no harder than L_geo, where there is one.
    backend.loss().pull(gradient, work.scratch, weights.info(), weights.geo() > 0);
  }

  private void curvature(Matrix outputs, Work work, Matrix gradient) {
    double square = squaredReach(outputs.columns());
    backend.loss().curvature(outputs, work.probes, square, weights.curv(), gradient, work.term(3));
  }

  /** Sets the last layer of a network to 0, so that it begins as the zero function. */
  static void silence(Mlp correction) {
    var parameters = correction.parameters();
    for (Parameter parameter : parameters.subList(parameters.size() - 2, parameters.size())) {
      parameter.value().fill(0);
    }
  }

  @Override
  public void close() {
    average.close();
  }
}
