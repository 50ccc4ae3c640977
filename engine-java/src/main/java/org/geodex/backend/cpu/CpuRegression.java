package org.geodex.backend.cpu;

import org.geodex.backend.Parallel;
import org.geodex.backend.Regression;
import org.geodex.matrix.Matrix;

/** One problem a task; see {@link WorkingSetLasso}. */
final class CpuRegression implements Regression {
  private final Parallel parallel;

  CpuRegression(Parallel parallel) {
    this.parallel = parallel;
  }

  @Override
  public double[][][] lasso(
      Matrix z, Problem[] problems, double[][] penalties, Tolerance tolerance) {
    double[][][] coefficients = new double[problems.length][][];
    parallel.forEach(
        problems.length,
        p -> {
          WorkingSetLasso lasso = new WorkingSetLasso(z, problems[(int) p], tolerance);
          double[] steps = penalties[(int) p];
          coefficients[(int) p] = new double[steps.length][];
          for (int step = 0; step < steps.length; step++) {
            coefficients[(int) p][step] = lasso.solve(steps[step]);
          }
        });
    return coefficients;
  }

  @Override
  public double[] largestPenalties(Matrix z, Problem[] problems) {
    double[] largest = new double[problems.length];
    parallel.forEach(
        problems.length,
        p ->
            largest[(int) p] =
                new WorkingSetLasso(z, problems[(int) p], Tolerance.DEFAULT).largestPenalty());
    return largest;
  }
}
