package org.geodex.model;

import org.geodex.matrix.Matrix;

/**
 * Reads or edits a forward pass on its way. Called on the thread that runs the model, once for each
 * layer and batch. What a hook changes is what the following layers see; {@link #NONE} costs
 * nothing.
 */
public interface LayerHook {
  LayerHook NONE = new LayerHook() {};

  /**
   * The hook for one batch of a run of many; asked for before the batch.
   *
   * @param sequences number of each sequence of the batch within the run
   * @param padding tokens that stand in front of each sequence to fill it up
   */
  default LayerHook batch(long[] sequences, int[] padding) {
    return this;
  }

  /**
   * The residual stream after a layer. {@code site.layer()} counts as the hidden states do: 0 is
   * what enters the first layer, i what leaves layer i, L what leaves the last one, before the
   * final norm of GPT-2 and T5.
   *
   * @param x [batch·queries, d], may be changed in place
   */
  default void residual(Site site, Matrix x) {}

  /** Whether {@link #attention} wants the weights of this site; they are then computed apart. */
  default boolean wantsAttention(Site site) {
    return false;
  }

  /**
   * Attention weights after softmax, before they multiply the values. {@code site.layer()} counts
   * layers from 0.
   *
   * @param weights [batch·heads·queries, keys], may be changed in place
   */
  default void attention(Site site, Matrix weights) {}

  /**
   * Where in the model a hook is called.
   *
   * @param layer see the methods
   * @param batch sequences
   * @param queries rows of each sequence in this pass
   * @param keys keys of each sequence, those of earlier passes included
   * @param heads attention heads
   * @param cross attention of T5's decoder to its encoder
   */
  record Site(Stack stack, int layer, int batch, int queries, int keys, int heads, boolean cross) {}
}
