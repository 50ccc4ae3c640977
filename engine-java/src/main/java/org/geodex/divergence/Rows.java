package org.geodex.divergence;

import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/** Checks of the two sets of rows that a divergence compares. */
final class Rows {
  private Rows() {}

  static void checkColumns(Matrix p, Matrix q) {
    if (p.columns() != q.columns()) {
      throw new InputException(
          "P has %d columns and Q has %d: both must live in the same space",
          p.columns(), q.columns());
    }
    if (p.columns() == 0) {
      throw new InputException("P and Q need at least one column");
    }
  }

  static void checkCount(String name, Matrix x, long rows, String reason) {
    if (x.rows() < rows) {
      throw new InputException(
          "%s has %d rows: %s needs at least %d", name, x.rows(), reason, rows);
    }
  }
}
