package org.geodex.alignment;

import org.geodex.backend.Backend;
import org.geodex.backend.ColumnMoments;
import org.geodex.matrix.Matrix;

/**
 * An upper bound of the alignment error in KL from the residual e = f(x) − y of a map alone. With
 * δⱼ = |mean eⱼ|/σⱼ and εⱼ = sd(eⱼ)/σⱼ, σⱼ the target's standard deviation in column j,
 *
 * <pre>KL(diagonal Gaussian of f(x) ‖ that of y) ≤ ½·Σⱼ [δⱼ² + ψ(εⱼ)],
 * ψ(ε) = (1 − ε)² − 1 − 2·ln(1 − ε) for ε &lt; 1, else ∞</pre>
 *
 * in nats, because |sd(fⱼ) − sd(yⱼ)| ≤ sd(fⱼ − yⱼ) by the triangle inequality, and s² − 1 − 2·ln s
 * on [1 − ε, 1 + ε] is largest at 1 − ε. On the rows that the residual was taken from this is
 * exact; for other rows it assumes that they come from the same distribution. Derived in
 * docs/estimators.md.
 *
 * @param value nats; infinite where a column fails
 * @param failing columns with ε ≥ 1, whose residual is as large as the target itself
 */
public record KlBound(double value, int failing) {

  /**
   * The bound from a residual.
   *
   * @param mapped [n,d]
   * @param target [n,d], row i belonging to row i of {@code mapped}
   * @param epsilon what the measured divergence adds to each variance
   */
  public static KlBound of(Backend backend, Matrix mapped, Matrix target, double epsilon) {
    try (Matrix.Owned residual = mapped.copy()) {
      Rows.forEach(
          backend,
          target,
          (i, row) -> {
            float[] difference = new float[row.length];
            mapped.copyRow(i, difference);
            for (int j = 0; j < row.length; j++) {
              difference[j] -= row[j];
            }
            residual.setRow(i, difference);
          });
      ColumnMoments e = backend.information().columnMoments(residual);
      ColumnMoments y = backend.information().columnMoments(target);
      double sum = 0;
      int failing = 0;
      for (int j = 0; j < target.columns(); j++) {
        double variance = y.variance(j) + epsilon;
        double spread = Math.sqrt(e.variance(j) / variance);
        if (!(spread < 1)) {
          failing++;
        } else {
          sum += e.means()[j] * e.means()[j] / variance + psi(spread);
        }
      }
      return new KlBound(failing == 0 ? sum / 2 : Double.POSITIVE_INFINITY, failing);
    }
  }

  private static double psi(double spread) {
    return spread * spread - 2 * spread - 2 * Math.log1p(-spread);
  }
}
