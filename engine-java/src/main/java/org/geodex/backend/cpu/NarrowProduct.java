package org.geodex.backend.cpu;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Parallel;
import org.geodex.matrix.Matrix;

/**
 * A·B for a tall A and a B of few columns: the time is that of reading A once, where a blocked
 * product would copy A into its own order first. Each entry is a dot product of a row of A and a
 * column of B in f32 lanes; the bits depend on the shapes alone.
 */
final class NarrowProduct {
  private static final int MOST_COLUMNS = 16;

  /** Fewest rows of A, and of B, that are worth it. */
  private static final int LEAST = 256;

  private static final VectorSpecies<Float> F32 = VectorMath.F32;
  private static final int LANES = F32.length();
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /** Rows of A and columns of B taken together: 16 sums, 4 columns and a row fit in registers. */
  private static final int TILE = 4;

  private static final int TASK_ROWS = 64;

  private NarrowProduct() {}

  static boolean serves(int m, int k, int n) {
    return n <= MOST_COLUMNS && m >= LEAST && k >= LEAST;
  }

  /** C[m,n] = A[m,k]·B[k,n]. */
  static void multiply(Parallel parallel, Matrix a, Matrix b, Matrix c) {
    float[][] columns = columns(b);
    int m = a.intRows();
    parallel.forEach(
        Math.ceilDiv(m, TASK_ROWS),
        task -> {
          float[] sums = new float[TILE * TILE];
          float[] lanes = new float[LANES];
          int to = Math.min(((int) task + 1) * TASK_ROWS, m);
          for (int i = (int) task * TASK_ROWS; i < to; i += TILE) {
            for (int j = 0; j < columns.length; j += TILE) {
              tile(a, i, columns, j, sums, lanes);
              store(sums, i, Math.min(TILE, to - i), j, c);
            }
          }
        });
  }

  /** The columns of B, each in one array; of zeros up to a full tile. */
  private static float[][] columns(Matrix b) {
    int k = b.intRows();
    float[][] columns = new float[Math.ceilDiv(b.columns(), TILE) * TILE][k];
    float[] row = new float[b.columns()];
    for (int i = 0; i < k; i++) {
      b.copyRow(i, row);
      for (int j = 0; j < row.length; j++) {
        columns[j][i] = row[j];
      }
    }
    return columns;
  }

  private static void store(float[] sums, int i, int rows, int j, Matrix c) {
    for (int r = 0; r < rows; r++) {
      for (int q = 0; q < Math.min(TILE, c.columns() - j); q++) {
        c.set(i + r, j + q, sums[r * TILE + q]);
      }
    }
  }

  /** Four rows from i on, past the end the last one again, by four columns. */
  private static void tile(Matrix a, int i, float[][] columns, int j, float[] sums, float[] lanes) {
    int last = a.intRows() - 1;
    long p = a.offset(i);
    long q = a.offset(Math.min(i + 1, last));
    long r = a.offset(Math.min(i + 2, last));
    long s = a.offset(Math.min(i + 3, last));
    tile(
        a.segment(),
        p,
        q,
        r,
        s,
        a.columns(),
        columns[j],
        columns[j + 1],
        columns[j + 2],
        columns[j + 3],
        sums,
        lanes);
  }

  private static void tile(
      MemorySegment a,
      long p,
      long q,
      long r,
      long s,
      int k,
      float[] b0,
      float[] b1,
      float[] b2,
      float[] b3,
      float[] sums,
      float[] lanes) {
    FloatVector p0 = FloatVector.zero(F32);
    FloatVector p1 = p0;
    FloatVector p2 = p0;
    FloatVector p3 = p0;
    FloatVector q0 = p0;
    FloatVector q1 = p0;
    FloatVector q2 = p0;
    FloatVector q3 = p0;
    FloatVector r0 = p0;
    FloatVector r1 = p0;
    FloatVector r2 = p0;
    FloatVector r3 = p0;
    FloatVector s0 = p0;
    FloatVector s1 = p0;
    FloatVector s2 = p0;
    FloatVector s3 = p0;
    int whole = F32.loopBound(k);
    for (int j = 0; j < whole; j += LANES) {
      FloatVector x0 = FloatVector.fromArray(F32, b0, j);
      FloatVector x1 = FloatVector.fromArray(F32, b1, j);
      FloatVector x2 = FloatVector.fromArray(F32, b2, j);
      FloatVector x3 = FloatVector.fromArray(F32, b3, j);
      FloatVector row = FloatVector.fromMemorySegment(F32, a, p + 4L * j, LITTLE_ENDIAN);
      p0 = row.fma(x0, p0);
      p1 = row.fma(x1, p1);
      p2 = row.fma(x2, p2);
      p3 = row.fma(x3, p3);
      row = FloatVector.fromMemorySegment(F32, a, q + 4L * j, LITTLE_ENDIAN);
      q0 = row.fma(x0, q0);
      q1 = row.fma(x1, q1);
      q2 = row.fma(x2, q2);
      q3 = row.fma(x3, q3);
      row = FloatVector.fromMemorySegment(F32, a, r + 4L * j, LITTLE_ENDIAN);
      r0 = row.fma(x0, r0);
      r1 = row.fma(x1, r1);
      r2 = row.fma(x2, r2);
      r3 = row.fma(x3, r3);
      row = FloatVector.fromMemorySegment(F32, a, s + 4L * j, LITTLE_ENDIAN);
      s0 = row.fma(x0, s0);
      s1 = row.fma(x1, s1);
      s2 = row.fma(x2, s2);
      s3 = row.fma(x3, s3);
    }
    FloatVector[] all = {p0, p1, p2, p3, q0, q1, q2, q3, r0, r1, r2, r3, s0, s1, s2, s3};
    long[] rows = {p, q, r, s};
    float[][] columns = {b0, b1, b2, b3};
    for (int t = 0; t < all.length; t++) {
      sums[t] = VectorMath.sum(all[t], lanes);
      for (int j = whole; j < k; j++) {
        sums[t] = Math.fma(a.get(FLOAT, rows[t / TILE] + 4L * j), columns[t % TILE][j], sums[t]);
      }
    }
  }
}
