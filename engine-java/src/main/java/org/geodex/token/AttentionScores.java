package org.geodex.token;

import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Stack;

/** What a token attends to, from the weights [heads·n, n] of one sequence in each layer. */
final class AttentionScores {
  private final double[][][] heads;
  private final double[][][] means;

  /** Reads the weights of layers 0 … last of a pass over one sequence. */
  AttentionScores(Activations activations, Stack stack, int last, int n) {
    means = new double[last + 1][][];
    double[][][] read = null;
    for (int layer = 0; layer <= last; layer++) {
      read = heads(activations.get(stack.attentionName(layer)), n);
      means[layer] = mean(read, n);
    }
    heads = read;
  }

  private static double[][][] heads(Matrix weights, int n) {
    double[][][] heads = new double[Math.toIntExact(weights.rows() / n)][n][n];
    for (int h = 0; h < heads.length; h++) {
      for (int query = 0; query < n; query++) {
        weights.copyRow((long) h * n + query, heads[h][query]);
      }
    }
    return heads;
  }

  private static double[][] mean(double[][][] heads, int n) {
    double[][] mean = new double[n][n];
    for (double[][] head : heads) {
      for (int query = 0; query < n; query++) {
        for (int key = 0; key < n; key++) {
          mean[query][key] += head[query][key] / heads.length;
        }
      }
    }
    return mean;
  }

  int headCount() {
    return heads.length;
  }

  /** Weights of one head of the last layer read, from the target to the tokens before it. */
  double[] head(int h, int target) {
    return java.util.Arrays.copyOf(heads[h][target], target);
  }

  /** Mean over the heads of the last layer read. */
  double[] headMean(int target) {
    return java.util.Arrays.copyOf(means[means.length - 1][target], target);
  }

  /**
   * Attention rollout: the target's row of the product of ½(A + I) over the layers from the first
   * (Abnar, Zuidema, ACL 2020).
   */
  double[] rollout(int target) {
    int n = means[0].length;
    double[] row = new double[n];
    row[target] = 1;
    for (int layer = means.length - 1; layer >= 0; layer--) {
      double[] next = new double[n];
      for (int query = 0; query < n; query++) {
        next[query] += row[query] / 2;
        for (int key = 0; key < n; key++) {
          next[key] += row[query] / 2 * means[layer][query][key];
        }
      }
      row = next;
    }
    return java.util.Arrays.copyOf(row, target);
  }
}
