package org.geodex.alignment;

import java.util.random.RandomGenerator;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;
import org.geodex.neural.Gradients;
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
public final class AlignmentLoss {
  /** Shuffles that the bound on rows which are not trained on averages over. */
  private static final int SHUFFLES = 4;

  private final Backend backend;
  private final LossWeights weights;
  private final float[] deviation;
  private final Mlp correction;
  private final PairCritic critic;
  private final double memory;
  private final double reach;
  private double logAverage = Double.NaN;

  /**
   * Prepares the loss.
   *
   * @param deviation the target's standard deviations
   * @param critic null where λ_info is 0
   */
  public AlignmentLoss(
      Backend backend,
      LossWeights weights,
      float[] deviation,
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
    /** The weighted sum. */
    public double total(LossWeights weights) {
      return (weights.geo() > 0 ? weights.geo() * (stress + residual) : 0)
          - (weights.info() > 0 ? weights.info() * information : 0)
          + (weights.curv() > 0 ? weights.curv() * curvature : 0);
    }
  }

  /** Space for the rows of one call, used again by the next. */
  public static final class Work implements AutoCloseable {
    private final int n;
    private final int probes;
    private final Matrix.Owned inputs;
    private final Matrix.Owned gradient;
    private final Matrix.Owned mapped;
    private final Matrix.Owned scratch;
    private final Matrix.Owned rows;
    private final Matrix.Owned scores;

    /** For n rows of d columns. */
    public Work(int n, int d) {
      this.n = n;
      this.probes = Math.ceilDiv(n, 4);
      inputs = Matrix.allocate(n + 2L * probes, d);
      gradient = Matrix.allocate(n + 2L * probes, d);
      mapped = Matrix.allocate(n, d);
      scratch = Matrix.allocate(n, d);
      rows = Matrix.allocate(n, d);
      scores = Matrix.allocate(2L * n, 1);
    }

    @Override
    public void close() {
      inputs.close();
      gradient.close();
      mapped.close();
      scratch.close();
      rows.close();
      scores.close();
    }
  }

  /** The terms that have a weight, and the gradients of the map's and the critic's parameters. */
  public Terms train(Part part, Work work, RandomGenerator random) {
    int n = work.n;
    boolean bent = weights.curv() > 0;
    double step = bent ? probe(part.source(), work, random) : 0;
    if (!bent) {
      work.inputs.rows(0, n).segment().copyFrom(part.source().segment());
    }
    long used = bent ? work.inputs.rows() : n;
    Matrix outputs = correction.forward(work.inputs.rows(0, used));
    add(part.start(), outputs, work.mapped);
    Matrix gradient = work.gradient.rows(0, used);
    gradient.fill(0);
    double residual = Double.NaN;
    double stress = Double.NaN;
    if (weights.geo() > 0) {
      residual = residual(part, work, true);
      stress = stress(part, work, true);
    }
    double information =
        weights.info() > 0 ? information(part, work, 1 + random.nextInt(n - 1)) : Double.NaN;
    double curvature = bent ? curvature(outputs, work, step, true) : Double.NaN;
    correction.backward(gradient, null);
    return new Terms(stress, residual, information, curvature);
  }

  /** The terms without gradients; stress and residual whatever their weight. */
  public Terms value(Part part, Work work, RandomGenerator random) {
    double step = probe(part.source(), work, random);
    Matrix outputs = correction.forward(work.inputs);
    add(part.start(), outputs, work.mapped);
    return new Terms(
        stress(part, work, false),
        residual(part, work, false),
        weights.info() > 0 ? bound(part, work) : Double.NaN,
        curvature(outputs, work, step, false));
  }

  private void add(Matrix start, Matrix outputs, Matrix mapped) {
    float[] none = new float[0];
    Rows.forEach(
        backend,
        start,
        (i, row) -> {
          float[] added = row.length == 0 ? none : new float[row.length];
          outputs.copyRow(i, added);
          for (int j = 0; j < row.length; j++) {
            row[j] += added[j];
          }
          mapped.setRow(i, row);
        });
  }

  /** Stacks z, z + h and z − h; returns ‖h‖². */
  private double probe(Matrix source, Work work, RandomGenerator random) {
    int n = work.n;
    int d = source.columns();
    work.inputs.rows(0, n).segment().copyFrom(source.segment());
    double length = reach * Math.sqrt(d);
    float[] row = new float[d];
    double[] direction = new double[d];
    for (int p = 0; p < work.probes; p++) {
      double square = 0;
      for (int j = 0; j < d; j++) {
        direction[j] = random.nextGaussian();
        square += direction[j] * direction[j];
      }
      double scale = length / Math.sqrt(square);
      for (int sign = 1; sign >= -1; sign -= 2) {
        source.copyRow(p, row);
        for (int j = 0; j < d; j++) {
          row[j] += (float) (sign * scale * direction[j]);
        }
        work.inputs.setRow(n + p + (sign > 0 ? 0 : work.probes), row);
      }
    }
    return length * length;
  }

  private double residual(Part part, Work work, boolean train) {
    int d = part.target().columns();
    double[] sums = new double[work.n];
    float factor = (float) (2 * weights.geo() / ((double) work.n * d));
    Rows.forEach(
        backend,
        work.mapped,
        (i, row) -> {
          float[] target = new float[d];
          part.target().copyRow(i, target);
          double sum = 0;
          for (int j = 0; j < d; j++) {
            row[j] -= target[j];
            sum += (double) row[j] * row[j];
            row[j] *= factor;
          }
          sums[i] = sum;
          if (train) {
            work.gradient.setRow(i, row);
          }
        });
    double sum = 0;
    for (double row : sums) {
      sum += row;
    }
    return sum / work.n / d;
  }

