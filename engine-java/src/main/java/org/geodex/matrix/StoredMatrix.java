package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;

/**
 * A matrix as a file stores it, f32, f16 or bf16, row-major. It is read where it lies (usually in a
 * mapping); {@link #f32()} widens f16 and bf16 once, on first use, and keeps the result.
 */
public final class StoredMatrix implements AutoCloseable {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfShort BITS = ValueLayout.JAVA_SHORT_UNALIGNED;

  /** How a value is stored. */
  public enum Type {
    F32(4),
    F16(2),
    BF16(2);

    private final int bytes;

    Type(int bytes) {
      this.bytes = bytes;
    }

    public int bytes() {
      return bytes;
    }
  }

  private final Type type;
  private final long rows;
  private final int columns;
  private final MemorySegment segment;
  private Matrix wide;
  private AutoCloseable attached;

  /** A matrix of {@code rows·columns} values at the start of {@code segment}. */
  public StoredMatrix(Type type, MemorySegment segment, long rows, int columns) {
    this.type = type;
    this.rows = rows;
    this.columns = columns;
    this.segment = segment.asSlice(0, type.bytes() * rows * columns);
  }

  /** An f32 matrix as it is; closing this leaves it open. */
  public static StoredMatrix of(Matrix matrix) {
    return new StoredMatrix(Type.F32, matrix.segment(), matrix.rows(), matrix.columns());
  }

  public Type type() {
    return type;
  }

  public long rows() {
    return rows;
  }

  public int columns() {
    return columns;
  }

  /** The stored bytes. */
  public MemorySegment segment() {
    return segment;
  }

  /** The values as f32: a view for f32, else a copy that this object owns. */
  public synchronized Matrix f32() {
    if (wide == null) {
      wide = type == Type.F32 ? Matrix.view(segment, rows, columns) : widened();
    }
    return wide;
  }

  /** Copies row {@code i} widened to {@code out[0..d)}. */
  public void copyRow(long i, float[] out) {
    long offset = i * columns * type.bytes();
    if (type == Type.F32) {
      MemorySegment.copy(segment, F32, offset, out, 0, columns);
      return;
    }
    for (int j = 0; j < columns; j++) {
      out[j] = widen(segment.get(BITS, offset + 2L * j));
    }
  }

  private Matrix.Owned widened() {
    Matrix.Owned matrix = Matrix.allocate(rows, columns);
    float[] row = new float[columns];
    for (long i = 0; i < rows; i++) {
      copyRow(i, row);
      matrix.setRow(i, row);
    }
    return matrix;
  }

  /** The place of the first NaN or infinity among the values [from, to), −1 where there is none. */
  public long firstNonFinite(long from, long to) {
    return FiniteCheck.firstNonFinite(segment, type, from, to);
  }

  private float widen(short bits) {
    return type == Type.F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
  }

  /**
   * A copy that a backend keeps elsewhere, on a device for example: made at first use, closed with
   * this.
   */
  public synchronized <T extends AutoCloseable> T attached(Class<T> type, Supplier<T> make) {
    if (attached == null) {
      attached = make.get();
    }
    return type.cast(attached);
  }

  @Override
  public synchronized void close() {
    if (wide instanceof Matrix.Owned owned) {
      owned.close();
    }
    if (attached != null) {
      try {
        attached.close();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
      attached = null;
    }
  }
}
