package org.geodex.matrix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import org.geodex.memory.NativeMemory;

/**
 * A dense f32 matrix, row-major without gaps, off heap: element (i, j) lies at byte {@code 4·(i·d +
 * j)} of {@link #segment()}. Rows are 64-bit, columns 32-bit.
 *
 * <p>The owner shows in the type: an {@link Owned} matrix frees its memory on {@code close()}; a
 * {@link View} belongs to somebody else (another matrix, an Arrow buffer, a mapped file) and is
 * valid as long as that lives. Any use after the owner closed is an {@link IllegalStateException}.
 */
public abstract sealed class Matrix permits Matrix.Owned, Matrix.View {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private final long rows;
  private final int columns;
  private final MemorySegment segment;

  private Matrix(long rows, int columns, MemorySegment segment) {
    this.rows = rows;
    this.columns = columns;
    this.segment = segment;
  }

  /** A matrix that owns its memory. */
  public static final class Owned extends Matrix implements AutoCloseable {
    private final Arena arena;

    private Owned(long rows, int columns, Arena arena) {
      super(rows, columns, NativeMemory.allocate(Math.multiplyExact(rows, 4L * columns), arena));
      this.arena = arena;
    }

    /** Frees the memory; a second call does nothing. */
    @Override
    public void close() {
      if (arena.scope().isAlive()) {
        arena.close();
      }
    }
  }

  /** A matrix over memory of another owner. */
  public static final class View extends Matrix {
    private View(long rows, int columns, MemorySegment segment) {
      super(rows, columns, segment);
    }
  }

  /** Allocates a matrix, 64-byte aligned. Its content is undefined: write before you read. */
  public static Owned allocate(long rows, int columns) {
    checkShape(rows, columns);
    return new Owned(rows, columns, Arena.ofShared());
  }

  /** A view of the first {@code 4·rows·columns} bytes of {@code segment}. */
  public static View view(MemorySegment segment, long rows, int columns) {
    checkShape(rows, columns);
    return new View(rows, columns, segment.asSlice(0, Math.multiplyExact(rows, 4L * columns)));
  }

  /** A copy of Java rows, all of one length. */
  public static Owned of(float[]... values) {
    Owned matrix = allocate(values.length, values[0].length);
    for (int i = 0; i < values.length; i++) {
      if (values[i].length != matrix.columns()) {
        matrix.close();
        throw new IllegalArgumentException(
            "row %d has %d values, expected %d".formatted(i, values[i].length, values[0].length));
      }
      MemorySegment.copy(values[i], 0, matrix.segment(), F32, matrix.offset(i), values[i].length);
    }
    return matrix;
  }

  private static void checkShape(long rows, int columns) {
    if (rows < 0 || columns < 0) {
      throw new IllegalArgumentException("shape %d x %d is negative".formatted(rows, columns));
    }
  }

  public final long rows() {
    return rows;
  }

  public final int columns() {
    return columns;
  }

  /** Row count as an {@code int}, for algorithms that index rows by int. */
  public final int intRows() {
    return Math.toIntExact(rows);
  }

  /** The memory: exactly {@code 4·rows·columns} bytes. */
  public final MemorySegment segment() {
    return segment;
  }

  /** Byte offset of row {@code i}. */
  public final long offset(long i) {
    return i * columns * 4L;
  }

  /** Element (i, j); for tests, edges and small loops. Hot loops read {@link #segment()}. */
  public final float get(long i, int j) {
    Objects.checkIndex(j, columns);
    return segment.get(F32, offset(i) + 4L * j);
  }

  public final void set(long i, int j, float value) {
    Objects.checkIndex(j, columns);
    segment.set(F32, offset(i) + 4L * j, value);
  }

  /** Copies row {@code i} into {@code row[0..d)}. */
  public final void copyRow(long i, float[] row) {
    MemorySegment.copy(segment, F32, offset(i), row, 0, columns);
  }

  /** Copies row {@code i} widened into {@code row[0..d)}. */
  public final void copyRow(long i, double[] row) {
    long offset = offset(i);
    for (int j = 0; j < columns; j++) {
      row[j] = segment.get(F32, offset + 4L * j);
    }
  }

  public final void setRow(long i, float[] row) {
    MemorySegment.copy(row, 0, segment, F32, offset(i), columns);
  }

  /** Rows [from, to) without a copy. */
  public final View rows(long from, long to) {
    Objects.checkFromToIndex(from, to, rows);
    return new View(to - from, columns, segment.asSlice(offset(from), offset(to - from)));
  }

  /** A copy with an owner of its own. */
  public final Owned copy() {
    Owned copy = allocate(rows, columns);
    copy.segment().copyFrom(segment);
    return copy;
  }

  public final Matrix fill(float value) {
    if (value == 0) {
      segment.fill((byte) 0);
    } else {
      for (long b = 0; b < segment.byteSize(); b += 4) {
        segment.set(F32, b, value);
      }
    }
    return this;
  }

  /** Java rows; for tests and small results. */
  public final float[][] toArray() {
    float[][] values = new float[intRows()][columns];
    for (int i = 0; i < values.length; i++) {
      copyRow(i, values[i]);
    }
    return values;
  }

  @Override
  public String toString() {
    return "%s[%d x %d f32]".formatted(getClass().getSimpleName(), rows, columns);
  }
}
