package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Stored reals to f32, once, when a file is read. f16 and bf16 widen exactly; f64 is rounded to the
 * nearest f32, so that a value beyond ±3.4e38 becomes infinite.
 *
 * <p>The loops run over small arrays, where the compiler turns them into vector conversions.
 */
final class Widening {
  private static final int CHUNK = 4096;
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE_UNALIGNED;
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private Widening() {}

  /** Converts {@code count} elements of {@code from} to f32 in {@code to}. */
  static void toF32(ElementType type, MemorySegment from, MemorySegment to, long count) {
    switch (type) {
      case F32 -> MemorySegment.copy(from, 0, to, 0, 4 * count);
      case F16 -> halves(from, to, count, Widening::f16);
      case BF16 -> halves(from, to, count, Widening::bf16);
      case F64 -> doubles(from, to, count);
      default -> throw new IllegalArgumentException(type + " is no real type");
    }
  }

  private interface Conversion {
    void apply(short[] from, float[] to, int count);
  }

  private static void halves(MemorySegment from, MemorySegment to, long count, Conversion each) {
    short[] stored = new short[CHUNK];
    float[] values = new float[CHUNK];
    for (long i = 0; i < count; i += CHUNK) {
      int size = (int) Math.min(CHUNK, count - i);
      MemorySegment.copy(from, I16, 2 * i, stored, 0, size);
      each.apply(stored, values, size);
      MemorySegment.copy(values, 0, to, F32, 4 * i, size);
    }
  }

  private static void f16(short[] from, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = Float.float16ToFloat(from[i]);
    }
  }

  private static void bf16(short[] from, float[] to, int count) {
    for (int i = 0; i < count; i++) {
      to[i] = Float.intBitsToFloat(from[i] << 16);
    }
  }

  private static void doubles(MemorySegment from, MemorySegment to, long count) {
    double[] stored = new double[CHUNK];
    float[] values = new float[CHUNK];
    for (long i = 0; i < count; i += CHUNK) {
      int size = (int) Math.min(CHUNK, count - i);
      MemorySegment.copy(from, F64, 8 * i, stored, 0, size);
      for (int j = 0; j < size; j++) {
        values[j] = (float) stored[j];
      }
      MemorySegment.copy(values, 0, to, F32, 4 * i, size);
    }
  }
}
