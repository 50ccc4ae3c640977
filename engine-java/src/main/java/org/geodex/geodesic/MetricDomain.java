package org.geodex.geodesic;

import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/** Checks that rows are something that a {@link Metric} is defined for. */
public final class MetricDomain {
  /** How far the sum of a categorical row may be from 1. */
  static final double SUM_TOLERANCE = 1e-4;

  private MetricDomain() {}

  /**
   * Checks every row.
   *
   * @param name what to call the matrix in the message: its file
   * @throws InputException naming the first row that the metric is not defined for
   */
  public static void check(Metric metric, Matrix x, String name) {
    switch (metric) {
      case COSINE, ANGULAR -> eachRow(x, (row, i) -> checkNonzero(metric, row, i, name));
      case FISHER_RAO_CATEGORICAL -> eachRow(x, (row, i) -> checkDistribution(row, i, name));
      case FISHER_RAO_NORMAL -> {
        if (x.columns() % 2 != 0) {
          throw new InputException(
              "%s: has %d columns; fisher-rao-normal expects an even number, d/2 means followed by"
                  + " d/2 standard deviations",
              name, x.columns());
        }
        eachRow(x, (row, i) -> checkDeviations(row, i, name));
      }
      case EUCLIDEAN, SQEUCLIDEAN, CHEBYSHEV -> {}
    }
  }

  /** Checks that two matrices have rows of one length. */
  public static void checkColumns(Matrix x, String xName, Matrix y, String yName) {
    if (x.columns() != y.columns()) {
      throw new InputException(
          "%s has %d columns and %s has %d: expected the same number",
          xName, x.columns(), yName, y.columns());
    }
  }

  @FunctionalInterface
  private interface RowCheck {
    void check(float[] row, long i);
  }

  private static void eachRow(Matrix x, RowCheck check) {
    float[] row = new float[x.columns()];
    for (long i = 0; i < x.rows(); i++) {
      x.copyRow(i, row);
      check.check(row, i);
    }
  }

  private static void checkNonzero(Metric metric, float[] row, long i, String name) {
    for (float value : row) {
      if (value != 0) {
        return;
      }
    }
    throw new InputException(
        "%s: row %d is zero; %s expects rows with a direction", name, i, metric);
  }

  private static void checkDistribution(float[] row, long i, String name) {
    double sum = 0;
    for (int j = 0; j < row.length; j++) {
      if (row[j] < 0) {
        throw new InputException(
            "%s: row %d, column %d is %s; fisher-rao-categorical expects probabilities",
            name, i, j, row[j]);
      }
      sum += row[j];
    }
    if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
      throw new InputException(
          "%s: row %d sums to %.6g; fisher-rao-categorical expects 1 within %s",
          name, i, sum, SUM_TOLERANCE);
    }
  }

  private static void checkDeviations(float[] row, long i, String name) {
    for (int j = row.length / 2; j < row.length; j++) {
      if (!(row[j] > 0)) {
        throw new InputException(
            "%s: row %d, column %d is %s; fisher-rao-normal expects standard deviations above 0 in"
                + " the second half of the columns",
            name, i, j, row[j]);
      }
    }
  }
}
