package org.geodex.backend.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Parallel;
import org.geodex.matrix.Matrix;

/**
 * Rows held column by column for distances in the max norm of {@value #QUERIES} rows to a stretch
 * of points at a time.
 *
 * <p>Distances are f32 bit patterns. Of numbers that are not negative the patterns order as the
 * numbers do, and an integer maximum is one instruction where Java's floating-point maximum is
 * five. Rounding keeps the order of differences: what is smaller in f32 is smaller in f64; only
 * what is equal in f32 has to be asked again ({@link #exact}).
 */
final class MaxNormColumns {
  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());

  /** Rows that one call measures. */
  static final int QUERIES = 4;

  /** Farther than any distance, infinity included. */
  static final int FAR = Integer.MAX_VALUE;

  /** Points are padded to a multiple of this: vectors, and rows for the last call. */
  private static final int PADDING = 64;

  private static final int LANES = FLOATS.length();
  private static final int MAGNITUDE = 0x7fffffff;

  private final float[][] columns;
  private final boolean exactInF32;

  MaxNormColumns(Parallel parallel, Matrix x) {
    columns = new float[x.columns()][padded(x.intRows())];
    parallel.forEach(
        Math.ceilDiv(x.rows(), (long) PADDING),
        block -> {
          float[] row = new float[columns.length];
          for (int i = (int) block * PADDING; i < Math.min((block + 1) * PADDING, x.rows()); i++) {
            x.copyRow(i, row);
            for (int c = 0; c < row.length; c++) {
              columns[c][i] = row[c];
            }
          }
        });
    SignificantBits[] bits = new SignificantBits[columns.length];
    parallel.forEach(columns.length, c -> bits[(int) c] = SignificantBits.of(columns[(int) c]));
    exactInF32 = SignificantBits.union(bits).differencesFitF32();
  }

  /** Places that a row of distances to {@code n} points takes. */
  static int padded(int n) {
    return Math.ceilDiv(n, PADDING) * PADDING;
  }

  /** Whether equal distances in f32 are equal in f64 too. */
  boolean exactInF32() {
    return exactInF32;
  }

  /** The distance of rows i and j in f64. */
  double exact(int i, int j) {
    double max = 0;
    for (float[] column : columns) {
      max = Math.max(max, Math.abs((double) column[i] - column[j]));
    }
    return max;
  }

  /**
   * Distances of rows query … query + 3 to the points [from, to), multiples of the vector length.
   *
   * @param out the distance of row query + r to point p goes to {@code at + r·stride + p}
   */
  void measure(int query, int from, int to, int[] out, int at, int stride) {
    int single = columns.length % 4;
    if (single == 0) {
      for (int r = 0; r < QUERIES; r++) {
        Arrays.fill(out, at + r * stride + from, at + r * stride + to, 0);
      }
    } else {
      firstColumn(columns[0], query, from, to, out, at, stride);
    }
    for (int c = 1; c < single; c++) {
      oneColumn(columns[c], query, from, to, out, at, stride);
    }
    for (int c = single; c < columns.length; c += 4) {
      fourColumns(c, query, from, to, out, at, stride);
    }
  }

  /** Takes the place of what {@code out} held. */
  private static void firstColumn(
      float[] column, int query, int from, int to, int[] out, int at, int stride) {
    for (int r = 0; r < QUERIES; r++) {
      int row = at + r * stride;
      FloatVector q = FloatVector.broadcast(FLOATS, column[query + r]);
      for (int p = from; p < to; p += LANES) {
        gap(FloatVector.fromArray(FLOATS, column, p), q).intoArray(out, row + p);
      }
    }
  }

  /** Takes in four columns for two rows at a time: their eight coordinates stay in registers. */
  private void fourColumns(int first, int query, int from, int to, int[] out, int at, int stride) {
    float[] a = columns[first];
    float[] b = columns[first + 1];
    float[] c = columns[first + 2];
    float[] d = columns[first + 3];
    for (int r = 0; r < QUERIES; r += 2) {
      int i = query + r;
      int upper = at + r * stride;
      int lower = upper + stride;
      FloatVector a0 = FloatVector.broadcast(FLOATS, a[i]);
      FloatVector a1 = FloatVector.broadcast(FLOATS, a[i + 1]);
      FloatVector b0 = FloatVector.broadcast(FLOATS, b[i]);
      FloatVector b1 = FloatVector.broadcast(FLOATS, b[i + 1]);
      FloatVector c0 = FloatVector.broadcast(FLOATS, c[i]);
      FloatVector c1 = FloatVector.broadcast(FLOATS, c[i + 1]);
      FloatVector d0 = FloatVector.broadcast(FLOATS, d[i]);
      FloatVector d1 = FloatVector.broadcast(FLOATS, d[i + 1]);
      for (int p = from; p < to; p += LANES) {
        FloatVector pa = FloatVector.fromArray(FLOATS, a, p);
        FloatVector pb = FloatVector.fromArray(FLOATS, b, p);
        FloatVector pc = FloatVector.fromArray(FLOATS, c, p);
        FloatVector pd = FloatVector.fromArray(FLOATS, d, p);
        IntVector.fromArray(INTS, out, upper + p)
            .max(gap(pa, a0).max(gap(pb, b0)))
            .max(gap(pc, c0).max(gap(pd, d0)))
            .intoArray(out, upper + p);
        IntVector.fromArray(INTS, out, lower + p)
            .max(gap(pa, a1).max(gap(pb, b1)))
            .max(gap(pc, c1).max(gap(pd, d1)))
            .intoArray(out, lower + p);
      }
    }
  }

  private static void oneColumn(
      float[] column, int query, int from, int to, int[] out, int at, int stride) {
    for (int r = 0; r < QUERIES; r++) {
      int row = at + r * stride;
      FloatVector q = FloatVector.broadcast(FLOATS, column[query + r]);
      for (int p = from; p < to; p += LANES) {
        IntVector.fromArray(INTS, out, row + p)
            .max(gap(FloatVector.fromArray(FLOATS, column, p), q))
            .intoArray(out, row + p);
      }
    }
  }

  /** |points − query| as bit patterns. */
  static IntVector gap(FloatVector points, FloatVector query) {
    return points.sub(query).reinterpretAsInts().and(MAGNITUDE);
  }
}
