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
 *
 * <p>A matrix may lie on a device ({@link #remote()}). Whoever reads or writes it on the host gets
 * its twin there; operations of that device's backend take it where it is.
 */
public abstract sealed class Matrix permits Matrix.Owned, Matrix.View {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private final long rows;
  private final int columns;
  private final MemorySegment segment;
  private final RemoteMemory remote;
  private final long start;

  private Matrix(long rows, int columns, MemorySegment segment) {
    this(rows, columns, segment, null, 0);
  }

  private Matrix(long rows, int columns, MemorySegment segment, RemoteMemory remote, long start) {
    this.rows = rows;
    this.columns = columns;
    this.segment = segment;
    this.remote = remote;
    this.start = start;
  }

  /** A matrix that owns its memory. */
  public static final class Owned extends Matrix implements AutoCloseable {
    private final Arena arena;

    private Owned(long rows, int columns, Arena arena) {
      super(rows, columns, NativeMemory.allocate(Math.multiplyExact(rows, 4L * columns), arena));
      this.arena = arena;
    }

    private Owned(long rows, int columns, RemoteMemory remote) {
      super(rows, columns, null, remote, 0);
      this.arena = null;
    }

    /** Frees the memory; a second call does nothing. */
    @Override
    public void close() {
      if (arena == null) {
        remote().close();
      } else if (arena.scope().isAlive()) {
        arena.close();
      }
    }
  }

  /** A matrix over memory of another owner. */
  public static final class View extends Matrix {
    private View(long rows, int columns, MemorySegment segment) {
      super(rows, columns, segment);
    }

    private View(long rows, int columns, RemoteMemory remote, long start) {
      super(rows, columns, null, remote, start);
    }
  }

  /** Allocates a matrix, 64-byte aligned. Its content is undefined: write before you read. */
  public static Owned allocate(long rows, int columns) {
    checkShape(rows, columns);
    return new Owned(rows, columns, Arena.ofShared());
  }

  /** A matrix over memory of a device, which it owns. */
  public static Owned on(RemoteMemory remote, long rows, int columns) {
    checkShape(rows, columns);
    return new Owned(rows, columns, remote);
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

  /**
   * The memory: exactly {@code 4·rows·columns} bytes. Of a matrix on a device this is its twin on
   * the host, see {@link RemoteMemory#host}.
   */
  public final MemorySegment segment() {
    return remote == null ? segment : remote.host().asSlice(start, bytes());
  }

  /** The same for reading alone, which leaves what is on a device as it is. */
  public final MemorySegment reading() {
    return remote == null ? segment : remote.reading().asSlice(start, bytes());
  }

  /**
   * Begins to bring the values to the host where they lie on a device, all of its memory; whoever
   * reads them there then waits less.
   */
  public final void prefetch() {
    if (remote != null) {
      remote.prefetch();
    }
  }

  /** This matrix for an operation of the host that reads it. */
  public final Matrix onHost() {
    return remote == null ? this : new View(rows, columns, reading());
  }

  /** The device's memory that this lies in, or null for the host's. */
  public final RemoteMemory remote() {
    return remote;
  }

  /** Byte offset of this matrix in {@link #remote()}. */
  public final long start() {
    return start;
  }

  /** 4·rows·columns. */
  public final long bytes() {
    return 4L * rows * columns;
  }

  /** Byte offset of row {@code i}. */
  public final long offset(long i) {
    return i * columns * 4L;
  }

  /** Element (i, j); for tests, edges and small loops. Hot loops read {@link #segment()}. */
  public final float get(long i, int j) {
    Objects.checkIndex(j, columns);
    return reading().get(F32, offset(i) + 4L * j);
  }

  public final void set(long i, int j, float value) {
    Objects.checkIndex(j, columns);
    segment().set(F32, offset(i) + 4L * j, value);
  }

  /** Copies row {@code i} into {@code row[0..d)}. */
  public final void copyRow(long i, float[] row) {
    MemorySegment.copy(reading(), F32, offset(i), row, 0, columns);
  }

  /** Copies row {@code i} widened into {@code row[0..d)}. */
  public final void copyRow(long i, double[] row) {
    long offset = offset(i);
    MemorySegment values = reading();
    for (int j = 0; j < columns; j++) {
      row[j] = values.get(F32, offset + 4L * j);
    }
  }

  public final void setRow(long i, float[] row) {
    MemorySegment.copy(row, 0, segment(), F32, offset(i), columns);
  }

  /** Rows [from, to) without a copy. */
  public final View rows(long from, long to) {
    Objects.checkFromToIndex(from, to, rows);
    return remote == null
        ? new View(to - from, columns, segment.asSlice(offset(from), offset(to - from)))
        : new View(to - from, columns, remote, start + offset(from));
  }

  /** The first {@code rows·columns} values in another shape, without a copy. */
  public final View reshaped(long rows, int columns) {
    checkShape(rows, columns);
    Objects.checkFromToIndex(0, 4L * rows * columns, bytes());
    return remote == null ? view(segment, rows, columns) : new View(rows, columns, remote, start);
  }

  /** Takes over the values of a matrix of this shape; on a device where both lie on one. */
  public final void copyFrom(Matrix source) {
    if (source.rows != rows || source.columns != columns) {
      throw new IllegalArgumentException(source + " into " + this);
    }
    if (remote == null
        || source.remote == null
        || !remote.copyFrom(start, source.remote, source.start, bytes())) {
      segment().copyFrom(source.reading());
    }
  }

  /** Row rows[i] as row i of a matrix where this one is; the caller closes it. */
  public final Owned gather(int[] rows) {
    for (int row : rows) {
      Objects.checkIndex(row, this.rows);
    }
    if (remote != null) {
      return remote.gather(start, columns, rows);
    }
    Owned chosen = allocate(rows.length, columns);
    for (int i = 0; i < rows.length; i++) {
      MemorySegment.copy(segment, offset(rows[i]), chosen.segment(), offset(i), 4L * columns);
    }
    return chosen;
  }

  /** A copy on the host with an owner of its own. */
  public final Owned copy() {
    Owned copy = allocate(rows, columns);
    copy.segment().copyFrom(reading());
    return copy;
  }

  public final Matrix fill(float value) {
    MemorySegment values = segment();
    if (value == 0) {
      values.fill((byte) 0);
    } else {
      for (long b = 0; b < values.byteSize(); b += 4) {
        values.set(F32, b, value);
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
