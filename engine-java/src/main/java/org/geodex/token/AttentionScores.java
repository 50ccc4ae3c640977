package org.geodex.token;

import java.util.Arrays;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Stack;

/**
 * What one token of a sequence attends to.
 *
 * @param heads weights of each head of the last layer read [head][key]
 * @param mean their mean
 * @param rollout the token's row of the product of ½(A + I) over the layers from the first, A the
 *     mean over a layer's heads (Abnar, Zuidema, ACL 2020)
 */
record AttentionScores(double[][] heads, double[] mean, double[] rollout) {

  /**
   * Reads the weights [heads·n, n] of layers 0 … last of a pass over one sequence of n tokens.
   *
   * @param target the token
   */
  static AttentionScores of(Activations pass, Stack stack, int last, int n, int target) {
    Matrix weights = pass.get(stack.attentionName(last));
    double[][] heads = new double[Math.toIntExact(weights.rows() / n)][n];
    for (int h = 0; h < heads.length; h++) {
      weights.copyRow((long) h * n + target, heads[h]);
    }
    double[] rollout = new double[n];
    rollout[target] = 1;
    for (int layer = last; layer >= 0; layer--) {
      rollout = halfway(pass.get(stack.attentionName(layer)), rollout);
    }
    return new AttentionScores(heads, mean(heads), rollout);
  }

  private static double[] mean(double[][] rows) {
    double[] mean = new double[rows[0].length];
    for (double[] row : rows) {
      for (int j = 0; j < mean.length; j++) {
        mean[j] += row[j] / rows.length;
      }
    }
    return mean;
  }

  /** rowᵀ·½(A + I), without A in memory. */
  private static double[] halfway(Matrix weights, double[] row) {
    int n = row.length;
    double heads = weights.rows() / (double) n;
    double[] next = new double[n];
    double[] keys = new double[n];
    for (long i = 0; i < weights.rows(); i++) {
      double share = row[(int) (i % n)] / (2 * heads);
      if (share > 0) {
        weights.copyRow(i, keys);
        for (int key = 0; key < n; key++) {
          next[key] += share * keys[key];
        }
      }
    }
    for (int key = 0; key < n; key++) {
      next[key] += row[key] / 2;
    }
    return next;
  }

  /** Scores of the places [from, to). */
  AttentionScores between(int from, int to) {
    return new AttentionScores(
        Arrays.stream(heads)
            .map(head -> Arrays.copyOfRange(head, from, to))
            .toArray(double[][]::new),
        Arrays.copyOfRange(mean, from, to),
        Arrays.copyOfRange(rollout, from, to));
  }
}
