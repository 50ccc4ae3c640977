package org.geodex.backend.cpu;

import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** The k smallest joint distances of one row so far, as f32 bit patterns in ascending order. */
final class NearestBits {
  private final int[] smallest;

  NearestBits(int k) {
    smallest = new int[k];
  }

  void clear() {
    Arrays.fill(smallest, MaxNormPanels.FAR);
  }

  /** The k-th smallest. */
  int farthest() {
    return smallest[smallest.length - 1];
  }

  /** Takes in max(dx, dy) over [at, end), whole vectors. */
  void offer(int[] dx, int[] dy, int at, int end) {
    int farthest = farthest();
    for (int o = at; o < end; o += MaxNormPanels.INTS.length()) {
      IntVector joint =
          IntVector.fromArray(MaxNormPanels.INTS, dx, o)
              .max(IntVector.fromArray(MaxNormPanels.INTS, dy, o));
      long closer = joint.compare(VectorOperators.LT, farthest).toLong();
      for (; closer != 0; closer &= closer - 1) {
        int j = o + Long.numberOfTrailingZeros(closer);
        farthest = insert(Math.max(dx[j], dy[j]));
      }
    }
  }

  private int insert(int value) {
    int place = smallest.length - 1;
    if (value >= smallest[place]) {
      return smallest[place];
    }
    for (; place > 0 && value < smallest[place - 1]; place--) {
      smallest[place] = smallest[place - 1];
    }
    smallest[place] = value;
    return farthest();
  }
}
