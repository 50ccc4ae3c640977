package org.geodex.backend;

import java.util.Arrays;
import org.geodex.information.KsgCounts;
import org.geodex.information.KsgParameters;
import org.geodex.matrix.Matrix;

/** Counts, moments and sums that the divergence and information estimators are made of. */
public interface Information {

  /**
   * Neighbour counts of Kraskov, Stögbauer and Grassberger in the joint space of x and y, or of x,
   * y and z. Row i of each matrix is one observation. The counts are those of f64 arithmetic:
   * distances that are equal in f32 and differ in f64 are told apart.
   *
   * @param x [n,dx]
   * @param y [n,dy]
   * @param z [n,dz], or null for an unconditional estimate
   * @return n counts for each space
   */
  KsgCounts ksgCounts(Matrix x, Matrix y, Matrix z, KsgParameters parameters);

  /**
   * The counts for several pairings of the rows, which need the distances within x and within y
   * once.
   *
   * @param pairings for each count the row of y that goes with row i of x
   * @return one result a pairing, equal to that of {@link #ksgCounts} on y in that order
   */
  default KsgCounts[] ksgCountsOfPairings(
      Matrix x, Matrix y, int[][] pairings, KsgParameters parameters) {
    KsgCounts[] counts = new KsgCounts[pairings.length];
    for (int b = 0; b < counts.length; b++) {
      try (Matrix.Owned paired = y.gather(pairings[b])) {
        counts[b] = ksgCounts(x, paired, null, parameters);
      }
    }
    return counts;
  }

  /**
   * The same counts from distances that the caller has: geodesic ones, for example. Infinite
   * entries are farther than everything else.
   *
   * @param dx [n,n] symmetric distances between the rows of x
   * @param dy [n,n] likewise
   * @param order the row of y that goes with row i of x, or null for i itself; a permutation of y
   *     needs no second matrix
   * @return n counts for each space; −1 in both where row i has fewer than k rows at a finite
   *     distance
   */
  KsgCounts ksgCountsOfDistances(Matrix dx, Matrix dy, int[] order, KsgParameters parameters);

  /** One result for each of several pairings. */
  default KsgCounts[] ksgCountsOfDistances(
      Matrix dx, Matrix dy, int[][] pairings, KsgParameters parameters) {
    return Arrays.stream(pairings)
        .map(order -> ksgCountsOfDistances(dx, dy, order, parameters))
        .toArray(KsgCounts[]::new);
  }

  /**
   * Means and centred second moments of the columns in one call, f64.
   *
   * @param x [n,d], n at least 1
   */
  ColumnMoments columnMoments(Matrix x);

  /**
   * Σ ‖xᵢ − c‖⁴ over the rows, f64: what the Ledoit–Wolf intensity needs beside the covariance.
   *
   * @param x [n,d]
   * @param centre d values
   */
  double fourthMoment(Matrix x, double[] centre);

  /**
   * Kullback–Leibler divergence of paired rows, Σ p·ln(p/q) in nats, f64. Rows are divided by their
   * sum; p = 0 adds 0, p &gt; 0 with q = 0 gives +∞.
   *
   * @param p [n,d] probabilities, or any real numbers when {@code logits}
   * @param q [n,d] likewise
   * @param logits rows are logarithms of probabilities up to a constant
   * @return n values
   */
  double[] klCategoricalRows(Matrix p, Matrix q, boolean logits);

  /**
   * Kullback–Leibler divergence of each row of p from each row of q, as {@link #klCategoricalRows}.
   *
   * @param p [n,d]
   * @param q [m,d]
   * @param out [n,m], overwritten with KL(p[i] ‖ q[j]) rounded to f32
   */
  void klCategorical(Matrix p, Matrix q, boolean logits, Matrix out);
}
