package org.geodex.alignment;

import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/** A map from one scale's representation to the next finer one's. Closing it frees its weights. */
public interface ScaleMap extends AutoCloseable {
  /**
   * f(x) row by row.
   *
   * @param x [n,d]
   * @return [n,d]; the caller closes it
   */
  Matrix.Owned apply(Backend backend, Matrix x);

  @Override
  void close();
}
