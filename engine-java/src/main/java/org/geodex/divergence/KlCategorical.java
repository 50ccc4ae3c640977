package org.geodex.divergence;

import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/**
 * KL(p‖q) = Σ p·ln(p/q) of categorical distributions held in rows, in nats.
 *
 * <p>Rows of {@code p[n,d]}, {@code q[m,d]} are probabilities that sum to 1 within {@value
 * #SUM_TOLERANCE} (they are then divided by their sum, so no value is negative but for rounding),
 * or logits, of which the softmax is taken. A term with p = 0 adds 0; p &gt; 0 with q = 0 gives +∞.
 * Inputs f32, arithmetic f64. The same bits for any number of threads.
 */
public final class KlCategorical {
  /** Rounding of a softmax over 50 000 entries in f32 stays below a tenth of this. */
  private static final double SUM_TOLERANCE = 1e-4;

  private KlCategorical() {}

  /**
   * The mean over i of KL(p[i] ‖ q[i]).
   *
   * @throws InputException when the shapes differ or a row is no distribution, naming it
   */
  public static double mean(Backend backend, Matrix p, Matrix q, boolean logits) {
    double sum = 0;
    for (double value : rows(backend, p, q, logits)) {
      sum += value;
    }
    return sum / p.rows();
  }

  /** KL(p[i] ‖ q[i]) for each row. */
  public static double[] rows(Backend backend, Matrix p, Matrix q, boolean logits) {
    check(p, q, logits);
    if (p.rows() != q.rows()) {
      throw new InputException(
          "P has %d rows and Q has %d: the mean over paired rows needs as many in both; --out"
              + " compares every row of P with every row of Q",
          p.rows(), q.rows());
    }
    return backend.information().klCategoricalRows(p, q, logits);
  }

  /** out[i,j] = KL(p[i] ‖ q[j]), rounded to f32. */
  public static void pairwise(Backend backend, Matrix p, Matrix q, boolean logits, Matrix out) {
    check(p, q, logits);
    backend.information().klCategorical(p, q, logits, out);
  }

  private static void check(Matrix p, Matrix q, boolean logits) {
    Rows.checkColumns(p, q);
    Rows.checkCount("P", p, 1, "a divergence");
    Rows.checkCount("Q", q, 1, "a divergence");
    if (!logits) {
      checkDistributions("P", p);
      checkDistributions("Q", q);
    }
  }

  private static void checkDistributions(String name, Matrix x) {
    float[] row = new float[x.columns()];
    for (long i = 0; i < x.rows(); i++) {
      x.copyRow(i, row);
      double sum = 0;
      for (int j = 0; j < row.length; j++) {
        if (!(row[j] >= 0)) {
          throw new InputException(
              "%s: row %d, column %d is %s: a probability is at least 0 (--logits for logits)",
              name, i, j, row[j]);
        }
        sum += row[j];
      }
      if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
        throw new InputException(
            "%s: row %d sums to %s: probabilities sum to 1 within %s (--logits for logits)",
            name, i, (float) sum, SUM_TOLERANCE);
      }
    }
  }
}
