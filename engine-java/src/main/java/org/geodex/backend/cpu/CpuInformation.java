package org.geodex.backend.cpu;

import org.geodex.backend.ColumnMoments;
import org.geodex.backend.Information;
import org.geodex.backend.Parallel;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.matrix.Matrix;

/** Estimators' counts and sums on all cores. */
final class CpuInformation implements Information {
  private final Parallel parallel;

  CpuInformation(Parallel parallel) {
    this.parallel = parallel;
  }

  @Override
  public KsgCounts ksgCounts(Matrix x, Matrix y, Matrix z, KsgParameters parameters) {
    if (z == null && x.columns() == 1 && y.columns() == 1) {
      return new KsgSorted(parallel, parameters, x, y).count();
    }
    if (parameters.norm() == KsgParameters.Norm.MAX) {
      return new KsgMaxNorm(parallel, parameters, x, y, z).count();
    }
    return new KsgBruteForce(parallel, parameters).count(x, y, z);
  }

  @Override
  public KsgCounts ksgCountsOfDistances(
      Matrix dx, Matrix dy, int[] order, KsgParameters parameters) {
    return new KsgBruteForce(parallel, parameters).countOfDistances(dx, dy, order);
  }

  @Override
  public ColumnMoments columnMoments(Matrix x) {
    return ColumnStatistics.moments(parallel, x);
  }

  @Override
  public double fourthMoment(Matrix x, double[] centre) {
    return ColumnStatistics.fourthMoment(parallel, x, centre);
  }

  @Override
  public double[] klCategoricalRows(Matrix p, Matrix q, boolean logits) {
    return new CategoricalKl(parallel).rows(p, q, logits);
  }

  @Override
  public void klCategorical(Matrix p, Matrix q, boolean logits, Matrix out) {
    new CategoricalKl(parallel).pairwise(p, q, logits, out);
  }
}
