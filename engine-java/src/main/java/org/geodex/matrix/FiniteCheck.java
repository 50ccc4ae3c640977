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
    int[] words = new int[CHUNK];
    int inWord = 4 / type.bytes();
    for (long start = from; start < to; start += (long) CHUNK * inWord) {
      long end = Math.min(to, start + (long) CHUNK * inWord);
      int size = (int) ((end - start) / inWord);
      MemorySegment.copy(segment, I32, type.bytes() * start, words, 0, size);
      boolean cut = (end - start) % inWord != 0; // the last half has no word
      if (cut || holdsNonFinite(words, size, type)) {
        long first = search(segment, type, start, end);
        if (first >= 0) {
          return first;
        }
      }
    }
    return -1;
  }

  private static boolean holdsNonFinite(int[] words, int size, StoredMatrix.Type type) {
    int infinity = infinity(type);
    return type == StoredMatrix.Type.F32
        ? largest(words, size, Integer.MAX_VALUE) >= infinity
        : largest(words, size, Short.MAX_VALUE) >= infinity
            || largest(words, size, Short.MAX_VALUE << Short.SIZE) >= infinity << Short.SIZE;
  }

  private static int infinity(StoredMatrix.Type type) {
    return switch (type) {
      case F32 -> INFINITY_BITS;
      case F16 -> 0x7c00;
      case BF16 -> 0x7f80;
    };
  }

  private static long search(MemorySegment segment, StoredMatrix.Type type, long from, long to) {
    for (long i = from; i < to; i++) {
      int magnitude =
          type == StoredMatrix.Type.F32
              ? segment.getAtIndex(I32, i) & Integer.MAX_VALUE
              : segment.getAtIndex(I16, i) & Short.MAX_VALUE;
      if (magnitude >= infinity(type)) {
        return i;
      }
    }
    return -1;
  }

  /** The largest f32 without its sign; NaN where there is one. */
  static float largestMagnitude(MemorySegment segment) {
    int[] words = new int[CHUNK];
    long count = segment.byteSize() / 4;
    int largest = 0;
    for (long start = 0; start < count; start += CHUNK) {
      int size = (int) Math.min(CHUNK, count - start);
      MemorySegment.copy(segment, I32, 4 * start, words, 0, size);
      largest = Math.max(largest, largest(words, size, Integer.MAX_VALUE));
    }
    return Float.intBitsToFloat(largest);
  }

  /**
   * The largest of the words under a mask that takes their sign away: the order of such bits is the
   * order of the magnitudes, and NaN is the largest.
   */
  private static int largest(int[] words, int size, int mask) {
    int largest = 0;
    for (int i = 0; i < size; i++) {
      largest = Math.max(largest, words[i] & mask);
    }
    return largest;
  }
}
