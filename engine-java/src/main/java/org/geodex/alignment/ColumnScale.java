package org.geodex.alignment;

import org.geodex.backend.Backend;
import org.geodex.backend.ColumnMoments;
import org.geodex.matrix.Matrix;

/**
 * Means and standard deviations of columns; a constant column counts as one of deviation 1.
 *
 * @param mean d values
 * @param deviation d values, all positive
 */
record ColumnScale(float[] mean, float[] deviation) {

  static ColumnScale of(Backend backend, Matrix x) {
    ColumnMoments moments = backend.information().columnMoments(x);
    float[] mean = new float[x.columns()];
    float[] deviation = new float[x.columns()];
    for (int j = 0; j < mean.length; j++) {
      mean[j] = (float) moments.means()[j];
      double sd = Math.sqrt(moments.variance(j));
      deviation[j] = sd > 0 ? (float) sd : 1;
    }
    return new ColumnScale(mean, deviation);
  }

  /** (x − mean)/deviation; the caller closes it. */
  Matrix.Owned standardize(Backend backend, Matrix x) {
    Matrix.Owned z = Matrix.allocate(x.rows(), x.columns());
    Rows.forEach(
        backend,
        x,
        (i, row) -> {
          for (int j = 0; j < row.length; j++) {
            row[j] = (row[j] - mean[j]) / deviation[j];
          }
          z.setRow(i, row);
        });
    return z;
  }
}
