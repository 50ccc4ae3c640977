package org.geodex.model;

import java.util.HashMap;
import java.util.Map;
import org.geodex.matrix.Matrix;

/** Temporaries of a model by name, grown on demand and reused from pass to pass. */
final class Workspace implements AutoCloseable {
  private final Map<String, Matrix.Owned> buffers = new HashMap<>();

  /** A matrix with undefined content, valid until the same name is asked for again. */
  Matrix matrix(String name, long rows, int columns) {
    long length = rows * columns;
    Matrix.Owned buffer = buffers.get(name);
    if (buffer == null || buffer.rows() < length) {
      if (buffer != null) {
        buffer.close();
      }
      buffer = Matrix.allocate(length, 1);
      buffers.put(name, buffer);
    }
    return Matrix.view(buffer.segment(), rows, columns);
  }

  @Override
  public void close() {
    buffers.values().forEach(Matrix.Owned::close);
    buffers.clear();
  }
}
