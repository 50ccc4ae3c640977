package org.geodex.geodesic;

import org.geodex.matrix.Matrix;

/** Takes a large result piece by piece: rows [from, from + rows.rows()), in ascending order. */
@FunctionalInterface
public interface RowBlocks {
  /** The rows are valid during the call alone. */
  void accept(long from, Matrix rows);
}
