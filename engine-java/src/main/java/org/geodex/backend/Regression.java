package org.geodex.backend;

import org.geodex.matrix.Matrix;

/** Many small sparse regressions of one row on others, in one call. */
public interface Regression {

  /**
   * One regression: row {@code target} of z on the rows [from, to) of z.
   *
   * @param from first regressor
   * @param to one past the last; at least {@code from + 1}
   * @param target the row to explain
   */
  record Problem(long from, long to, long target) {
    public int size() {
      return Math.toIntExact(to - from);
    }
  }

  /**
   * When to stop: the duality gap relative to half the target's squared length.
   *
   * @param gap relative duality gap, &gt; 0
   * @param sweeps the most passes over the active coefficients for one penalty
   */
  record Tolerance(double gap, int sweeps) {
    /** A gap of 1e-8, at most 10 000 sweeps. */
    public static final Tolerance DEFAULT = new Tolerance(1e-8, 10_000);
  }

  /**
   * Lasso coefficients for a falling row of penalties, each solution the start of the next:
   *
   * <pre>w(α) = argmin 1/(2d)·‖y − Σⱼ wⱼ zⱼ‖² + α·Σⱼ|wⱼ|</pre>
   *
   * without intercept, as scikit-learn's {@code Lasso(fit_intercept=False)} with the d coordinates
   * as samples. Precision: what enters a solution is summed in f64. The same bits for any number of
   * threads.
   *
   * @param z token rows [n,d]
   * @param problems regressions over rows of z
   * @param penalties [problem][step] = α &gt; 0, falling
   * @return [problem][step][regressor] coefficients
   */
  double[][][] lasso(Matrix z, Problem[] problems, double[][] penalties, Tolerance tolerance);

  /**
   * The smallest penalty that leaves no coefficient: max |zⱼ·y| / d.
   *
   * @return one value for each problem
   */
  double[] largestPenalties(Matrix z, Problem[] problems);
}
