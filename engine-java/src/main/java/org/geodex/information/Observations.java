package org.geodex.information;

import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/** Checks that every estimator makes of its observations. */
final class Observations {
  private Observations() {}

  /** Row i of both is one observation, and there are at least {@code rows} of them. */
  static void check(Matrix x, Matrix y, long rows, String reason) {
    checkPaired("Y", x, y);
    if (x.columns() == 0 || y.columns() == 0) {
      throw new InputException("X and Y need at least one column each");
    }
    if (x.rows() < rows) {
      throw new InputException("%d rows: %s needs at least %d", x.rows(), reason, rows);
    }
  }

  static void checkGiven(Matrix x, Matrix z) {
    checkPaired("Z", x, z);
  }

  private static void checkPaired(String name, Matrix x, Matrix other) {
    if (x.rows() != other.rows()) {
      throw new InputException(
          "X has %d rows and %s has %d: row i of both must be one observation",
          x.rows(), name, other.rows());
    }
  }
}
