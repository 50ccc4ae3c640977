package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.geodex.error.InputException;

/** Refuses NaN and infinity, naming the first place. One pass over the memory. */
final class FiniteCheck {
  private static final int CHUNK = 4096;
  private static final int INFINITY_BITS = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;

  private FiniteCheck() {}

  /**
   * @param name the matrix, as the user named it
   * @throws InputException with the first row and column, counted from 0
   */
  static void check(Matrix matrix, String name) {
    long first = firstNonFinite(matrix.segment());
    if (first < 0) {
      return;
    }
    long row = first / matrix.columns();
    int column = (int) (first % matrix.columns());
    throw new InputException(
        "%s: row %d, column %d is %s in f32, expected finite numbers (--allow-nonfinite to insist)",
        name, row, column, matrix.get(row, column));
  }

  /** Index of the first f32 that is NaN or infinite, or −1. */
  static long firstNonFinite(MemorySegment segment) {
    return firstNonFinite(segment, StoredMatrix.Type.F32, 0, segment.byteSize() / 4);
  }

  /** Index of the first of the values [from, to) that is NaN or infinite, or −1. */
  static long firstNonFinite(MemorySegment segment, StoredMatrix.Type type, long from, long to) {
    int infinity =
        switch (type) {
          case F32 -> INFINITY_BITS;
          case F16 -> 0x7c00;
          case BF16 -> 0x7f80;
        };
    int[] bits = new int[CHUNK];
    for (long start = from; start < to; start += CHUNK) {
      int size = (int) Math.min(CHUNK, to - start);
      readMagnitudes(segment, type, start, bits, size);
      if (largest(bits, size) >= infinity) {
        return start + firstAtLeast(infinity, bits);
      }
    }
    return -1;
  }

  /** The largest f32 without its sign; NaN where there is one. */
  static float largestMagnitude(MemorySegment segment) {
    int[] bits = new int[CHUNK];
    long count = segment.byteSize() / 4;
    int largest = 0;
    for (long start = 0; start < count; start += CHUNK) {
      int size = (int) Math.min(CHUNK, count - start);
      readMagnitudes(segment, StoredMatrix.Type.F32, start, bits, size);
      largest = Math.max(largest, largest(bits, size));
    }
    return Float.intBitsToFloat(largest);
  }

  /** Without the sign, the order of the bits is the order of the magnitudes; NaN is the largest. */
  private static void readMagnitudes(
      MemorySegment segment, StoredMatrix.Type type, long start, int[] bits, int size) {
    if (type == StoredMatrix.Type.F32) {
      MemorySegment.copy(segment, I32, 4 * start, bits, 0, size);
      for (int i = 0; i < size; i++) {
        bits[i] &= Integer.MAX_VALUE;
      }
      return;
    }
    short[] halves = new short[size];
    MemorySegment.copy(segment, I16, 2 * start, halves, 0, size);
    for (int i = 0; i < size; i++) {
      bits[i] = halves[i] & Short.MAX_VALUE;
    }
  }

  private static int largest(int[] bits, int size) {
    int largest = 0;
    for (int i = 0; i < size; i++) {
      largest = Math.max(largest, bits[i]);
    }
    return largest;
  }

  private static int firstAtLeast(int bound, int[] bits) {
    int i = 0;
    while (bits[i] < bound) {
      i++;
    }
    return i;
  }
}
