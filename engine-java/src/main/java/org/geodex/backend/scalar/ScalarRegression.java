package org.geodex.backend.scalar;

import org.geodex.backend.Regression;
import org.geodex.matrix.Matrix;

/** Cyclic coordinate descent on the residual, as it stands in the textbook. */
final class ScalarRegression implements Regression {

  @Override
  public double[][][] lasso(
      Matrix z, Problem[] problems, double[][] penalties, Tolerance tolerance) {
    double[][][] coefficients = new double[problems.length][][];
    for (int p = 0; p < problems.length; p++) {
      double[][] rows = rows(z, problems[p]);
      double[] y = row(z, problems[p].target());
      double[] w = new double[rows.length];
      coefficients[p] = new double[penalties[p].length][];
      for (int step = 0; step < penalties[p].length; step++) {
        solve(rows, y, penalties[p][step] * y.length, tolerance, w);
        coefficients[p][step] = w.clone();
      }
    }
    return coefficients;
  }

  @Override
  public double[] largestPenalties(Matrix z, Problem[] problems) {
    double[] largest = new double[problems.length];
    for (int p = 0; p < problems.length; p++) {
      double[] y = row(z, problems[p].target());
      for (double[] row : rows(z, problems[p])) {
        largest[p] = Math.max(largest[p], Math.abs(dot(row, y)) / y.length);
      }
    }
    return largest;
  }

  /** Minimizes ½‖y − Σ wⱼ zⱼ‖² + λ·Σ|wⱼ| from the w given. */
  private static void solve(
      double[][] z, double[] y, double lambda, Tolerance tolerance, double[] w) {
    double[] residual = y.clone();
    for (int j = 0; j < z.length; j++) {
      subtract(residual, w[j], z[j]);
    }
    double enough = tolerance.gap() * dot(y, y) / 2;
    for (int sweep = 0; sweep < tolerance.sweeps(); sweep++) {
      for (int j = 0; j < z.length; j++) {
        double square = dot(z[j], z[j]);
        double old = w[j];
        double pull = dot(z[j], residual) + square * old;
        w[j] = square > 0 ? shrink(pull, lambda) / square : 0;
        subtract(residual, w[j] - old, z[j]);
      }
      if (gap(z, y, residual, lambda, w) <= enough) {
        return;
      }
    }
  }

  /** Primal less dual objective at the residual scaled into the dual's feasible set. */
  private static double gap(
      double[][] z, double[] y, double[] residual, double lambda, double[] w) {
    double strongest = 0;
    double sum = 0;
    for (int j = 0; j < z.length; j++) {
      strongest = Math.max(strongest, Math.abs(dot(z[j], residual)));
      sum += Math.abs(w[j]);
    }
    double scale = strongest > lambda ? lambda / strongest : 1;
    double square = dot(residual, residual);
    return square / 2 * (1 + scale * scale) + lambda * sum - scale * dot(residual, y);
  }

  private static double shrink(double value, double lambda) {
    return Math.signum(value) * Math.max(0, Math.abs(value) - lambda);
  }

  private static void subtract(double[] from, double factor, double[] row) {
    if (factor != 0) {
      for (int i = 0; i < from.length; i++) {
        from[i] -= factor * row[i];
      }
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double[][] rows(Matrix z, Problem problem) {
    double[][] rows = new double[problem.size()][];
    for (int j = 0; j < rows.length; j++) {
      rows[j] = row(z, problem.from() + j);
    }
    return rows;
  }

  private static double[] row(Matrix z, long i) {
    double[] row = new double[z.columns()];
    z.copyRow(i, row);
    return row;
  }
}
