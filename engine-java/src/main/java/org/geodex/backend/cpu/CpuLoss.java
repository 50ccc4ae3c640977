package org.geodex.backend.cpu;

import java.util.Arrays;
import org.geodex.backend.Algebra;
import org.geodex.backend.Loss;
import org.geodex.backend.Network;
import org.geodex.backend.Parallel;
import org.geodex.matrix.Matrix;

/** Row by row on the cores, distances by a product; each task is a fixed run of rows. */
final class CpuLoss implements Loss {
  /** Rows of one task. */
  private static final int ROWS = 32;

  private final Parallel parallel;
  private final Algebra algebra;
  private final Network network;

  CpuLoss(Parallel parallel, Algebra algebra, Network network) {
    this.parallel = parallel;
    this.algebra = algebra;
    this.network = network;
  }

  /** Gets copies of rows of two matrices to use as it likes. */
  @FunctionalInterface
  private interface Body {
    void at(int i, float[] x, float[] y);
  }

  /** Calls the body for every row of x and that of y; y may be null. */
  private void forEachRow(Matrix x, Matrix y, Body body) {
    int n = x.intRows();
    parallel.forEach(
        Math.ceilDiv(n, ROWS),
        block -> {
          float[] left = new float[x.columns()];
          float[] right = y == null ? null : new float[y.columns()];
          for (int i = (int) block * ROWS; i < Math.min(n, (block + 1) * ROWS); i++) {
            x.copyRow(i, left);
            if (y != null) {
              y.copyRow(i, right);
            }
            body.at(i, left, right);
          }
        });
  }

  private static double sum(double[] parts) {
    double sum = 0;
    for (double part : parts) {
      sum += part;
    }
    return sum;
  }

