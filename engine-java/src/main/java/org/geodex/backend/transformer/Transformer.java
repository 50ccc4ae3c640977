package org.geodex.backend.transformer;

import org.geodex.matrix.Matrix;

/**
 * The layers of a transformer. Token rows of all sequences of a batch stand one below the other:
 * row b·length + i is token i of sequence b.
 *
 * <p>f32 in and out. {@code scalar} computes every formula in f64; {@code cpu} in f32 with fused
 * multiply-add, its exp within 2 units in the last place and its erf within 3e-7.
 */
public interface Transformer {

  /**
   * y = f(x·W + b) ∘ factor + residual.
   *
   * @param x [n,in]
   * @param y [n,out], overwritten; none of the inputs
   */
  void linear(Matrix x, Projection projection, Epilogue epilogue, Matrix y);

  /** Normalizes every row of x[n,d] into y[n,d]; both may be the same matrix. */
  void norm(Matrix x, Norm norm, Matrix y);

  /**
   * Attention of every sequence and head.
   *
   * @param out [batch·queries, heads·headSize], or null when only the weights are wanted
   * @param weights [batch·heads·queries, keys] to receive P, or null
   * @param statistics to add span and entropy to, or null
   */
  void attention(Attention attention, Matrix out, Matrix weights, AttentionStatistics statistics);

  /**
   * out = P·V for weights that were computed before and perhaps changed.
   *
   * @param weights [batch·heads·queries, keys]
   */
  void attentionValues(Attention attention, Matrix weights, Matrix out);
}
