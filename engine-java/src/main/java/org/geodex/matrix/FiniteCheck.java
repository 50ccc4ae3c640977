package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.geodex.error.InputException;

/** Refuses NaN and infinity, naming the first place. One pass over the memory. */
final class FiniteCheck {
  private static final int CHUNK = 4096;
  private static final int INFINITY_BITS = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);
  private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;

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
        "%s: row %d, column %d is %s, expected finite numbers (--allow-nonfinite to insist)",
        name, row, column, matrix.get(row, column));
  }

  /** Index of the first f32 that is NaN or infinite, or −1. */
  static long firstNonFinite(MemorySegment segment) {
    int[] bits = new int[CHUNK];
    long count = segment.byteSize() / 4;
    for (long i = 0; i < count; i += CHUNK) {
      int size = (int) Math.min(CHUNK, count - i);
      MemorySegment.copy(segment, I32, 4 * i, bits, 0, size);
      if (largestMagnitude(bits, size) >= INFINITY_BITS) {
        return i + firstAtLeastInfinity(bits);
      }
    }
    return -1;
  }

  /** Without the sign, the order of the bits is the order of the magnitudes; NaN is the largest. */
  private static int largestMagnitude(int[] bits, int size) {
    int largest = 0;
    for (int i = 0; i < size; i++) {
      largest = Math.max(largest, bits[i] & Integer.MAX_VALUE);
    }
    return largest;
  }

  private static int firstAtLeastInfinity(int[] bits) {
    int i = 0;
    while ((bits[i] & Integer.MAX_VALUE) < INFINITY_BITS) {
      i++;
    }
    return i;
  }
}
