package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.geodex.memory.NativeMemory;

/**
 * A small dense f64 matrix (covariances, Gram matrices, factors), row-major, off heap, owned by
 * whoever made it. Zero at the start. Whoever closes it sees to it that no other thread still uses
 * it.
 */
public final class Matrix64 implements AutoCloseable {
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE;

  private final int rows;
  private final int columns;

  /** Null once closed. */
  private MemorySegment segment;

  private Matrix64(int rows, int columns) {
    this.rows = rows;
    this.columns = columns;
    this.segment = NativeMemory.block(8L * rows * columns).fill((byte) 0);
  }

  public static Matrix64 allocate(int rows, int columns) {
    return new Matrix64(rows, columns);
  }

  public static Matrix64 of(double[]... values) {
    Matrix64 matrix = allocate(values.length, values[0].length);
    for (int i = 0; i < values.length; i++) {
      for (int j = 0; j < matrix.columns; j++) {
        matrix.set(i, j, values[i][j]);
      }
    }
    return matrix;
  }

  public int rows() {
    return rows;
  }

  public int columns() {
    return columns;
  }

  public MemorySegment segment() {
    if (segment == null) {
      throw new IllegalStateException(this + " is closed");
    }
    return segment;
  }

  public double get(int i, int j) {
    return segment().getAtIndex(F64, (long) i * columns + j);
  }

  public void set(int i, int j, double value) {
    segment().setAtIndex(F64, (long) i * columns + j, value);
  }

  public Matrix64 copy() {
    Matrix64 copy = allocate(rows, columns);
    copy.segment.copyFrom(segment());
    return copy;
  }

  /** Sum of the diagonal. */
  public double trace() {
    double sum = 0;
    for (int i = 0; i < Math.min(rows, columns); i++) {
      sum += get(i, i);
    }
    return sum;
  }

  public double[][] toArray() {
    double[][] values = new double[rows][columns];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        values[i][j] = get(i, j);
      }
    }
    return values;
  }

  @Override
  public void close() {
    if (segment != null) {
      NativeMemory.free(segment.address());
      segment = null;
    }
  }

  @Override
  public String toString() {
    return "Matrix64[%d x %d f64]".formatted(rows, columns);
  }
}
