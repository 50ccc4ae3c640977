package org.geodex.backend;

import org.geodex.matrix.Matrix;

/**
 * What a small network does between its products, and the step of its optimizer. f32, sums in f64
 * and in a fixed order: the same bits for any number of threads. Matrices are taken where they lie.
 */
public interface Network {

  /**
   * X[i] += bias, then max(0, ·) where asked.
   *
   * @param x [n,d], overwritten
   * @param bias [1,d]
   */
  void addBias(Matrix x, Matrix bias, boolean relu);

  /**
   * Out[i] = max(0, a[i] + b[(i + shift) mod n] + bias): the first layer of a score of pairs.
   *
   * @param a [n,d]
   * @param b [n,d]
   * @param shift 0 … n − 1
   * @param out [n,d], no part of a or b
   */
  void pair(Matrix a, Matrix b, int shift, Matrix bias, Matrix out);

  /** Sets a gradient to 0 where the rectified activation of the same shape is not positive. */
  void maskByActivation(Matrix gradient, Matrix activation);

  /**
   * Out[i] = both[i] + both[n + (i − shift) mod n]: the gradient by b of {@link #pair}s without and
   * with a shift.
   *
   * @param both [2n,d]
   * @param out [n,d]
   */
  void addHalves(Matrix both, int shift, Matrix out);

  /**
   * Sums of columns, added in f64.
   *
   * @param x [n,d]
   * @param sums [1,d]
   */
  void columnSums(Matrix x, Matrix sums);

  /** Σ x² in f64. */
  double squares(Matrix x);

  /**
   * One step of AdamW with β₁ = {@value #BETA_1}, β₂ = {@value #BETA_2}, ε = 1e-8: m ← β₁m + (1 −
   * β₁)g, v ← β₂v + (1 − β₂)g², w ← keep·w − rate·m̂/(√v̂ + ε), g scaled, m̂ and v̂ corrected.
   *
   * @param w weights, m and v their moments, all of one shape and overwritten
   * @param g the gradient
   */
  void adamW(Matrix w, Matrix g, Matrix m, Matrix v, AdamWStep step);

  double BETA_1 = 0.9;
  double BETA_2 = 0.999;
  float EPSILON = 1e-8f;

  /**
   * The factors of a step.
   *
   * @param scale of the gradient
   * @param correct1 1/(1 − β₁ᵗ)
   * @param correct2 1/(1 − β₂ᵗ)
   * @param keep 1 − ηλ
   * @param rate η
   */
  record AdamWStep(float scale, float correct1, float correct2, float keep, float rate) {}
}
