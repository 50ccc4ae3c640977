package org.geodex.backend.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums of lanes in a fixed order: halves are folded onto each other. {@code reduceLanes(ADD)}
 * leaves the order open and takes another one in the interpreter than in compiled code, so that the
 * last bit would depend on when the compiler gets to it.
 */
final class LaneSum {
  private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
  private static final VectorShuffle<Double> FOLD_4 = fold(4);
  private static final VectorShuffle<Double> FOLD_2 = fold(2);
  private static final VectorShuffle<Double> FOLD_1 = fold(1);

  private LaneSum() {}

  private static VectorShuffle<Double> fold(int by) {
    return VectorShuffle.fromOp(D, lane -> lane ^ (by < D.length() ? by : 0));
  }

  /** The sum of all lanes of a vector of the preferred length, at most 8 lanes. */
  static double of(DoubleVector v) {
    DoubleVector sum = v;
    if (D.length() > 4) {
      sum = sum.add(sum.rearrange(FOLD_4));
    }
    if (D.length() > 2) {
      sum = sum.add(sum.rearrange(FOLD_2));
    }
    if (D.length() > 1) {
      sum = sum.add(sum.rearrange(FOLD_1));
    }
    return sum.lane(0);
  }
}
