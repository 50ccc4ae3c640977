package org.geodex.backend.cpu;

import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Reads one row of distances, f32 bit patterns: the k smallest joint ones, and in each space how
 * many lie below a bound and which lie on it.
 */
final class KsgRow {
  private static final int LANES = MaxNormColumns.INTS.length();

  /** Four vectors share a branch. */
  private static final int STEP = 4 * LANES;

  private final int length;
  private final int[] smallest;

  /**
   * @param k joint neighbours
   * @param length distances in a row, a multiple of four vectors
   */
  KsgRow(int k, int length) {
    this.length = length;
    this.smallest = new int[k];
  }

  /** Points that a reading found, by number. */
  static final class Found {
    private int[] index = new int[16];
    private int size;

    int size() {
      return size;
    }

    int get(int place) {
      return index[place];
    }

    private void clear() {
      size = 0;
    }

    private void add(int point) {
      if (size == index.length) {
        index = Arrays.copyOf(index, 2 * size);
      }
      index[size++] = point;
    }

    private void addEqual(int[] distances, int at, int first, int bound) {
      for (int o = first; o < first + STEP; o++) {
        if (distances[at + o] == bound) {
          add(o);
        }
      }
    }
  }

  /** The k-th smallest max(x, y) of the row that starts at {@code at}. */
  int radius(int[] x, int[] y, int at) {
    Arrays.fill(smallest, MaxNormColumns.FAR);
    int radius = MaxNormColumns.FAR;
    for (int o = at; o < at + length; o += STEP) {
      IntVector nearest =
          joint(x, y, o)
              .min(joint(x, y, o + LANES))
              .min(joint(x, y, o + 2 * LANES).min(joint(x, y, o + 3 * LANES)));
      if (nearest.compare(VectorOperators.LT, radius).anyTrue()) {
        for (int v = o; v < o + STEP; v += LANES) {
          if (joint(x, y, v).compare(VectorOperators.LT, radius).anyTrue()) {
            radius = insert(x, y, v);
          }
        }
      }
    }
    return radius;
  }

  private static IntVector joint(int[] x, int[] y, int at) {
    return IntVector.fromArray(MaxNormColumns.INTS, x, at)
        .max(IntVector.fromArray(MaxNormColumns.INTS, y, at));
  }

  private int insert(int[] x, int[] y, int at) {
    int last = smallest.length - 1;
    for (int o = at; o < at + LANES; o++) {
      int value = Math.max(x[o], y[o]);
      if (value < smallest[last]) {
        int place = last;
        for (; place > 0 && value < smallest[place - 1]; place--) {
          smallest[place] = smallest[place - 1];
        }
        smallest[place] = value;
      }
    }
    return smallest[last];
  }

  /** How many of the k smallest are smaller than the k-th. */
  int closer() {
    int count = 0;
    while (smallest[count] < smallest[smallest.length - 1]) {
      count++;
    }
    return count;
  }

  /** Distances below the bound; those equal to it are put into {@code equal}. */
  int below(int[] distances, int at, int bound, Found equal) {
    equal.clear();
    IntVector count = IntVector.zero(MaxNormColumns.INTS);
    for (int o = 0; o < length; o += STEP) {
      IntVector a = IntVector.fromArray(MaxNormColumns.INTS, distances, at + o);
      IntVector b = IntVector.fromArray(MaxNormColumns.INTS, distances, at + o + LANES);
      IntVector c = IntVector.fromArray(MaxNormColumns.INTS, distances, at + o + 2 * LANES);
      IntVector d = IntVector.fromArray(MaxNormColumns.INTS, distances, at + o + 3 * LANES);
      // The sign of a difference of two numbers that are not negative: no mask, on any processor.
      count =
          count
              .add(a.sub(bound).lanewise(VectorOperators.LSHR, 31))
              .add(b.sub(bound).lanewise(VectorOperators.LSHR, 31))
              .add(c.sub(bound).lanewise(VectorOperators.LSHR, 31))
              .add(d.sub(bound).lanewise(VectorOperators.LSHR, 31));
      if (a.compare(VectorOperators.EQ, bound)
          .or(b.compare(VectorOperators.EQ, bound))
          .or(c.compare(VectorOperators.EQ, bound))
          .or(d.compare(VectorOperators.EQ, bound))
          .anyTrue()) {
        equal.addEqual(distances, at, o, bound);
      }
    }
    return count.reduceLanes(VectorOperators.ADD);
  }

  /** Puts the points whose joint distance is at most the bound into {@code found}. */
  void jointUpTo(int[] x, int[] y, int at, int bound, Found found) {
    found.clear();
    for (int o = 0; o < length; o++) {
      if (Math.max(x[at + o], y[at + o]) <= bound) {
        found.add(o);
      }
    }
  }
}