  private double stress(Part part, Work work, boolean train) {
    Rows.forEach(
        backend,
        work.mapped,
        (i, row) -> {
          for (int j = 0; j < row.length; j++) {
            row[j] *= deviation[j];
          }
          work.rows.setRow(i, row);
        });
    Matrix gradient = train ? work.scratch : null;
    double stress = GeodesicStress.of(backend, work.rows, part.geodesic(), gradient);
    if (train) {
      float weight = (float) weights.geo();
      accumulate(work, 0, work.scratch, (j, value) -> weight * value * deviation[j]);
    }
    return stress;
  }

  private interface Scaling {
    float at(int j, float value);
  }

  /** gradient[from + i] += scaled row i of {@code added}. */
  private void accumulate(Work work, int from, Matrix added, Scaling scaling) {
    Rows.forEach(
        backend,
        added,
        (i, row) -> {
          float[] sum = new float[row.length];
          work.gradient.copyRow(from + i, sum);
          for (int j = 0; j < row.length; j++) {
            sum[j] += scaling.at(j, row[j]);
          }
          work.gradient.setRow(from + i, sum);
        });
  }

  private double information(Part part, Work work, int shift) {
    int n = work.n;
    Matrix scores = critic.forward(work.mapped, part.target(), shift);
    double joint = 0;
    for (int i = 0; i < n; i++) {
      joint += scores.get(i, 0);
    }
    double logMean = logMeanExp(scores, n);
    logAverage =
        Double.isNaN(logAverage)
            ? logMean
            : logSum(Math.log(memory) + logAverage, Math.log1p(-memory) + logMean);
    for (int i = 0; i < n; i++) {
      work.scores.set(i, 0, -1f / n);
      work.scores.set(n + i, 0, Gradients.ofScore(Math.exp(scores.get(n + i, 0) - logAverage) / n));
    }
    critic.backward(work.mapped, part.target(), shift, work.scores, work.scratch);
    float weight = (float) informationWeight(work);
    accumulate(work, 0, work.scratch, (j, value) -> weight * value);
    return joint / n - logMean;
  }

  /** λ_info, lowered so that the bound's gradient is not longer than that of L_geo. */
  private double informationWeight(Work work) {
    if (weights.geo() == 0) {
      return weights.info();
    }
    double limit = Gradients.norm(backend, work.gradient.rows(0, work.n));
    double length = Gradients.norm(backend, work.scratch);
    return length == 0 ? weights.info() : Math.min(weights.info(), limit / length);
  }

  private double bound(Part part, Work work) {
    int n = work.n;
    int shuffles = Math.min(SHUFFLES, n - 1);
    double joint = 0;
    double logTotal = Double.NEGATIVE_INFINITY;
    for (int s = 0; s < shuffles; s++) {
      int shift = 1 + (int) ((long) s * (n - 1) / shuffles);
      Matrix scores =
          s == 0 ? critic.forward(work.mapped, part.target(), shift) : critic.again(n, shift);
      for (int i = 0; s == 0 && i < n; i++) {
        joint += scores.get(i, 0);
      }
      logTotal = logSum(logTotal, logMeanExp(scores, n));
    }
    return joint / n - (logTotal - Math.log(shuffles));
  }

  /** ln of the mean of exp over the shuffled half of the scores. */
  private static double logMeanExp(Matrix scores, int n) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      largest = Math.max(largest, scores.get(n + i, 0));
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += Math.exp(scores.get(n + i, 0) - largest);
    }
    return largest + Math.log(sum / n);
  }

  private static double logSum(double a, double b) {
    double largest = Math.max(a, b);
    return largest == Double.NEGATIVE_INFINITY
        ? largest
        : largest + Math.log(Math.exp(a - largest) + Math.exp(b - largest));
  }

  private double curvature(Matrix outputs, Work work, double square, boolean train) {
    int n = work.n;
    int probes = work.probes;
    double[] sums = new double[probes];
    float factor = (float) (2 * weights.curv() / (probes * square));
    Rows.forEach(
        backend,
        outputs.rows(n, n + (long) probes),
        (p, bend) -> {
          int d = bend.length;
          float[] row = new float[d];
          outputs.copyRow(n + probes + p, row);
          for (int j = 0; j < d; j++) {
            bend[j] += row[j];
          }
          outputs.copyRow(p, row);
          double sum = 0;
          for (int j = 0; j < d; j++) {
            bend[j] -= 2 * row[j];
            sum += (double) bend[j] * bend[j];
          }
          sums[p] = sum;
          if (train) {
            work.gradient.copyRow(p, row);
            for (int j = 0; j < d; j++) {
              bend[j] *= factor;
              row[j] -= 2 * bend[j];
            }
            work.gradient.setRow(p, row);
            work.gradient.setRow(n + p, bend);
            work.gradient.setRow(n + probes + p, bend);
          }
        });
    double sum = 0;
    for (double row : sums) {
      sum += row;
    }
    return sum / probes / square;
  }

  /** Sets the last layer of a network to 0, so that it begins as the zero function. */
  static void silence(Mlp correction) {
    var parameters = correction.parameters();
    for (Parameter parameter : parameters.subList(parameters.size() - 2, parameters.size())) {
      parameter.value().fill(0);
    }
  }
}