  /** In f64 after the largest score; one core, there are few scores. */
  @Override
  public void donskerVaradhan(
      Matrix scores, double memory, Matrix average, Matrix gradient, Matrix bound) {
    int n = scores.intRows() / 2;
    double joint = 0;
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < n; i++) {
      joint += scores.get(i, 0);
      largest = Math.max(largest, scores.get(n + i, 0));
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += Math.exp(scores.get(n + i, 0) - largest);
    }
    double logMean = largest + Math.log(sum / n);
    double old = average.get(0, 0);
    double logAverage =
        Double.isNaN(old) ? logMean : logSum(Math.log(memory) + old, Math.log1p(-memory) + logMean);
    for (int i = 0; i < n; i++) {
      gradient.set(i, 0, -1f / n);
      double softmax = Math.exp(scores.get(n + i, 0) - logAverage) / n;
      gradient.set(n + i, 0, Loss.scoreGradient(softmax));
    }
    average.set(0, 0, (float) logAverage);
    bound.set(0, 0, (float) (joint / n - logMean));
  }

  /** Ln(exp a + exp b). */
  private static double logSum(double a, double b) {
    double largest = Math.max(a, b);
    return largest + Math.log(Math.exp(a - largest) + Math.exp(b - largest));
  }

  @Override
  public void infoNce(Matrix scores, Matrix gradient, Matrix bound) {
    int n = scores.intRows();
    double[] terms = new double[n];
    parallel.forEach(
        n,
        i -> {
          float[] row = new float[n];
          scores.copyRow(i, row);
          terms[(int) i] = infoNce(row, (int) i, gradient != null);
          if (gradient != null) {
            gradient.setRow(i, row);
          }
        });
    bound.set(0, 0, (float) (Math.log(n) + sum(terms) / n));
  }

  /** The term of row i; turns its scores into the gradient where asked. */
  private static double infoNce(float[] row, int i, boolean gradient) {
    double largest = Double.NEGATIVE_INFINITY;
    for (float value : row) {
      largest = Math.max(largest, value);
    }
    double sum = 0;
    for (float value : row) {
      sum += Math.exp(value - largest);
    }
    double logSum = largest + Math.log(sum);
    double term = row[i] - logSum;
    if (gradient) {
      int n = row.length;
      for (int j = 0; j < n; j++) {
        row[j] = Loss.scoreGradient(Math.exp(row[j] - logSum) / n);
      }
      row[i] -= 1f / n;
    }
    return term;
  }

  @Override
  public void residual(Matrix u, Matrix v, double weight, Matrix gradient, Matrix value) {
    double count = (double) u.rows() * u.columns();
    float factor = (float) (2 * weight / count);
    double[] parts = new double[u.intRows()];
    forEachRow(
        u,
        v,
        (i, row, target) -> {
          double part = 0;
          for (int j = 0; j < row.length; j++) {
            row[j] -= target[j];
            part += (double) row[j] * row[j];
            row[j] *= factor;
          }
          if (gradient != null) {
            gradient.setRow(i, row);
          }
          parts[i] = part;
        });
    value.set(0, 0, (float) (sum(parts) / count));
  }

  @Override
  public void stress(
      Matrix x, Matrix scale, Matrix distances, double weight, Matrix gradient, Matrix value) {
    int n = x.intRows();
    try (Matrix.Owned rows = Matrix.allocate(n, x.columns());
        Matrix.Owned own = Matrix.allocate(n, n)) {
      float[] factors = factors(scale, x.columns());
      centre(x, factors, rows);
      algebra.gemm(rows, false, rows, true, own);
      double[] sums = toDistances(own, distances);
      double a = sums[0];
      double b = sums[1];
      double c = sums[2];
      value.set(0, 0, (float) (c == 0 ? 0 : b == 0 ? 1 : 1 - a / b * (a / c)));
      if (gradient != null && b > 0 && c > 0) {
        float[] rowSums = toWeights(own, distances, a / b, 4 * a / b / c);
        addStressGradient(rows, own, rowSums, factors, (float) weight, gradient);
      }
    }
  }

  private static float[] factors(Matrix scale, int d) {
    float[] factors = new float[d];
    if (scale == null) {
      Arrays.fill(factors, 1);
    } else {
      scale.copyRow(0, factors);
    }
    return factors;
  }

  /** Rows = (x − mean)⊙factors. */
  private void centre(Matrix x, float[] factors, Matrix rows) {
    double[] mean = algebra.means(x);
    forEachRow(
        x,
        null,
        (i, row, none) -> {
          for (int j = 0; j < row.length; j++) {
            row[j] = (float) ((row[j] - mean[j]) * factors[j]);
          }
          rows.setRow(i, row);
        });
  }

  /** Turns products into distances e; returns Σ eδ, Σ e², Σ δ². */
  private double[] toDistances(Matrix products, Matrix given) {
    int n = products.intRows();
    double[] squares = new double[n];
    for (int i = 0; i < n; i++) {
      squares[i] = products.get(i, i);
    }
    double[] a = new double[n];
    double[] b = new double[n];
    double[] c = new double[n];
    forEachRow(
        products,
        given,
        (i, e, delta) -> {
          double ownByGiven = 0;
          double own = 0;
          double theirs = 0;
          for (int j = 0; j < n; j++) {
            double square = i == j ? 0 : Math.max(0, squares[i] + squares[j] - 2.0 * e[j]);
            double distance = Math.sqrt(square);
            e[j] = (float) distance;
            ownByGiven += distance * delta[j];
            own += square;
            theirs += (double) delta[j] * delta[j];
          }
          products.setRow(i, e);
          a[i] = ownByGiven;
          b[i] = own;
          c[i] = theirs;
        });
    return new double[] {sum(a), sum(b), sum(c)};
  }

  /** Turns distances into W; returns its row sums. */
  private float[] toWeights(Matrix own, Matrix given, double ratio, double factor) {
    float[] rowSums = new float[own.intRows()];
    forEachRow(
        own,
        given,
        (i, w, delta) -> {
          double sum = 0;
          for (int j = 0; j < w.length; j++) {
            w[j] = w[j] > 0 ? (float) (factor * (ratio - delta[j] / (double) w[j])) : 0;
            sum += w[j];
          }
          own.setRow(i, w);
          rowSums[i] = (float) sum;
        });
    return rowSums;
  }

  private void addStressGradient(
      Matrix rows, Matrix w, float[] rowSums, float[] factors, float weight, Matrix gradient) {
    try (Matrix.Owned product = Matrix.allocate(rows.rows(), rows.columns())) {
      algebra.gemm(w, false, rows, false, product);
      forEachRow(
          rows,
          product,
          (i, row, pulled) -> {
            float[] sum = new float[row.length];
            gradient.copyRow(i, sum);
            for (int j = 0; j < row.length; j++) {
              sum[j] += weight * (rowSums[i] * row[j] - pulled[j]) * factors[j];
            }
            gradient.setRow(i, sum);
          });
    }
  }

  @Override
  public void curvature(
      Matrix outputs, int probes, double square, double weight, Matrix gradient, Matrix value) {
    long n = outputs.rows() - 2L * probes;
    float factor = (float) (2 * weight / (probes * square));
    double[] parts = new double[probes];
    forEachRow(
        outputs.rows(n, n + probes),
        outputs.rows(n + probes, n + 2L * probes),
        (p, bend, row) -> {
          for (int j = 0; j < bend.length; j++) {
            bend[j] += row[j];
          }
          outputs.copyRow(p, row);
          double part = 0;
          for (int j = 0; j < bend.length; j++) {
            bend[j] -= 2 * row[j];
            part += (double) bend[j] * bend[j];
          }
          if (gradient != null) {
            gradient.copyRow(p, row);
            for (int j = 0; j < bend.length; j++) {
              bend[j] *= factor;
              row[j] -= 2 * bend[j];
            }
            gradient.setRow(p, row);
            gradient.setRow(n + p, bend);
            gradient.setRow(n + probes + p, bend);
          }
          parts[p] = part;
        });
    value.set(0, 0, (float) (sum(parts) / probes / square));
  }

  @Override
  public void pull(Matrix gradient, Matrix added, double weight, boolean limited) {
    double w = weight;
    if (limited) {
      double length = Math.sqrt(network.squares(added));
      w = length > 0 ? Math.min(weight, Math.sqrt(network.squares(gradient)) / length) : weight;
    }
    float by = (float) w;
    forEachRow(
        gradient,
        added,
        (i, sum, row) -> {
          for (int j = 0; j < row.length; j++) {
            sum[j] += by * row[j];
          }
          gradient.setRow(i, sum);
        });
  }
}
