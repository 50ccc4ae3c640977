package org.geodex.neural;

import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/** A trained matrix and the gradient of the loss by it. Owns both. */
public final class Parameter implements AutoCloseable {
  private final Matrix.Owned value;
  private final Matrix.Owned gradient;

  /** A parameter of zeros, where the backend computes. */
  public Parameter(Backend backend, int rows, int columns) {
    value = backend.allocate(rows, columns);
    gradient = backend.allocate(rows, columns);
    value.fill(0);
    gradient.fill(0);
  }

  public Matrix value() {
    return value;
  }

  /** Overwritten by each backward pass. */
  public Matrix gradient() {
    return gradient;
  }

  @Override
  public void close() {
    value.close();
    gradient.close();
  }
}
