package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.geodex.memory.NativeMemory;

/**
 * A small dense f64 matrix (covariances, Gram matrices, factors), row-major, off heap, owned by
 * whoever made it. Whoever closes it sees to it that no other thread still uses it.
 */
public final class Matrix64 implements AutoCloseable {
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE;

  private static final int TILE = 32;

  private final int rows;
  private final int columns;

  /** Null once closed. */
  private MemorySegment segment;

  private Matrix64(int rows, int columns) {
    this.rows = rows;
    this.columns = columns;
    this.segment = NativeMemory.block(8L * rows * columns);
  }

  public static Matrix64 allocate(int rows, int columns) {
    Matrix64 zero = uninitialized(rows, columns);
    zero.segment.fill((byte) 0);
    return zero;
  }

  /** For a caller that writes every value. */
  public static Matrix64 uninitialized(int rows, int columns) {
    return new Matrix64(rows, columns);
  }

  public static Matrix64 identity(int n) {
    Matrix64 identity = allocate(n, n);
    for (int i = 0; i < n; i++) {
      identity.set(i, i, 1);
    }
    return identity;
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

  /** The same values in f64. */
  public static Matrix64 of(Matrix x) {
    Matrix64 wide = uninitialized(x.intRows(), x.columns());
    double[] row = new double[wide.columns];
    for (int i = 0; i < wide.rows; i++) {
      x.copyRow(i, row);
      MemorySegment.copy(row, 0, wide.segment, F64, 8L * i * wide.columns, wide.columns);
    }
    return wide;
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
    Matrix64 copy = uninitialized(rows, columns);
    copy.segment.copyFrom(segment());
    return copy;
  }

  /** Aᵀ, in blocks of which both forms stay in the first cache; the caller closes it. */
  public Matrix64 transpose() {
    Matrix64 transpose = uninitialized(columns, rows);
    MemorySegment to = transpose.segment;
    MemorySegment from = segment();
    for (int top = 0; top < rows; top += TILE) {
      for (int left = 0; left < columns; left += TILE) {
        for (int i = top; i < Math.min(top + TILE, rows); i++) {
          for (int j = left; j < Math.min(left + TILE, columns); j++) {
            to.setAtIndex(F64, (long) j * rows + i, from.getAtIndex(F64, (long) i * columns + j));
          }
        }
      }
    }
    return transpose;
  }

  /** I + c·A of a square matrix; the caller closes it. */
  public Matrix64 identityPlus(double c) {
    Matrix64 sum = uninitialized(rows, columns);
    MemorySegment from = segment();
    MemorySegment to = sum.segment();
    for (long i = 0; i < (long) rows * columns; i++) {
      to.setAtIndex(F64, i, c * from.getAtIndex(F64, i));
    }
    for (int i = 0; i < rows; i++) {
      sum.set(i, i, 1 + sum.get(i, i));
    }
    return sum;
  }

  /** A += c·B. */
  public void add(double c, Matrix64 b) {
    MemorySegment to = segment();
    MemorySegment from = b.segment();
    for (long i = 0; i < (long) rows * columns; i++) {
      to.setAtIndex(F64, i, to.getAtIndex(F64, i) + c * from.getAtIndex(F64, i));
    }
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
