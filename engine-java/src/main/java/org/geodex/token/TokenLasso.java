package org.geodex.token;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.Regression;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;

/**
 * The tokens that a Lasso picks from a context to explain another token: regressions of the
 * target's row on the context's rows, penalties falling geometrically from the largest useful one
 * to {@code ratio} of it, until {@code k} coefficients are not zero; of those at that step the k
 * largest in size are the selection.
 *
 * <p>Source: arXiv 2402.03471, section 5. Layer, scaling and stop are not told there; ours are rows
 * as they are, no intercept, 50 penalties down to 1e-3.
 *
 * @param k tokens to choose
 * @param steps penalties on the path
 * @param ratio last penalty over the first, in (0, 1)
 */
public record TokenLasso(int k, int steps, double ratio) {
  /**
   * Penalties solved at a time: the small ones cost most, and most selections need none of them.
   */
  private static final int STAGE = 10;

  public TokenLasso {
    if (k < 1) {
      throw new UsageException("--select %d: expected at least 1", k);
    }
    if (steps < 2 || !(ratio > 0 && ratio < 1)) {
      throw new IllegalArgumentException("%d steps down to %s".formatted(steps, ratio));
    }
  }

  /** 50 penalties down to a thousandth. */
  public static TokenLasso of(int k) {
    return new TokenLasso(k, 50, 1e-3);
  }

  /**
   * One selection.
   *
   * @param tokens places within the context, the largest coefficient first; fewer than k where the
   *     whole path has fewer
   * @param coefficients of every context token at the chosen penalty
   * @param penalty the penalty chosen
   */
  public record Selection(int[] tokens, double[] coefficients, double penalty) {}

  /**
   * Selections for many targets at once.
   *
   * @param z token rows [n,d]
   * @throws InputException when a target is zero or has no context, or one of identical tokens
   */
  public Selection[] select(Backend backend, Matrix z, Regression.Problem[] problems) {
    for (Regression.Problem problem : problems) {
      if (problem.to() <= problem.from()) {
        throw new InputException("token %d has no context to be explained by", problem.target());
      }
      if (problem.size() > 1 && areIdentical(z, problem)) {
        throw new InputException(
            "the %d tokens before token %d are identical: nothing to select among",
            problem.size(), problem.target());
      }
    }
    double[][] penalties = penalties(backend.regression().largestPenalties(z, problems));
    Selection[] selections = new Selection[problems.length];
    for (int from = 0; from < steps; from += STAGE) {
      solve(backend.regression(), z, problems, penalties, from, selections);
    }
    return selections;
  }

  private static boolean areIdentical(Matrix z, Regression.Problem problem) {
    float[] first = new float[z.columns()];
    float[] other = new float[z.columns()];
    z.copyRow(problem.from(), first);
    for (long i = problem.from() + 1; i < problem.to(); i++) {
      z.copyRow(i, other);
      if (!Arrays.equals(first, other)) {
        return false;
      }
    }
    return true;
  }

  /** Solves the next penalties of those problems that have no selection yet. */
  private void solve(
      Regression regression,
      Matrix z,
      Regression.Problem[] problems,
      double[][] penalties,
      int from,
      Selection[] selections) {
    int to = Math.min(from + STAGE, steps);
    int[] open = IntStream.range(0, problems.length).filter(p -> selections[p] == null).toArray();
    Regression.Problem[] left =
        Arrays.stream(open).mapToObj(p -> problems[p]).toArray(Regression.Problem[]::new);
    double[][] part =
        Arrays.stream(open)
            .mapToObj(p -> Arrays.copyOfRange(penalties[p], from, to))
            .toArray(double[][]::new);
    double[][][] paths = regression.lasso(z, left, part, Regression.Tolerance.DEFAULT);
    for (int i = 0; i < open.length; i++) {
      selections[open[i]] = choose(paths[i], part[i], to == steps);
    }
  }

  /** Falling penalties for each problem, from its largest useful one. */
  public double[][] penalties(double[] largest) {
    double[][] penalties = new double[largest.length][steps];
    for (int p = 0; p < largest.length; p++) {
      if (!(largest[p] > 0)) {
        throw new InputException(
            "target %d is orthogonal to every token of its context: nothing to select", p);
      }
      for (int step = 0; step < steps; step++) {
        penalties[p][step] = largest[p] * Math.pow(ratio, step / (steps - 1.0));
      }
    }
    return penalties;
  }

  /** Null when no step has enough coefficients and the path goes on. */
  private Selection choose(double[][] path, double[] penalties, boolean last) {
    int step = 0;
    while (step < path.length && nonzero(path[step]) < k) {
      step++;
    }
    if (step == path.length) {
      if (!last) {
        return null;
      }
      step--;
    }
    double[] w = path[step];
    int[] tokens =
        IntStream.range(0, w.length)
            .filter(j -> w[j] != 0)
            .boxed()
            .sorted(Comparator.comparingDouble(j -> -Math.abs(w[j])))
            .limit(k)
            .mapToInt(Integer::intValue)
            .toArray();
    return new Selection(tokens, w, penalties[step]);
  }

  private static int nonzero(double[] w) {
    int count = 0;
    for (double value : w) {
      count += value != 0 ? 1 : 0;
    }
    return count;
  }
}
