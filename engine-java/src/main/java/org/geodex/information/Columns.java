package org.geodex.information;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.geodex.matrix.Matrix;

/** Matrices side by side, and rows in another order. */
public final class Columns {
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
        joint.segment().asSlice(at, bytes).copyFrom(part.segment().asSlice(part.offset(i), bytes));
        at += bytes;
      }
    }
    return joint;
  }

  /** Row rows[i] of x as row i; the caller closes the copy. */
  public static Matrix.Owned gather(Matrix x, int[] rows) {
    Matrix.Owned copy = Matrix.allocate(rows.length, x.columns());
    long bytes = 4L * x.columns();
    for (int i = 0; i < rows.length; i++) {
      MemorySegment.copy(x.segment(), x.offset(rows[i]), copy.segment(), copy.offset(i), bytes);
    }
    return copy;
  }
}
