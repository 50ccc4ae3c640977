package org.geodex.divergence;

import org.geodex.backend.Backend;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;

/**
 * How many rows of a set lie within given balls, and how far the farthest of them is. A pair within
 * 2e-5 of the border is measured in f64: refined distances are good to 1e-5, and the border belongs
 * to the ball.
 */
final class BallCounts {
  /** Balls whose distances are held at a time. */
  private static final int BLOCK = 256;

  private static final double UNSURE = 2e-5;

  /** Of sums in another order than those that the radius comes from. */
  private static final double ROUNDING = 1e-12;

  private final Matrix x;
  private final Matrix y;

  private final int[] count;
  private final double[] farthest;

  private BallCounts(Matrix x, Matrix y) {
    this.x = x;
    this.y = y;
    count = new int[x.intRows()];
    farthest = new double[x.intRows()];
  }

  /** Rows of y within {@code radius[i]} of x[i]; where y is x, the row itself counts. */
  static BallCounts of(Backend backend, Matrix x, Matrix y, double[] radius) {
    BallCounts counts = new BallCounts(x, y);
    try (Matrix.Owned distances = Matrix.allocate(Math.min(BLOCK, x.rows()), y.intRows())) {
      for (int from = 0; from < x.rows(); from += BLOCK) {
        int to = (int) Math.min(from + BLOCK, x.rows());
        Matrix block = distances.rows(0, to - from);
        backend.geometry().pairwise(x.rows(from, to), y, Metric.EUCLIDEAN, block);
        int first = from;
        backend
            .parallel()
            .forEach(to - from, i -> counts.read(block, (int) i, first + (int) i, radius));
      }
    }
    return counts;
  }

  private void read(Matrix distances, int blockRow, int i, double[] radius) {
    float[] row = new float[distances.columns()];
    distances.copyRow(blockRow, row);
    double surely = radius[i] * (1 - UNSURE);
    double perhaps = radius[i] * (1 + UNSURE);
    for (int j = 0; j < row.length; j++) {
      double distance = row[j];
      if (distance > surely && distance <= perhaps) {
        distance = distance(i, j);
      }
      if (distance <= radius[i] * (1 + ROUNDING)) {
        count[i]++;
        farthest[i] = Math.max(farthest[i], distance);
      }
    }
  }

  private double distance(int i, int j) {
    double sum = 0;
    for (int c = 0; c < x.columns(); c++) {
      double difference = (double) x.get(i, c) - y.get(j, c);
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  }

  int count(int i) {
    return count[i];
  }

  double farthest(int i) {
    return farthest[i];
  }
}
