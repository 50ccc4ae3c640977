package org.geodex.backend.cpu;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
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

  /** Rows of A and columns of B taken together; with more the compiler gives up on the loop. */
  private static final int TILE_ROWS = 2;

  private static final int TILE_COLUMNS = 4;

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
          float[] lanes = new float[TILE_ROWS * TILE_COLUMNS * LANES];
          int to = Math.min(((int) task + 1) * TASK_ROWS, m);
          for (int i = (int) task * TASK_ROWS; i < to; i += TILE_ROWS) {
            for (int j = 0; j < columns.length; j += TILE_COLUMNS) {
              tile(a, i, columns, j, lanes);
              store(a, i, Math.min(TILE_ROWS, to - i), columns, j, lanes, c);
            }
          }
        });
  }

  /** The columns of B, each in one array; of zeros up to a full tile. */
  private static float[][] columns(Matrix b) {
    int k = b.intRows();
    float[][] columns = new float[Math.ceilDiv(b.columns(), TILE_COLUMNS) * TILE_COLUMNS][k];
    float[] row = new float[b.columns()];
    for (int i = 0; i < k; i++) {
      b.copyRow(i, row);
      for (int j = 0; j < row.length; j++) {
        columns[j][i] = row[j];
      }
    }
    return columns;
  }

  /** Adds up the lanes, and what is left of a row beyond whole vectors. */
  private static void store(
      Matrix a, int i, int rows, float[][] columns, int j, float[] lanes, Matrix c) {
    int k = a.columns();
    for (int r = 0; r < rows; r++) {
      for (int q = 0; q < Math.min(TILE_COLUMNS, c.columns() - j); q++) {
        int from = (r * TILE_COLUMNS + q) * LANES;
        float sum = 0;
        for (int lane = 0; lane < LANES; lane++) {
          sum += lanes[from + lane];
        }
        for (int t = F32.loopBound(k); t < k; t++) {
          sum = Math.fma(a.get(i + r, t), columns[j + q][t], sum);
        }
        c.set(i + r, j + q, sum);
      }
    }
  }

  /** Two rows from i on, past the end the last one again, by four columns. */
  private static void tile(Matrix a, int i, float[][] columns, int j, float[] lanes) {
    long p = a.offset(i);
    long q = a.offset(Math.min(i + 1, a.intRows() - 1));
    int whole = F32.loopBound(a.columns());
    float[] b0 = columns[j];
    float[] b1 = columns[j + 1];
    float[] b2 = columns[j + 2];
    float[] b3 = columns[j + 3];
    tile(a.segment(), p, q, whole, b0, b1, b2, b3, lanes);
  }

  private static void tile(
      MemorySegment a,
      long p,
      long q,
      int whole,
      float[] b0,
      float[] b1,
      float[] b2,
      float[] b3,
      float[] lanes) {
    FloatVector p0 = FloatVector.zero(F32);
    FloatVector p1 = FloatVector.zero(F32);
    FloatVector p2 = FloatVector.zero(F32);
    FloatVector p3 = FloatVector.zero(F32);
    FloatVector q0 = FloatVector.zero(F32);
    FloatVector q1 = FloatVector.zero(F32);
    FloatVector q2 = FloatVector.zero(F32);
    FloatVector q3 = FloatVector.zero(F32);
    for (int j = 0; j < whole; j += LANES) {
      FloatVector x = FloatVector.fromMemorySegment(F32, a, p + 4L * j, LITTLE_ENDIAN);
      FloatVector y = FloatVector.fromMemorySegment(F32, a, q + 4L * j, LITTLE_ENDIAN);
      FloatVector b = FloatVector.fromArray(F32, b0, j);
      p0 = x.fma(b, p0);
      q0 = y.fma(b, q0);
      b = FloatVector.fromArray(F32, b1, j);
      p1 = x.fma(b, p1);
      q1 = y.fma(b, q1);
      b = FloatVector.fromArray(F32, b2, j);
      p2 = x.fma(b, p2);
      q2 = y.fma(b, q2);
      b = FloatVector.fromArray(F32, b3, j);
      p3 = x.fma(b, p3);
      q3 = y.fma(b, q3);
    }
    p0.intoArray(lanes, 0);
    p1.intoArray(lanes, LANES);
    p2.intoArray(lanes, 2 * LANES);
    p3.intoArray(lanes, 3 * LANES);
    q0.intoArray(lanes, 4 * LANES);
    q1.intoArray(lanes, 5 * LANES);
    q2.intoArray(lanes, 6 * LANES);
    q3.intoArray(lanes, 7 * LANES);
  }
}
