package org.geodex.activation;

import org.geodex.matrix.Matrix;

/** One row for each group of token rows: a sentence's, a document's. */
public final class Pooling {
  private Pooling() {}

  /**
   * Means of the rows of each group, summed in f64 in row order.
   *
   * @param x [n,d]
   * @param groups group of each row, 0 … count − 1
   * @param count groups; each must have a row
   * @return [count,d]; the caller closes it
   */
  public static Matrix.Owned mean(Matrix x, int[] groups, int count) {
    int d = x.columns();
    double[][] sums = new double[count][d];
    long[] sizes = new long[count];
    double[] row = new double[d];
    for (int i = 0; i < groups.length; i++) {
      x.copyRow(i, row);
      double[] sum = sums[groups[i]];
      for (int j = 0; j < d; j++) {
        sum[j] += row[j];
      }
      sizes[groups[i]]++;
    }
    Matrix.Owned means = Matrix.allocate(count, d);
    for (int g = 0; g < count; g++) {
      for (int j = 0; j < d; j++) {
        means.set(g, j, (float) (sums[g][j] / sizes[g]));
      }
    }
    return means;
  }

  /**
   * The last row of each group: what a causal model knows at its end.
   *
   * @return [count,d]; the caller closes it
   */
  public static Matrix.Owned last(Matrix x, int[] groups, int count) {
    Matrix.Owned last = Matrix.allocate(count, x.columns());
    float[] row = new float[x.columns()];
    for (int i = 0; i < groups.length; i++) {
      x.copyRow(i, row);
      last.setRow(groups[i], row);
    }
    return last;
  }

  /** Numbers the sentences of a table one after the other, over all documents. */
  public static int[] sentences(TokenTable table) {
    int[] groups = new int[table.rows()];
    for (int i = 1; i < groups.length; i++) {
      boolean same =
          table.documents()[i] == table.documents()[i - 1]
              && table.sentences()[i] == table.sentences()[i - 1];
      groups[i] = groups[i - 1] + (same ? 0 : 1);
    }
    return groups;
  }
}
