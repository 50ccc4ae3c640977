package org.geodex.backend.cpu;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Parallel;
import org.geodex.backend.transformer.Projection;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;

/**
 * x·W for a few rows x, as in decoding: the time is that of reading W once. W is read as it is
 * stored, so f16 and bf16 cost half of f32, and is never unpacked in memory. Every task reads one
 * contiguous piece of W, which is what the processor fetches ahead.
 */
final class SmallProduct {
  /** Most rows of x: with more, a packed product is faster. */
  static final int MOST_ROWS = 4;

  private static final VectorSpecies<Float> F32 = VectorMath.F32;
  private static final int LANES = F32.length();
  private static final VectorSpecies<Short> BITS =
      VectorSpecies.of(short.class, jdk.incubator.vector.VectorShape.forBitSize(16 * LANES));
  private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, F32.vectorShape());
  private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /** Rows of W taken together: a sum, or a value of x, is loaded once for all of them. */
  private static final int GROUP = 4;

  /** Outputs of one task where W has a row for each. */
  private static final int TASK_OUTPUTS = 384;

  /** Where W has a row for each input: most tasks, and fewest values of W in one. */
  private static final int TASKS = 16;

  private static final int TASK_VALUES = 1 << 15;

  /** What a thread works with: f32 arrays that stay in its cache. */
  private static final ThreadLocal<Buffers> BUFFERS = ThreadLocal.withInitial(Buffers::new);

  private SmallProduct() {}

  private static final class Buffers {
    private float[][] sums = new float[0][];
    private float[] wide = new float[0];
    private final float[] lanes = new float[LANES];

    /** Zeros for each row of x, with room to run over the end by a vector. */
    float[][] sums(int rows, int n) {
      if (sums.length < rows || sums[0].length < n + LANES) {
        sums = new float[rows][n + LANES];
      }
      for (int r = 0; r < rows; r++) {
        Arrays.fill(sums[r], 0, n, 0);
      }
      return sums;
    }

    float[] wide(int n) {
      if (wide.length < n + LANES) {
        wide = new float[n + LANES];
      }
      return wide;
    }
  }

  /** y = x·W, without bias. */
  static void multiply(
      Parallel parallel, Scratch scratch, Matrix x, Projection projection, Matrix y) {
    if (projection.outputRows()) {
      dots(parallel, x, projection.weight(), y);
    } else {
      sums(parallel, scratch, x, projection.weight(), y);
    }
  }

  /** W[out,in]: every output is a dot product with a row of W. */
  private static void dots(Parallel parallel, Matrix x, StoredMatrix w, Matrix y) {
    int n = y.columns();
    parallel.forEach(
        Math.ceilDiv(n, TASK_OUTPUTS),
        task -> {
          int to = Math.min(((int) task + 1) * TASK_OUTPUTS, n);
          for (int o = (int) task * TASK_OUTPUTS; o < to; o += GROUP) {
            dots(x, w, o, Math.min(GROUP, to - o), y);
          }
        });
  }

  private static void dots(Matrix x, StoredMatrix w, int o, int count, Matrix y) {
    int inputs = w.columns();
    Buffers buffers = BUFFERS.get();
    float[] wide = buffers.wide(GROUP * inputs);
    widen(w, (long) o * inputs, count * inputs, wide);
    for (int r = 0; r < x.intRows(); r++) {
      for (int i = 0; i < count; i++) {
        float dot = dot(wide, i * inputs, x.segment(), x.offset(r), inputs, buffers.lanes);
        y.set(r, o + i, dot);
      }
    }
  }

  private static float dot(float[] w, int from, MemorySegment x, long at, int n, float[] lanes) {
    FloatVector a = FloatVector.zero(F32);
    FloatVector b = FloatVector.zero(F32);
    int j = 0;
    for (; j <= n - 2 * LANES; j += 2 * LANES) {
      a = FloatVector.fromArray(F32, w, from + j).fma(load(x, at + 4L * j), a);
      b = FloatVector.fromArray(F32, w, from + j + LANES).fma(load(x, at + 4L * (j + LANES)), b);
    }
    float sum = VectorMath.sum(a.add(b), lanes);
    for (; j < n; j++) {
      sum = Math.fma(w[from + j], x.get(FLOAT, at + 4L * j), sum);
    }
    return sum;
  }

  private static FloatVector load(MemorySegment x, long at) {
    return FloatVector.fromMemorySegment(F32, x, at, LITTLE_ENDIAN);
  }

  /** W[in,out]: the outputs are a sum of rows of W; a task adds up some of the rows. */
  private static void sums(Parallel parallel, Scratch scratch, Matrix x, StoredMatrix w, Matrix y) {
    int inputs = (int) w.rows();
    int n = w.columns();
    int least = Math.max(Math.ceilDiv(inputs, TASKS), Math.ceilDiv(TASK_VALUES, n));
    int perTask = Math.ceilDiv(least, GROUP) * GROUP;
    int tasks = Math.ceilDiv(inputs, perTask);
    int rows = x.intRows();
    try (Scratch.Block block = scratch.borrow(4L * tasks * rows * n)) {
      MemorySegment partial = block.segment();
      parallel.forEach(
          tasks,
          task -> {
            float[][] sums = BUFFERS.get().sums(rows, n);
            int to = Math.min(((int) task + 1) * perTask, inputs);
            for (int k = (int) task * perTask; k < to; k += GROUP) {
              addGroup(x, w, k, Math.min(GROUP, to - k), sums);
            }
            for (int r = 0; r < rows; r++) {
              MemorySegment.copy(sums[r], 0, partial, FLOAT, 4L * n * (task * rows + r), n);
            }
          });
      for (int r = 0; r < rows; r++) {
        MemorySegment.copy(partial, 4L * n * r, y.segment(), y.offset(r), 4L * n);
        for (int t = 1; t < tasks; t++) {
          long from = 4L * n * ((long) t * rows + r);
          CpuTransformer.add(y.segment(), y.offset(r), partial, from, n);
        }
      }
    }
  }

  /** sums += x[·, k … k + count)·W[k … k + count). */
  private static void addGroup(Matrix x, StoredMatrix w, int k, int count, float[][] sums) {
    int n = w.columns();
    for (int r = 0; r < x.intRows(); r++) {
      if (w.type() == StoredMatrix.Type.F16 && count == GROUP) {
        long at = 2L * k * n;
        addHalves(
            w.segment(),
            at,
            at + 2L * n,
            at + 4L * n,
            at + 6L * n,
            x.get(r, k),
            x.get(r, k + 1),
            x.get(r, k + 2),
            x.get(r, k + 3),
            sums[r],
            n);
      } else {
        float[] wide = BUFFERS.get().wide(n);
        for (int i = k; i < k + count; i++) {
          widen(w, (long) i * n, n, wide);
          addScaled(wide, x.get(r, i), sums[r], n);
        }
      }
    }
  }

  /**
   * sums += a·W[p …] + b·W[q …] + c·W[s …] + d·W[t …] of f16. The compiler makes vectors of this
   * loop, with the processor's own conversion, which the Vector API does not offer.
   */
  private static void addHalves(
      MemorySegment w,
      long p,
      long q,
      long s,
      long t,
      float a,
      float b,
      float c,
      float d,
      float[] sums,
      int n) {
    for (int j = 0; j < n; j++) {
      float sum = Math.fma(Float.float16ToFloat(w.get(I16, p + 2L * j)), a, sums[j]);
      sum = Math.fma(Float.float16ToFloat(w.get(I16, q + 2L * j)), b, sum);
      sum = Math.fma(Float.float16ToFloat(w.get(I16, s + 2L * j)), c, sum);
      sums[j] = Math.fma(Float.float16ToFloat(w.get(I16, t + 2L * j)), d, sum);
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

  /** Elements {@code first …} of W as f32 in {@code wide}. */
  private static void widen(StoredMatrix w, long first, int n, float[] wide) {
    switch (w.type()) {
      case F32 -> copy(w.segment(), 4 * first, n, wide);
      case F16 -> widenHalf(w.segment(), 2 * first, n, wide);
      case BF16 -> widenBrain(w.segment(), 2 * first, n, wide);
    }
  }

  private static void copy(MemorySegment from, long at, int n, float[] to) {
    int j = 0;
    for (; j <= n - LANES; j += LANES) {
      load(from, at + 4L * j).intoArray(to, j);
    }
    for (; j < n; j++) {
      to[j] = from.get(FLOAT, at + 4L * j);
    }
  }

  /** A plain loop for the same reason as {@link #addHalves}. */
  private static void widenHalf(MemorySegment from, long at, int n, float[] to) {
    for (int j = 0; j < n; j++) {
      to[j] = Float.float16ToFloat(from.get(I16, at + 2L * j));
    }
  }

  private static void widenBrain(MemorySegment from, long at, int n, float[] to) {
    int j = 0;
    for (; j <= n - LANES; j += LANES) {
      ShortVector bits = ShortVector.fromMemorySegment(BITS, from, at + 2L * j, LITTLE_ENDIAN);
      IntVector wide = (IntVector) bits.convertShape(ZERO_EXTEND_S2I, INTS, 0);
      wide.lanewise(LSHL, 16).reinterpretAsFloats().intoArray(to, j);
    }
    for (; j < n; j++) {
      to[j] = Float.intBitsToFloat(from.get(I16, at + 2L * j) << 16);
    }
  }
}
