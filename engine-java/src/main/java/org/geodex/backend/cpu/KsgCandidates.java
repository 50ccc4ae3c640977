package org.geodex.backend.cpu;

import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The points that may lie within the radius of one row in some space, with their distances there as
 * f32 bit patterns, and the k smallest joint distances so far, which bound the radius from above.
 */
final class KsgCandidates {
  private static final int LANES = MaxNormPanels.INTS.length();

  private static final IntVector LANE = IntVector.zero(MaxNormPanels.INTS).addIndex(1);

  private final int[] smallest;
  private final boolean given;
  private int size;
  private int[] index = new int[1024];
  private int[] x = new int[1024];
  private int[] y = new int[1024];
  private int[] z;

  /**
   * @param given whether there is a third space, within which those of x and y then lie
   */
  KsgCandidates(int k, boolean given) {
    this.smallest = new int[k];
    this.given = given;
    this.z = given ? new int[1024] : null;
  }

  void clear() {
    size = 0;
    Arrays.fill(smallest, MaxNormPanels.FAR);
  }

  int size() {
    return size;
  }

  int index(int c) {
    return index[c];
  }

  /** Distances in the space of x. */
  int[] x() {
    return x;
  }

  int[] y() {
    return y;
  }

  int[] z() {
    return z;
  }

  int joint(int c) {
    return Math.max(x[c], y[c]);
  }

  /** The k-th smallest joint distance so far. */
  int radius() {
    return smallest[smallest.length - 1];
  }

  /** Ends the offers: what lies behind the last candidate in its vector is far. */
  void seal() {
    if (size + LANES > index.length) {
      grow();
    }
    Arrays.fill(x, size, size + LANES, MaxNormPanels.FAR);
    Arrays.fill(y, size, size + LANES, MaxNormPanels.FAR);
    if (given) {
      Arrays.fill(z, size, size + LANES, MaxNormPanels.FAR);
    }
  }

  /** Candidates with {@code distances} below the bound. */
  int below(int[] distances, int bound) {
    IntVector count = IntVector.zero(MaxNormPanels.INTS);
    for (int c = 0; c < size; c += LANES) {
      IntVector values = IntVector.fromArray(MaxNormPanels.INTS, distances, c);
      count = count.add(1, values.compare(VectorOperators.LT, bound));
    }
    return count.reduceLanes(VectorOperators.ADD);
  }

  /** The first candidate from {@code c} on whose distance equals the value, or size. */
  int nextEqual(int[] distances, int value, int c) {
    for (; c % LANES != 0 && c < size; c++) {
      if (distances[c] == value) {
        return c;
      }
    }
    for (; c < size; c += LANES) {
      VectorMask<Integer> equal =
          IntVector.fromArray(MaxNormPanels.INTS, distances, c).compare(VectorOperators.EQ, value);
      if (equal.anyTrue()) {
        return c + equal.firstTrue();
      }
    }
    return size;
  }

  /** The first candidate from {@code c} on whose joint distance is at most the bound, or size. */
  int nextJointUpTo(int bound, int c) {
    for (; c % LANES != 0 && c < size; c++) {
      if (joint(c) <= bound) {
        return c;
      }
    }
    for (; c < size; c += LANES) {
      VectorMask<Integer> near =
          IntVector.fromArray(MaxNormPanels.INTS, x, c)
              .max(IntVector.fromArray(MaxNormPanels.INTS, y, c))
              .compare(VectorOperators.LE, bound);
      if (near.anyTrue()) {
        return c + near.firstTrue();
      }
    }
    return size;
  }

  /** Takes in one panel of points, the first of which is {@code first}. */
  void offer(int first, int[] dx, int[] dy, int at) {
    if (size + MaxNormPanels.PANEL > index.length) {
      grow();
    }
    int radius = radius();
    for (int o = 0; o < MaxNormPanels.PANEL; o += LANES) {
      IntVector vx = IntVector.fromArray(MaxNormPanels.INTS, dx, at + o);
      IntVector vy = IntVector.fromArray(MaxNormPanels.INTS, dy, at + o);
      if (vx.max(vy).compare(VectorOperators.LT, radius).anyTrue()) {
        radius = insert(dx, dy, at + o);
      }
      // No branch: among few columns most vectors hold a candidate, among many hardly any does.
      VectorMask<Integer> near = vx.min(vy).compare(VectorOperators.LE, radius);
      LANE.add(first + o).compress(near).intoArray(index, size);
      vx.compress(near).intoArray(x, size);
      vy.compress(near).intoArray(y, size);
      size += near.trueCount();
    }
  }

  /** The same with a third space. */
  void offer(int first, int[] dx, int[] dy, int[] dz, int at) {
    if (size + MaxNormPanels.PANEL > index.length) {
      grow();
    }
    int radius = radius();
    for (int o = 0; o < MaxNormPanels.PANEL; o += LANES) {
      IntVector vx = IntVector.fromArray(MaxNormPanels.INTS, dx, at + o);
      IntVector vy = IntVector.fromArray(MaxNormPanels.INTS, dy, at + o);
      IntVector vz = IntVector.fromArray(MaxNormPanels.INTS, dz, at + o);
      if (vx.max(vy).compare(VectorOperators.LT, radius).anyTrue()) {
        radius = insert(dx, dy, at + o);
      }
      VectorMask<Integer> near = vz.compare(VectorOperators.LE, radius);
      LANE.add(first + o).compress(near).intoArray(index, size);
      vx.compress(near).intoArray(x, size);
      vy.compress(near).intoArray(y, size);
      vz.compress(near).intoArray(z, size);
      size += near.trueCount();
    }
  }

  private int insert(int[] dx, int[] dy, int at) {
    int last = smallest.length - 1;
    for (int o = at; o < at + LANES; o++) {
      int value = Math.max(dx[o], dy[o]);
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

  private void grow() {
    int length = 2 * index.length;
    index = Arrays.copyOf(index, length);
    x = Arrays.copyOf(x, length);
    y = Arrays.copyOf(y, length);
    z = given ? Arrays.copyOf(z, length) : null;
  }
}
