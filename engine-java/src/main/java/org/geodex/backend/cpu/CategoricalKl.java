package org.geodex.backend.cpu;

import org.geodex.backend.Parallel;
import org.geodex.matrix.Matrix;

/** Σ p·(ln p − ln q) of rows, f64. */
final class CategoricalKl {
  /** Rows of p and of q that one task compares: 2 x 32 rows of 50 257 f64 stay in the cache. */
  private static final int TILE = 32;

  private final Parallel parallel;

  CategoricalKl(Parallel parallel) {
    this.parallel = parallel;
  }

  double[] rows(Matrix p, Matrix q, boolean logits) {
    double[] values = new double[p.intRows()];
    parallel.forEach(
        values.length,
        i -> {
          double[] logP = new double[p.columns()];
          double[] logQ = new double[p.columns()];
          logProbabilities(p, i, logits, logP);
          logProbabilities(q, i, logits, logQ);
          values[(int) i] = kl(exp(logP), logP, logQ);
        });
    return values;
  }

  void pairwise(Matrix p, Matrix q, boolean logits, Matrix out) {
    int n = p.intRows();
    int m = q.intRows();
    int tilesAcross = Math.ceilDiv(m, TILE);
    parallel.forEach(
        (long) Math.ceilDiv(n, TILE) * tilesAcross,
        tile -> {
          int firstP = (int) (tile / tilesAcross) * TILE;
          int firstQ = (int) (tile % tilesAcross) * TILE;
          double[][] logP = logProbabilities(p, firstP, logits);
          double[][] logQ = logProbabilities(q, firstQ, logits);
          for (int i = 0; i < logP.length; i++) {
            double[] probabilities = exp(logP[i]);
            for (int j = 0; j < logQ.length; j++) {
              out.set(firstP + i, firstQ + j, (float) kl(probabilities, logP[i], logQ[j]));
            }
          }
        });
  }

  private static double[][] logProbabilities(Matrix x, int from, boolean logits) {
    int to = Math.min(from + TILE, x.intRows());
    double[][] rows = new double[to - from][x.columns()];
    for (int i = from; i < to; i++) {
      logProbabilities(x, i, logits, rows[i - from]);
    }
    return rows;
  }

  private static void logProbabilities(Matrix x, long i, boolean logits, double[] row) {
    x.copyRow(i, row);
    double largest = Double.NEGATIVE_INFINITY;
    for (double value : row) {
      largest = Math.max(largest, value);
    }
    double sum = 0;
    for (double value : row) {
      sum += logits ? Math.exp(value - largest) : value;
    }
    double logSum = Math.log(sum);
    for (int j = 0; j < row.length; j++) {
      row[j] = logits ? row[j] - largest - logSum : Math.log(row[j]) - logSum;
    }
  }

  private static double[] exp(double[] logs) {
    double[] values = new double[logs.length];
    for (int j = 0; j < logs.length; j++) {
      values[j] = Math.exp(logs[j]);
    }
    return values;
  }

  /** A term with p = 0 adds 0, so ln p = −∞ never meets ln q. */
  private static double kl(double[] p, double[] logP, double[] logQ) {
    double sum = 0;
    for (int j = 0; j < p.length; j++) {
      if (p[j] > 0) {
        sum += p[j] * (logP[j] - logQ[j]);
      }
    }
    return sum;
  }
}
