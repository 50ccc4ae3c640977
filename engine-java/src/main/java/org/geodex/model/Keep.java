package org.geodex.model;

import java.util.Arrays;

/**
 * What a forward pass is to return.
 *
 * @param layers indices of the hidden states to keep, 0 … L; null for all
 * @param attentions keep the attention weights of these layers
 * @param statistics sum up span and entropy of every head of self-attention
 * @param heads compute what the checkpoint's heads give: logits, next-sentence logits
 * @param pooled compute the pooler's output, where there is one
 */
public record Keep(
    int[] layers, boolean attentions, boolean statistics, boolean heads, boolean pooled) {

  /** Every hidden state and nothing else. */
  public static Keep hiddenStates() {
    return new Keep(null, false, false, false, false);
  }

  /** Nothing: for a pass whose end or whose hook is what counts. */
  public static Keep nothing() {
    return new Keep(new int[0], false, false, false, false);
  }

  /** Everything there is. */
  public static Keep everything() {
    return new Keep(null, true, false, true, true);
  }

  /** The hidden states of these layers. */
  public static Keep layers(int... layers) {
    return new Keep(layers.clone(), false, false, false, false);
  }

  public Keep withStatistics() {
    return new Keep(layers, attentions, true, heads, pooled);
  }

  public Keep withAttentions() {
    return new Keep(layers, true, statistics, heads, pooled);
  }

  public Keep withHeads() {
    return new Keep(layers, attentions, statistics, true, pooled);
  }

  boolean layer(int i) {
    return layers == null || Arrays.stream(layers).anyMatch(layer -> layer == i);
  }
}
