package org.geodex.benchmarks;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.matrix.Matrix;

/** Largest relative differences of what the lane computes; NaN where a value is no number. */
final class LaneChecks {
  private static final int ROWS = 64;

  private LaneChecks() {}

  /** Of two matrices of lengths; both may be infinite at the same place. */
  static double difference(Matrix found, Matrix expected) {
    return IntStream.range(0, expected.intRows())
        .parallel()
        .mapToDouble(i -> difference(found, expected, i))
        .reduce(0, Math::max);
  }

  private static double difference(Matrix found, Matrix expected, int i) {
    double largest = 0;
    for (int j = 0; j < expected.columns(); j++) {
      largest = Math.max(largest, difference(found.get(i, j), expected.get(i, j)));
    }
    return largest;
  }

  private static double difference(double found, double expected) {
    return found == expected ? 0 : Math.abs(found - expected) / expected;
  }

  /**
   * Of the Euclidean neighbours of 64 rows of x, from the first to the last, to those among all
   * distances in f64: the distance that the table has, and that of the row it names, so that
   * another row passes only where it is as near.
   */
  static double difference(Matrix x, NeighbourTable table) {
    long last = x.rows() - 1;
    return IntStream.range(0, ROWS)
        .parallel()
        .mapToDouble(i -> difference(x, table, (int) (i * last / (ROWS - 1))))
        .reduce(0, Math::max);
  }

  private static double difference(Matrix x, NeighbourTable table, int i) {
    double[] distances = new double[x.intRows()];
    Arrays.setAll(distances, j -> j == i ? Double.POSITIVE_INFINITY : distance(x, i, j));
    double[] ascending = distances.clone();
    Arrays.sort(ascending);
    double largest = 0;
    for (int rank = 0; rank < table.k(); rank++) {
      double expected = ascending[rank];
      double named = difference(distances[table.index(i, rank)], expected);
      double stored = difference(table.distance(i, rank), expected);
      largest = Math.max(largest, Math.max(named, stored));
    }
    return largest;
  }

  private static double distance(Matrix x, int i, int j) {
    double sum = 0;
    for (int column = 0; column < x.columns(); column++) {
      double difference = (double) x.get(i, column) - x.get(j, column);
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }
}
