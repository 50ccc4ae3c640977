package org.geodex.intervention;

import java.util.ArrayList;
import java.util.Comparator;
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

  /** Logarithm of the largest step of a search, twice over. */
  private static final double MOST_EXCESS = 5;

  /** By how much a step aims past the target, to enclose it. */
  private static final double MARGIN = 0.1;

  /** Tokens of held-out text that are predicted, about. */
  private static final int MOST_TOKENS = 2048;

  private static final long KEPT_BYTES = 256L << 20;

  private final NextTokens next;
  private final long seed;
  private final List<List<Passage>> batches = new ArrayList<>();
  private final List<Matrix.Owned> plain = new ArrayList<>();

  /**
   * Reads held-out text with the unmodified model.
   *
   * @param passages of at least one token each; as many as give {@value #MOST_TOKENS} tokens, or
   *     {@value #KEPT_BYTES} bytes of logits
   * @param seed of the plans' noise
   */
  Dose(NextTokens next, List<Passage> passages, long seed) {
    this.next = next;
    this.seed = seed;
    try {
      List<Passage> read = some(passages);
      for (int from = 0; from < read.size(); from += BATCH) {
        List<Passage> batch = read.subList(from, Math.min(from + BATCH, read.size()));
        batches.add(batch);
        plain.add(next.logits(batch, Plan.NONE, seed, from));
      }
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  /** The first passages up to the limit, by length, so that little is padded. */
  private List<Passage> some(List<Passage> passages) {
    long most = Math.min(MOST_TOKENS, KEPT_BYTES / (4L * next.vocabulary()));
    List<Passage> some = new ArrayList<>();
    long tokens = 0;
    for (Passage passage : passages) {
      int count = next.count(passage);
      if (count > 0 && tokens < most) {
        some.add(passage);
        tokens += count;
      }
    }
    some.sort(Comparator.comparingInt(Passage::length));
    return some;
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

  /** A strength that was tried, and ln(dose / target), within ±{@value #MOST_EXCESS}. */
  private record Tried(double strength, double excess) {
    static Tried of(double strength, double dose, double target) {
      double excess = dose <= Double.MAX_VALUE ? Math.log(dose / target) : MOST_EXCESS;
      return new Tried(strength, Math.clamp(excess, -MOST_EXCESS, MOST_EXCESS));
    }

    /** A strength beyond the target as seen from here, where the dose grows as strength². */
    double beyond() {
      return strength * Math.exp(-excess / 2 - Math.copySign(MARGIN, excess));
    }

    /** Where the straight line of the logarithms to another one meets the target. */
    double secant(Tried other) {
      double share = excess / (excess - other.excess);
      return strength * Math.pow(other.strength / strength, share);
    }
  }

  /**
   * Finds the number α of a kind that gives a dose, to {@value #TOLERANCE} of it: the strength
   * grows or shrinks by the law of small strengths, dose ~ strength², until two of them enclose the
   * dose, and is then sought between them by the secant of the logarithms, every third time by
   * halving. The dose need not grow with the strength everywhere; what is found is one crossing.
   *
   * @param plan the plan for a number α
   */
  Found search(Kind kind, double target, DoubleFunction<Plan> plan) {
    double limit = Math.min(kind.strongest(), LARGEST_STRENGTH);
    double strength = FIRST_STRENGTH;
    double dose = Double.NaN;
    Tried low = null;
    Tried high = null;
    for (int step = 0; step < MOST_STEPS; step++) {
      dose = of(plan.apply(kind.alpha(strength)));
      if (Math.abs(dose / target - 1) <= TOLERANCE) {
        return new Found(kind.alpha(strength), dose);
      }
      Tried tried = Tried.of(strength, dose, target);
      boolean below = tried.excess() < 0;
      low = below ? tried : low;
      high = below ? high : tried;
      if (below && strength >= limit) {
        break;
      } else if (low == null || high == null) {
        strength = Math.min(limit, tried.beyond());
      } else {
        strength = step % 3 == 2 ? Math.sqrt(low.strength * high.strength) : low.secant(high);
      }
    }
    return new Found(Double.NaN, dose);
  }

  @Override
  public void close() {
    plain.forEach(Matrix.Owned::close);
  }
}
