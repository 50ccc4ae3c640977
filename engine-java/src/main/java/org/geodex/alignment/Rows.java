package org.geodex.alignment;

import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/** Loops over the rows of a matrix on all threads. */
final class Rows {
  /** Rows of one task. */
  private static final int BLOCK = 32;

  private Rows() {}

  /** Gets a copy of a row to use as it likes. */
  @FunctionalInterface
  interface Body {
    void at(int i, float[] row);
  }

  /** Calls the body once for each row, in no promised order. */
  static void forEach(Backend backend, Matrix x, Body body) {
    int n = x.intRows();
    backend
        .parallel()
        .forEach(
            Math.ceilDiv(n, BLOCK),
            block -> {
              float[] row = new float[x.columns()];
              for (int i = (int) block * BLOCK; i < Math.min(n, (block + 1) * BLOCK); i++) {
                x.copyRow(i, row);
                body.at(i, row);
              }
            });
  }
}
