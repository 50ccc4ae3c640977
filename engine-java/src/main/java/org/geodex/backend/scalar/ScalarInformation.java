package org.geodex.backend.scalar;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.geodex.backend.ColumnMoments;
import org.geodex.backend.Information;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.matrix.Matrix;

final class ScalarInformation implements Information {

  @Override
  public KsgCounts ksgCounts(Matrix x, Matrix y, Matrix z, KsgParameters parameters) {
    int n = x.intRows();
    KsgCounts counts = new KsgCounts(new int[n], new int[n], z == null ? null : new int[n]);
    for (int i = 0; i < n; i++) {
      double[] dx = distancesFrom(x, i, parameters.norm());
      double[] dy = distancesFrom(y, i, parameters.norm());
      if (z == null) {
        count(i, dx, dy, parameters, counts);
      } else {
        countGiven(i, dx, dy, distancesFrom(z, i, parameters.norm()), parameters, counts);
      }
    }
    return counts;
  }

  @Override
  public KsgCounts ksgCountsOfDistances(
      Matrix dx, Matrix dy, int[] order, KsgParameters parameters) {
    int n = dx.intRows();
    KsgCounts counts = new KsgCounts(new int[n], new int[n], null);
    for (int i = 0; i < n; i++) {
      double[] rowX = new double[n];
      double[] rowY = new double[n];
      for (int j = 0; j < n; j++) {
        rowX[j] = dx.get(i, j);
        rowY[j] = order == null ? dy.get(i, j) : dy.get(order[i], order[j]);
      }
      count(i, rowX, rowY, parameters, counts);
    }
    return counts;
  }

  private static double[] distancesFrom(Matrix x, int i, KsgParameters.Norm norm) {
    double[] from = new double[x.columns()];
    double[] to = new double[x.columns()];
    double[] distances = new double[x.intRows()];
    x.copyRow(i, from);
    for (int j = 0; j < distances.length; j++) {
      x.copyRow(j, to);
      distances[j] =
          switch (norm) {
            case MAX -> chebyshev(from, to);
            case EUCLIDEAN -> Math.sqrt(squaredEuclidean(from, to));
          };
    }
    return distances;
  }

  private static double chebyshev(double[] a, double[] b) {
    double max = 0;
    for (int j = 0; j < a.length; j++) {
      max = Math.max(max, Math.abs(a[j] - b[j]));
    }
    return max;
  }

  private static double squaredEuclidean(double[] a, double[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      sum += (a[j] - b[j]) * (a[j] - b[j]);
    }
    return sum;
  }

  private static void count(
      int i, double[] dx, double[] dy, KsgParameters parameters, KsgCounts counts) {
    double[] joint = new double[dx.length];
    Arrays.setAll(joint, j -> Math.max(dx[j], dy[j]));
    int[] neighbours = nearest(i, joint, parameters.k());
    double radius = joint[neighbours[neighbours.length - 1]];
    if (radius == Double.POSITIVE_INFINITY) {
      counts.x()[i] = -1;
      counts.y()[i] = -1;
      return;
    }
    switch (parameters.variant()) {
      case ONE -> {
        counts.x()[i] = within(i, dx, radius, false);
        counts.y()[i] = within(i, dy, radius, false);
      }
      case TWO -> {
        counts.x()[i] = within(i, dx, largest(dx, neighbours), true);
        counts.y()[i] = within(i, dy, largest(dy, neighbours), true);
      }
    }
  }

  /** Frenzel and Pompe, Phys. Rev. Lett. 99, 204101 (2007). */
  private static void countGiven(
      int i, double[] dx, double[] dy, double[] dz, KsgParameters parameters, KsgCounts counts) {
    double[] dxz = new double[dx.length];
    double[] dyz = new double[dx.length];
    double[] joint = new double[dx.length];
    Arrays.setAll(dxz, j -> Math.max(dx[j], dz[j]));
    Arrays.setAll(dyz, j -> Math.max(dy[j], dz[j]));
    Arrays.setAll(joint, j -> Math.max(dxz[j], dy[j]));
    int[] neighbours = nearest(i, joint, parameters.k());
    double radius = joint[neighbours[neighbours.length - 1]];
    counts.x()[i] = within(i, dxz, radius, false);
    counts.y()[i] = within(i, dyz, radius, false);
    counts.z()[i] = within(i, dz, radius, false);
  }

  /** The k rows nearest to row i, itself left out, ties by lower index. */
  private static int[] nearest(int i, double[] distances, int k) {
    return IntStream.range(0, distances.length)
        .filter(j -> j != i)
        .boxed()
        .sorted(Comparator.<Integer>comparingDouble(j -> distances[j]).thenComparingInt(j -> j))
        .limit(k)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static double largest(double[] distances, int[] rows) {
    return Arrays.stream(rows).mapToDouble(j -> distances[j]).max().orElseThrow();
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

  @Override
  public ColumnMoments columnMoments(Matrix x) {
    double[] means = new ScalarAlgebra().means(x);
    double[] squares = new double[means.length];
    for (long i = 0; i < x.rows(); i++) {
      for (int j = 0; j < means.length; j++) {
        double deviation = x.get(i, j) - means[j];
        squares[j] += deviation * deviation;
      }
    }
    return new ColumnMoments(x.rows(), means, squares);
  }

  @Override
  public double fourthMoment(Matrix x, double[] centre) {
    double[] row = new double[x.columns()];
    double sum = 0;
    for (long i = 0; i < x.rows(); i++) {
      x.copyRow(i, row);
      double square = squaredEuclidean(row, centre);
      sum += square * square;
    }
    return sum;
  }

  @Override
  public double[] klCategoricalRows(Matrix p, Matrix q, boolean logits) {
    double[] values = new double[p.intRows()];
    for (int i = 0; i < values.length; i++) {
      values[i] = kl(logProbabilities(p, i, logits), logProbabilities(q, i, logits));
    }
    return values;
  }

  @Override
  public void klCategorical(Matrix p, Matrix q, boolean logits, Matrix out) {
    for (long i = 0; i < p.rows(); i++) {
      double[] left = logProbabilities(p, i, logits);
      for (int j = 0; j < q.intRows(); j++) {
        out.set(i, j, (float) kl(left, logProbabilities(q, j, logits)));
      }
    }
  }

  /** Σ p·(ln p − ln q) over p &gt; 0. */
  private static double kl(double[] logP, double[] logQ) {
    double sum = 0;
    for (int j = 0; j < logP.length; j++) {
      if (logP[j] > Double.NEGATIVE_INFINITY) {
        sum += Math.exp(logP[j]) * (logP[j] - logQ[j]);
      }
    }
    return sum;
  }

  private static double[] logProbabilities(Matrix x, long i, boolean logits) {
    double[] row = new double[x.columns()];
    x.copyRow(i, row);
    double largest = logits ? Arrays.stream(row).max().orElseThrow() : 0;
    if (logits) {
      Arrays.setAll(row, j -> Math.exp(row[j] - largest));
    }
    double sum = Arrays.stream(row).sum();
    Arrays.setAll(row, j -> Math.log(row[j] / sum));
    return row;
  }
}
