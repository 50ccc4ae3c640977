package org.geodex.backend;

import java.util.List;
import org.geodex.matrix.Matrix;

/**
 * Sums over all pairs of rows of several matrices that describe the same n things. Pairs are
 * visited in tiles, so nothing of size n×n is kept unless it fits the memory budget and saves time.
 */
public interface Pairs {

  /** What a pair of rows is worth; a row with itself 0. */
  sealed interface Kernel {}

  /** ‖xᵢ − xⱼ‖. */
  record Distance() implements Kernel {}

  /**
   * exp(−‖xᵢ − xⱼ‖² / (2σ²)) − 1, to the last digits however wide σ is. Without the 1, which
   * centring takes away, what is left of a wide kernel would be lost in it.
   *
   * @param sigma σ of every matrix; NaN for {@code medians} times its {@link #medianDistance}
   * @param medians factor of the median
   */
  record Gaussian(double sigma, double medians) implements Kernel {}

  /**
   * Sums of a kernel K over the pairs of different rows, in f64.
   *
   * @param rows [matrix][i]: Σⱼ K(i,j) over j ≠ i
   * @param products [matrix a][matrix b]: Σ K_a(i,j)·K_b(i,j) over i &lt; j
   * @param bandwidths [matrix]: σ used, NaN for distances
   */
  record Sums(double[][] rows, double[][] products, double[] bandwidths) {}

  /**
   * Sums for matrices with the same n rows; each kernel value is computed once. Where a median is
   * wanted the squared distances are kept between the two passes, as f32, when they fit in half of
   * the memory budget, else computed twice.
   *
   * @param xs matrices [n, any width]
   */
  Sums sums(List<? extends Matrix> xs, Kernel kernel);

  /**
   * Median of the n(n−1)/2 distances between different rows (the mean of the middle two when their
   * number is even).
   *
   * @param x [n,d], n ≥ 2
   */
  double medianDistance(Matrix x);

  /**
   * The distances between different rows in the order (0,1), (0,2) … (n−2,n−1), as SciPy's pdist.
   *
   * @return one row of n(n−1)/2 values; the caller closes it
   */
  Matrix.Owned condensedDistances(Matrix x);
}
