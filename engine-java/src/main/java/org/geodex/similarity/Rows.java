package org.geodex.similarity;

import java.util.List;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/** Checks that every similarity makes of its input. */
final class Rows {
  private Rows() {}

  /** Requires the same number of rows everywhere, at least {@code least}. */
  static int check(List<? extends Matrix> xs, int least, String measure) {
    long n = xs.getFirst().rows();
    for (Matrix x : xs) {
      if (x.rows() != n) {
        throw new InputException(
            "%s compares descriptions of the same rows: one matrix has %d rows, another %d",
            measure, n, x.rows());
      }
      if (x.columns() == 0) {
        throw new InputException("%s: a matrix has no columns", measure);
      }
    }
    if (n < least) {
      throw new InputException("%s needs at least %d rows, there are %d", measure, least, n);
    }
    return Math.toIntExact(n);
  }

  /** Refuses a self term that is nothing but rounding. */
  static void checkVaries(double selfTerm, double scale, int which, String measure) {
    if (Double.isNaN(selfTerm)) {
      throw InputException.notFinite("in matrix " + (which + 1));
    }
    if (!(selfTerm > 1e-20 * scale)) {
      throw new InputException(
          "%s is not defined: the rows of matrix %d are all equal", measure, which + 1);
    }
  }

  /** Divides inner products by the roots of their self terms: cosines. */
  static double[][] cosines(double[][] products) {
    int count = products.length;
    double[][] cosines = new double[count][count];
    for (int a = 0; a < count; a++) {
      for (int b = 0; b < count; b++) {
        cosines[a][b] =
            a == b ? 1 : products[a][b] / Math.sqrt(products[a][a]) / Math.sqrt(products[b][b]);
      }
    }
    return cosines;
  }
}
