package org.geodex.backend.cpu;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Parallel;
import org.geodex.backend.transformer.Projection;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;

/**
 * x·W for a few rows x, as in decoding: the time is that of reading W once. W is read as it is
 * stored, so f16 and bf16 cost half of f32, and is never unpacked in memory.
 */
final class SmallProduct {
  /** Most rows of x: with more, a packed product is faster. */
  static final int MOST_ROWS = 4;

  private static final VectorSpecies<Float> F32 = VectorMath.F32;
  private static final int LANES = F32.length();
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /** Outputs of one task. */
  private static final int TASK = 384;

  /** Values of W widened at a time; they stay in the first-level cache. */
  private static final int CHUNK = 1024;

  private SmallProduct() {}

  /** What one task works with: rows of x and of sums on the heap, and a piece of W as f32. */
  private record Buffers(float[][] x, float[][] sums, short[] stored, float[] wide, float[] lanes) {
    static Buffers of(Matrix x, int outputs) {
      float[][] rows = new float[x.intRows()][x.columns()];
      for (int r = 0; r < rows.length; r++) {
        x.copyRow(r, rows[r]);
      }
      int sums = outputs + LANES;
      return new Buffers(
          rows,
          new float[rows.length][sums],
          new short[CHUNK],
          new float[CHUNK + LANES],
          new float[LANES]);
    }
  }

  /** y = x·W, without bias. */
  static void multiply(Parallel parallel, Matrix x, Projection projection, Matrix y) {
    int n = y.columns();
    parallel.forEach(
        Math.ceilDiv(n, TASK),
        task -> {
          int from = (int) task * TASK;
          int to = Math.min(from + TASK, n);
          Buffers buffers = Buffers.of(x, TASK);
          if (projection.outputRows()) {
            dots(projection.weight(), from, to, buffers);
          } else {
            sums(projection.weight(), from, to, buffers);
          }
          for (int r = 0; r < x.intRows(); r++) {
            MemorySegment.copy(
                buffers.sums[r], 0, y.segment(), FLOAT, y.offset(r) + 4L * from, to - from);
          }
        });
  }

  /** W[out,in]: every output is a dot product with a row of W. */
  private static void dots(StoredMatrix w, int from, int to, Buffers buffers) {
    int inputs = w.columns();
    for (int o = from; o < to; o++) {
      for (int k = 0; k < inputs; k += CHUNK) {
        int count = Math.min(CHUNK, inputs - k);
        widen(w, (long) o * inputs + k, count, buffers);
        for (int r = 0; r < buffers.x.length; r++) {
          buffers.sums[r][o - from] += dot(buffers.wide, buffers.x[r], k, count, buffers.lanes);
        }
      }
    }
  }

  private static float dot(float[] w, float[] x, int from, int n, float[] lanes) {
    FloatVector a = FloatVector.zero(F32);
    FloatVector b = FloatVector.zero(F32);
    int j = 0;
    for (; j <= n - 2 * LANES; j += 2 * LANES) {
      a = FloatVector.fromArray(F32, w, j).fma(FloatVector.fromArray(F32, x, from + j), a);
      b =
          FloatVector.fromArray(F32, w, j + LANES)
              .fma(FloatVector.fromArray(F32, x, from + j + LANES), b);
    }
    float sum = VectorMath.sum(a.add(b), lanes);
    for (; j < n; j++) {
      sum = Math.fma(w[j], x[from + j], sum);
    }
    return sum;
  }

  /** W[in,out]: the outputs are a sum of rows of W. */
  private static void sums(StoredMatrix w, int from, int to, Buffers buffers) {
    int outputs = w.columns();
    for (int k = 0; k < w.rows(); k++) {
      widen(w, (long) k * outputs + from, to - from, buffers);
      for (int r = 0; r < buffers.x.length; r++) {
        addScaled(buffers.wide, buffers.x[r][k], buffers.sums[r], to - from);
      }
    }
  }

  /** sum += factor·w; runs over the end into the padding of both arrays. */
  private static void addScaled(float[] w, float factor, float[] sum, int n) {
    FloatVector scale = FloatVector.broadcast(F32, factor);
    for (int j = 0; j < n; j += LANES) {
      FloatVector.fromArray(F32, w, j)
          .fma(scale, FloatVector.fromArray(F32, sum, j))
          .intoArray(sum, j);
    }
  }

  /** Elements {@code first …} of W as f32 in {@code buffers.wide}. */
  private static void widen(StoredMatrix w, long first, int n, Buffers buffers) {
    switch (w.type()) {
      case F32 -> copy(w.segment(), 4 * first, n, buffers.wide);
      case F16 -> {
        MemorySegment.copy(w.segment(), I16, 2 * first, buffers.stored, 0, n);
        widenHalf(buffers.stored, buffers.wide, n);
      }
      case BF16 -> {
        MemorySegment.copy(w.segment(), I16, 2 * first, buffers.stored, 0, n);
        widenBrain(buffers.stored, buffers.wide, n);
      }
    }
  }

  private static void copy(MemorySegment from, long offset, int n, float[] to) {
    int j = 0;
    for (; j <= n - LANES; j += LANES) {
      FloatVector.fromMemorySegment(F32, from, offset + 4L * j, LITTLE_ENDIAN).intoArray(to, j);
    }
    for (; j < n; j++) {
      to[j] = from.get(FLOAT, offset + 4L * j);
    }
  }

  private static void widenHalf(short[] from, float[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.float16ToFloat(from[i]);
    }
  }

  private static void widenBrain(short[] from, float[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.intBitsToFloat(from[i] << 16);
    }
  }
}
