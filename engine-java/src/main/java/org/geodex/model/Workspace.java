package org.geodex.model;

import java.util.HashMap;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/** Temporaries of a model by name, grown on demand and reused from pass to pass. */
final class Workspace implements AutoCloseable {
  private final Backend backend;
  private final Map<String, Matrix.Owned> buffers = new HashMap<>();

  Workspace(Backend backend) {
    this.backend = backend;
  }

  /** A matrix with undefined content, valid until the same name is asked for again. */
  Matrix matrix(String name, long rows, int columns) {
    long length = rows * columns;
    Matrix.Owned buffer = buffers.get(name);
    if (buffer == null || buffer.rows() < length) {
      if (buffer != null) {
        buffer.close();
      }
      buffer = backend.allocate(length, 1);
      buffers.put(name, buffer);
    }
    return buffer.reshaped(rows, columns);
  }

  @Override
  public void close() {
    buffers.values().forEach(Matrix.Owned::close);
    buffers.clear();
  }
}
