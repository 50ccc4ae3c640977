package org.geodex.backend.cpu;

import java.util.Arrays;
import org.geodex.backend.ColumnMoments;
import org.geodex.backend.Parallel;
import org.geodex.matrix.Matrix;

/**
 * Column means and squared deviations in one reading: each block of rows gives its own moments, and
 * the blocks are merged in order (Chan, Golub, LeVeque 1979), so nothing cancels at any offset of
 * the data.
 */
final class ColumnStatistics {
  /** Rows that one partial result covers. */
  private static final int BLOCK = 256;

  private ColumnStatistics() {}

  /** Sums of columns; blocks of so many rows are added in order. */
  static double[] sums(Parallel parallel, Matrix x, int blockRows) {
    int d = x.columns();
    int blocks = (int) Math.ceilDiv(x.rows(), (long) blockRows);
    double[][] partial = new double[blocks][d];
    parallel.forEach(
        blocks,
        block -> {
          float[] row = new float[d];
          double[] sum = partial[(int) block];
          for (long i = block * blockRows; i < Math.min((block + 1) * blockRows, x.rows()); i++) {
            x.copyRow(i, row);
            for (int j = 0; j < d; j++) {
              sum[j] += row[j];
            }
          }
        });
    double[] total = new double[d];
    for (double[] sum : partial) {
      for (int j = 0; j < d; j++) {
        total[j] += sum[j];
      }
    }
    return total;
  }

  static ColumnMoments moments(Parallel parallel, Matrix x) {
    int d = x.columns();
    int blocks = (int) Math.ceilDiv(x.rows(), (long) BLOCK);
    double[][] means = new double[blocks][];
    double[][] squares = new double[blocks][];
    parallel.forEach(
        blocks,
        block -> {
          long from = block * BLOCK;
          long to = Math.min(from + BLOCK, x.rows());
          means[(int) block] = means(x, from, to);
          squares[(int) block] = squares(x, from, to, means[(int) block]);
        });
    double[] mean = Arrays.copyOf(means[0], d);
    double[] square = Arrays.copyOf(squares[0], d);
    for (int block = 1; block < blocks; block++) {
      long before = (long) block * BLOCK;
      long rows = Math.min(BLOCK, x.rows() - before);
      merge(mean, square, before, means[block], squares[block], rows);
    }
    return new ColumnMoments(x.rows(), mean, square);
  }

  static double fourthMoment(Parallel parallel, Matrix x, double[] centre) {
    int blocks = (int) Math.ceilDiv(x.rows(), (long) BLOCK);
    double[] partial = new double[blocks];
    parallel.forEach(
        blocks,
        block -> {
          float[] row = new float[centre.length];
          for (long i = block * BLOCK; i < Math.min((block + 1) * BLOCK, x.rows()); i++) {
            x.copyRow(i, row);
            double square = 0;
            for (int j = 0; j < row.length; j++) {
              double deviation = row[j] - centre[j];
              square += deviation * deviation;
            }
            partial[(int) block] += square * square;
          }
        });
    return Arrays.stream(partial).sum();
  }

  private static double[] means(Matrix x, long from, long to) {
    float[] row = new float[x.columns()];
    double[] sum = new double[row.length];
    for (long i = from; i < to; i++) {
      x.copyRow(i, row);
      for (int j = 0; j < row.length; j++) {
        sum[j] += row[j];
      }
    }
    for (int j = 0; j < row.length; j++) {
      sum[j] /= to - from;
    }
    return sum;
  }

  private static double[] squares(Matrix x, long from, long to, double[] mean) {
    float[] row = new float[x.columns()];
    double[] sum = new double[row.length];
    for (long i = from; i < to; i++) {
      x.copyRow(i, row);
      for (int j = 0; j < row.length; j++) {
        double deviation = row[j] - mean[j];
        sum[j] += deviation * deviation;
      }
    }
    return sum;
  }

  private static void merge(
      double[] mean, double[] square, long n, double[] otherMean, double[] otherSquare, long m) {
    double weight = (double) m / (n + m);
    for (int j = 0; j < mean.length; j++) {
      double step = otherMean[j] - mean[j];
      square[j] += otherSquare[j] + step * step * n * weight;
      mean[j] += step * weight;
    }
  }
}
