package org.geodex.backend.cpu;

import java.util.Arrays;
import org.geodex.backend.Parallel;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.matrix.Matrix;

/** KSG counts from all pairs. */
final class KsgBruteForce {
  private final Parallel parallel;
  private final KsgParameters parameters;

  KsgBruteForce(Parallel parallel, KsgParameters parameters) {
    this.parallel = parallel;
    this.parameters = parameters;
  }

  KsgCounts count(Matrix x, Matrix y, Matrix z) {
    int n = x.intRows();
    KsgCounts counts = new KsgCounts(new int[n], new int[n], z == null ? null : new int[n]);
    parallel.forEach(
        n,
        i -> {
          double[] dx = distances(x, (int) i);
          double[] dy = distances(y, (int) i);
          if (z != null) {
            double[] dz = distances(z, (int) i);
            for (int j = 0; j < n; j++) {
              dx[j] = Math.max(dx[j], dz[j]);
              dy[j] = Math.max(dy[j], dz[j]);
            }
            double[] joint = joint(dx, dy);
            double radius = joint[nearest((int) i, joint)[parameters.k() - 1]];
            counts.z()[(int) i] = within((int) i, dz, radius, false);
          }
          count((int) i, dx, dy, counts);
        });
    return counts;
  }

  KsgCounts countOfDistances(Matrix dx, Matrix dy, int[] order) {
    int n = dx.intRows();
    KsgCounts counts = new KsgCounts(new int[n], new int[n], null);
    parallel.forEach(
        n,
        i -> {
          double[] rowX = new double[n];
          double[] rowY = new double[n];
          dx.copyRow(i, rowX);
          dy.copyRow(order == null ? i : order[(int) i], rowY);
          if (order != null) {
            double[] given = rowY.clone();
            for (int j = 0; j < n; j++) {
              rowY[j] = given[order[j]];
            }
          }
          count((int) i, rowX, rowY, counts);
        });
    return counts;
  }

  private double[] distances(Matrix x, int i) {
    double[] from = new double[x.columns()];
    double[] to = new double[x.columns()];
    double[] distances = new double[x.intRows()];
    x.copyRow(i, from);
    for (int j = 0; j < distances.length; j++) {
      x.copyRow(j, to);
      double value = 0;
      for (int c = 0; c < to.length; c++) {
        double difference = Math.abs(from[c] - to[c]);
        value =
            parameters.norm() == KsgParameters.Norm.MAX
                ? Math.max(value, difference)
                : value + difference * difference;
      }
      distances[j] = parameters.norm() == KsgParameters.Norm.MAX ? value : Math.sqrt(value);
    }
    return distances;
  }

  private static double[] joint(double[] dx, double[] dy) {
    double[] joint = new double[dx.length];
    Arrays.setAll(joint, j -> Math.max(dx[j], dy[j]));
    return joint;
  }

  private void count(int i, double[] dx, double[] dy, KsgCounts counts) {
    double[] joint = joint(dx, dy);
    int[] neighbours = nearest(i, joint);
    double radius = joint[neighbours[neighbours.length - 1]];
    if (radius == Double.POSITIVE_INFINITY) {
      counts.x()[i] = -1;
      counts.y()[i] = -1;
    } else if (parameters.variant() == KsgParameters.Variant.ONE) {
      counts.x()[i] = within(i, dx, radius, false);
      counts.y()[i] = within(i, dy, radius, false);
    } else {
      counts.x()[i] = within(i, dx, largest(dx, neighbours), true);
      counts.y()[i] = within(i, dy, largest(dy, neighbours), true);
    }
  }

  private int[] nearest(int i, double[] distances) {
    int[] best = new int[parameters.k()];
    int found = 0;
    for (int j = 0; j < distances.length; j++) {
      if (j == i || (found == best.length && !(distances[j] < distances[best[found - 1]]))) {
        continue;
      }
      int place = Math.min(found, best.length - 1);
      for (; place > 0 && distances[j] < distances[best[place - 1]]; place--) {
        best[place] = best[place - 1];
      }
      best[place] = j;
      found = Math.min(found + 1, best.length);
    }
    return best;
  }

  private static double largest(double[] distances, int[] rows) {
    double largest = 0;
    for (int j : rows) {
      largest = Math.max(largest, distances[j]);
    }
    return largest;
  }

  private static int within(int i, double[] distances, double radius, boolean border) {
    int count = 0;
    for (int j = 0; j < distances.length; j++) {
      if (j != i && (border ? distances[j] <= radius : distances[j] < radius)) {
        count++;
      }
    }
    return count;
  }
}
