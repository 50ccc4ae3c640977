package org.geodex.intervention;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;
import org.geodex.matrix.Matrix;

/**
 * How much a plan shakes a model's output: the mean over the tokens of held-out text of KL(p‖q) in
 * nats, p the unmodified model's distribution of the token and q the modified one's, both from the
 * right tokens around it. Logits f32, sums f64. 0 for a plan that changes nothing.
 *
 * <p>The unmodified logits are kept. One thread at a time.
 */
final class Dose implements AutoCloseable {
  /** Relative error at which a search ends. */
  static final double TOLERANCE = 0.02;

  private static final int BATCH = 8;
  private static final int MOST_STEPS = 40;
  private static final double FIRST_STRENGTH = 0.1;
  private static final double LARGEST_STRENGTH = 1e4;
  private static final long KEPT_BYTES = 256L << 20;

  private final NextTokens next;
  private final long seed;
  private final List<List<Passage>> batches = new ArrayList<>();
  private final List<Matrix.Owned> plain = new ArrayList<>();

  /**
   * Reads held-out text with the unmodified model.
   *
   * @param passages of at least one token each; as many as {@value #KEPT_BYTES} bytes of logits
   *     hold
   * @param seed of the plans' noise
   */
  Dose(NextTokens next, List<Passage> passages, long seed) {
    this.next = next;
    this.seed = seed;
    try {
      long bytes = 0;
      for (int from = 0; from < passages.size() && bytes < KEPT_BYTES; from += BATCH) {
        List<Passage> batch = passages.subList(from, Math.min(from + BATCH, passages.size()));
        Matrix.Owned logits = next.logits(batch, Plan.NONE, seed, from);
        batches.add(batch);
        plain.add(logits);
        bytes += 4 * logits.rows() * logits.columns();
      }
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  /** The dose of a plan, in nats a token. */
  double of(Plan plan) {
    double sum = 0;
    long rows = 0;
    long first = 0;
    for (int b = 0; b < batches.size(); b++) {
      try (Matrix.Owned modified = next.logits(batches.get(b), plan, seed, first)) {
        double[] p = new double[modified.columns()];
        double[] q = new double[modified.columns()];
        for (long i = 0; i < modified.rows(); i++) {
          plain.get(b).copyRow(i, p);
          modified.copyRow(i, q);
          sum += kl(p, q);
        }
        rows += modified.rows();
      }
      first += batches.get(b).size();
    }
    return sum / rows;
  }

  /** KL of two softmax distributions; the logits are overwritten by logarithms. */
  static double kl(double[] p, double[] q) {
    toLogs(p);
    toLogs(q);
    double sum = 0;
    for (int j = 0; j < p.length; j++) {
      sum += p[j] > Double.NEGATIVE_INFINITY ? Math.exp(p[j]) * (p[j] - q[j]) : 0;
    }
    return Math.max(0, sum);
  }

  private static void toLogs(double[] logits) {
    double norm = logSumExp(logits);
    for (int j = 0; j < logits.length; j++) {
      logits[j] -= norm;
    }
  }

  static double logSumExp(double[] logits) {
    double largest = Double.NEGATIVE_INFINITY;
    for (double logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    for (double logit : logits) {
      sum += Math.exp(logit - largest);
    }
    return largest + Math.log(sum);
  }

  /**
   * A strength and its dose.
   *
   * @param alpha NaN when no strength reaches the dose
   */
  record Found(double alpha, double dose) {}

  /**
   * Finds the number α of a kind that gives a dose, to {@value #TOLERANCE} of it: the strength is
   * doubled until the dose is passed, then the interval is halved. The dose need not grow with the
   * strength everywhere; what is found is the first crossing of the doubling.
   *
   * @param plan the plan for a number α
   */
  Found search(Kind kind, double target, DoubleFunction<Plan> plan) {
    double low = 0;
    double high = FIRST_STRENGTH;
    double limit = Math.min(kind.strongest(), LARGEST_STRENGTH);
    double dose = at(kind, high, plan);
    while (dose < target && high < limit) {
      low = high;
      high = Math.min(2 * high, limit);
      dose = at(kind, high, plan);
    }
    if (!(dose >= target)) {
      return new Found(Double.NaN, dose);
    }
    for (int step = 0; step < MOST_STEPS && Math.abs(dose / target - 1) > TOLERANCE; step++) {
      double middle = (low + high) / 2;
      dose = at(kind, middle, plan);
      if (dose < target) {
        low = middle;
      } else {
        high = middle;
      }
    }
    boolean found = Math.abs(dose / target - 1) <= TOLERANCE;
    double strength = dose < target ? low : high;
    return new Found(found ? kind.alpha(strength) : Double.NaN, dose);
  }

  private double at(Kind kind, double strength, DoubleFunction<Plan> plan) {
    return of(plan.apply(kind.alpha(strength)));
  }

  @Override
  public void close() {
    plain.forEach(Matrix.Owned::close);
  }
}
