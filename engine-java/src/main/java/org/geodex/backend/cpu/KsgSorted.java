package org.geodex.backend.cpu;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.geodex.backend.Parallel;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.information.KsgParameters.Variant;
import org.geodex.matrix.Matrix;

/**
 * KSG counts of two single columns. Along sorted x the nearest in the joint space lie within the
 * radius found so far, about √(k·n) points to either side; counts are two binary searches. All in
 * f64, so nothing is asked twice.
 */
final class KsgSorted {
  /** Points that one task takes. */
  private static final int BLOCK = 256;

  private final Parallel parallel;
  private final int k;
  private final Variant variant;
  private final int n;

  /** Rows in the order of x, with their values; y alone in its own order. */
  private final int[] order;

  private final double[] x;
  private final double[] yAlongX;
  private final double[] y;

  KsgSorted(Parallel parallel, KsgParameters parameters, Matrix x, Matrix y) {
    this.parallel = parallel;
    this.k = parameters.k();
    this.variant = parameters.variant();
    this.n = x.intRows();
    this.order = order(x);
    this.x = new double[n];
    this.yAlongX = new double[n];
    for (int p = 0; p < n; p++) {
      this.x[p] = x.get(order[p], 0);
      yAlongX[p] = y.get(order[p], 0);
    }
    this.y = yAlongX.clone();
    Arrays.sort(this.y);
  }

  /** Rows by value, then by number: one sort of both packed into 64 bits. */
  private static int[] order(Matrix x) {
    long[] keys = new long[x.intRows()];
    for (int i = 0; i < keys.length; i++) {
      int bits = Float.floatToIntBits(x.get(i, 0) + 0.0f);
      int ordered = bits ^ (bits >> 31 & Integer.MAX_VALUE);
      keys[i] = (long) ordered << 32 | i;
    }
    Arrays.sort(keys);
    return IntStream.range(0, keys.length).map(p -> (int) keys[p]).toArray();
  }

  KsgCounts count() {
    KsgCounts counts = new KsgCounts(new int[n], new int[n], null);
    parallel.forEach(
        Math.ceilDiv(n, BLOCK),
        block -> {
          Nearest nearest = new Nearest();
          int from = (int) block * BLOCK;
          for (int p = from; p < Math.min(from + BLOCK, n); p++) {
            nearest.find(p);
            int row = order[p];
            counts.x()[row] = count(x, x[p], nearest.radiusX());
            counts.y()[row] = count(y, yAlongX[p], nearest.radiusY());
          }
        });
    return counts;
  }

  /** Values within the radius of one of them, itself not counted. */
  private int count(double[] sorted, double value, double radius) {
    if (!within(0, radius)) {
      return 0;
    }
    return lastWithin(sorted, value, radius) - firstWithin(sorted, value, radius);
  }

  private int firstWithin(double[] sorted, double value, double radius) {
    int low = 0;
    int high = n - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] >= value || within(value - sorted[middle], radius)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }

  private int lastWithin(double[] sorted, double value, double radius) {
    int low = 0;
    int high = n - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (sorted[middle] <= value || within(sorted[middle] - value, radius)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private boolean within(double distance, double radius) {
    return variant == Variant.ONE ? distance < radius : distance <= radius;
  }

  /** The k nearest of one point, by joint distance, ties by lower row. */
  private final class Nearest {
    private final int[] place = new int[k];
    private final double[] distance = new double[k];
    private int found;
    private double aroundX;
    private double aroundY;

    void find(int p) {
      found = 0;
      aroundX = x[p];
      aroundY = yAlongX[p];
      int left = p - 1;
      int right = p + 1;
      while (left >= 0 || right < n) {
        double toLeft = left >= 0 ? aroundX - x[left] : Double.POSITIVE_INFINITY;
        double toRight = right < n ? x[right] - aroundX : Double.POSITIVE_INFINITY;
        if (found == k && Math.min(toLeft, toRight) > distance[k - 1]) {
          return;
        }
        if (toLeft < toRight) {
          offer(left--, toLeft);
        } else {
          offer(right++, toRight);
        }
      }
    }

    private void offer(int p, double alongX) {
      double joint = Math.max(alongX, Math.abs(yAlongX[p] - aroundY));
      if (found == k && !closer(joint, p, k - 1)) {
        return;
      }
      int at = Math.min(found, k - 1);
      for (; at > 0 && closer(joint, p, at - 1); at--) {
        place[at] = place[at - 1];
        distance[at] = distance[at - 1];
      }
      place[at] = p;
      distance[at] = joint;
      found = Math.min(found + 1, k);
    }

    private boolean closer(double joint, int p, int than) {
      return joint < distance[than] || (joint == distance[than] && order[p] < order[place[than]]);
    }

    double radiusX() {
      return variant == Variant.ONE ? distance[k - 1] : extent(x, aroundX);
    }

    double radiusY() {
      return variant == Variant.ONE ? distance[k - 1] : extent(yAlongX, aroundY);
    }

    private double extent(double[] values, double around) {
      double extent = 0;
      for (int p : place) {
        extent = Math.max(extent, Math.abs(values[p] - around));
      }
      return extent;
    }
  }
}
