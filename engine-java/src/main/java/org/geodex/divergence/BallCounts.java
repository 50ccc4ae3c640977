package org.geodex.divergence;

import org.geodex.backend.Backend;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;

/**
 * How many rows of a set lie within given balls, and how far the farthest of them is. Distances are
 * rounded to f32, the radii with them, so that the border always counts.
 */
final class BallCounts {
  /** Balls whose distances are held at a time. */
  private static final int BLOCK = 256;

  private final int[] count;
  private final double[] farthest;

  private BallCounts(int n) {
    count = new int[n];
    farthest = new double[n];
  }

  /** Rows of y within {@code radius[i]} of x[i]; where y is x, the row itself counts. */
  static BallCounts of(Backend backend, Matrix x, Matrix y, double[] radius) {
    BallCounts counts = new BallCounts(x.intRows());
    try (Matrix.Owned distances = Matrix.allocate(Math.min(BLOCK, x.rows()), y.intRows())) {
      for (int from = 0; from < x.rows(); from += BLOCK) {
        int to = (int) Math.min(from + BLOCK, x.rows());
        Matrix block = distances.rows(0, to - from);
        backend.geometry().pairwise(x.rows(from, to), y, Metric.EUCLIDEAN, block);
        int first = from;
        backend
            .parallel()
            .forEach(to - from, i -> counts.read(block, (int) i, first, radius[first + (int) i]));
      }
    }
    return counts;
  }

  private void read(Matrix distances, int i, int first, double radius) {
    float[] row = new float[distances.columns()];
    distances.copyRow(i, row);
    float border = (float) radius;
    for (float distance : row) {
      if (distance <= border) {
        count[first + i]++;
        farthest[first + i] = Math.max(farthest[first + i], distance);
      }
    }
  }

  int count(int i) {
    return count[i];
  }

  double farthest(int i) {
    return farthest[i];
  }
}
