package org.geodex.information;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.geodex.matrix.Matrix;

/** How far rows and columns repeat themselves; −0 counts as 0. */
final class Repetition {
  private Repetition() {}

  /** Rows that equal another one, told by a 64-bit hash of their values. */
  static int copiedRows(Matrix x) {
    return repeated(LongStream.range(0, x.rows()).map(i -> hash(x, i)).sorted().toArray());
  }

  private static long hash(Matrix x, long i) {
    long hash = 1;
    for (int j = 0; j < x.columns(); j++) {
      hash = (hash ^ Float.floatToIntBits(x.get(i, j) + 0.0f)) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 29;
    }
    return hash;
  }

  /** Members of runs of equal values, longer than one. */
  private static int repeated(long[] sorted) {
    int count = 0;
    for (int i = 0; i < sorted.length; i++) {
      boolean before = i > 0 && sorted[i - 1] == sorted[i];
      boolean after = i + 1 < sorted.length && sorted[i + 1] == sorted[i];
      count += before || after ? 1 : 0;
    }
    return count;
  }

  /** The number of different values in the column that has the fewest. */
  static int fewestDistinct(Matrix x) {
    int fewest = x.intRows();
    float[] column = new float[x.intRows()];
    for (int j = 0; j < x.columns(); j++) {
      for (int i = 0; i < column.length; i++) {
        column[i] = x.get(i, j) + 0.0f;
      }
      Arrays.sort(column);
      int distinct = 1;
      for (int i = 1; i < column.length; i++) {
        distinct += column[i] == column[i - 1] ? 0 : 1;
      }
      fewest = Math.min(fewest, distinct);
    }
    return fewest;
  }
}
