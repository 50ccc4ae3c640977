package org.geodex.backend;

import java.util.List;
import org.geodex.matrix.Matrix;

/**
 * What a small network does between its products, the making of its batches, and the step of its
 * optimizer. What varies from step to step stands in matrices, so that a device can record a step
 * once. f32, sums in f64 and in a fixed order: the same bits for any number of threads. Matrices
 * are taken where they lie.
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

  /** Out = a + b, all of one shape; out may be one of them. */
  void add(Matrix a, Matrix b, Matrix out);

  /**
   * X[n + p] = x[p] + steps[p] and x[n + probes + p] = x[p] − steps[p]: where a map is looked at to
   * see how it bends.
   *
   * @param x [n + 2·probes, d]
   * @param steps [probes,d]
   */
  void probe(Matrix x, Matrix steps);

  /**
   * Out[i] = x[index[i]].
   *
   * @param index [1,m], row numbers below 2²⁴
   * @param out [m,d]
   */
  void gather(Matrix x, Matrix index, Matrix out);

  /**
   * Out[i,j] = x[index[i], index[j]].
   *
   * @param x [n,n]
   * @param index [1,m], row numbers below 2²⁴
   * @param out [m,m]
   */
  void gatherPairs(Matrix x, Matrix index, Matrix out);

  /** Σ x² in f64. */
  double squares(Matrix x);

  /**
   * Begins a step of AdamW: counts it, and limits the norm of the gradients.
   *
   * @param gradients of all parameters
   * @param limit of their common Euclidean norm; infinite for none
   * @param factors [1,{@value #FACTORS}]: steps taken, min(1, limit/norm), 1/(1 − β₁ᵗ), 1/(1 −
   *     β₂ᵗ); all 0 before the first
   */
  void advance(List<Matrix> gradients, double limit, Matrix factors);

  /** Columns of the factors of a step. */
  int FACTORS = 4;

  /** The factors of step t, with gradients of this norm. */
  static float[] factors(double t, double norm, double limit) {
    return new float[] {
      (float) t,
      (float) (norm > limit ? limit / norm : 1),
      (float) (1 / (1 - Math.pow(BETA_1, t))),
      (float) (1 / (1 - Math.pow(BETA_2, t)))
    };
  }

  /**
   * One step of AdamW with β₁ = {@value #BETA_1}, β₂ = {@value #BETA_2}, ε = 1e-8: m ← β₁m + (1 −
   * β₁)g, v ← β₂v + (1 − β₂)g², w ← (1 − ηλ)w − η·m̂/(√v̂ + ε), g scaled, m̂ and v̂ corrected.
   *
   * @param w weights, m and v their moments, all of one shape and overwritten
   * @param g the gradient
   * @param factors of {@link #advance}
   * @param rate η
   * @param decay λ
   */
  void adamW(Matrix w, Matrix g, Matrix m, Matrix v, Matrix factors, double rate, double decay);

  double BETA_1 = 0.9;
  double BETA_2 = 0.999;
  float EPSILON = 1e-8f;
}
