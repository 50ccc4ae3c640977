package org.geodex.information;

import java.util.Arrays;
import java.util.Objects;
import org.geodex.matrix.Matrix;

/** Matrices side by side. */
final class Columns {
  private Columns() {}

  /** The columns of all parts that are not null, in order; the caller closes the copy. */
  static Matrix.Owned join(Matrix... parts) {
    Matrix[] present = Arrays.stream(parts).filter(Objects::nonNull).toArray(Matrix[]::new);
    int columns = Arrays.stream(present).mapToInt(Matrix::columns).sum();
    Matrix.Owned joint = Matrix.allocate(present[0].rows(), columns);
    for (long i = 0; i < joint.rows(); i++) {
      long at = joint.offset(i);
      for (Matrix part : present) {
        long bytes = 4L * part.columns();
        joint.segment().asSlice(at, bytes).copyFrom(part.reading().asSlice(part.offset(i), bytes));
        at += bytes;
      }
    }
    return joint;
  }
}
