package org.geodex.model;

import java.util.Arrays;

/**
 * What a forward pass is to return.
 *
 * @param layers indices of the hidden states to keep, 0 … L; null for all
 * @param attentions keep the attention weights of these layers
 * @param statistics sum up span and entropy of every head of self-attention
 * @param heads compute what the checkpoint's heads give: logits, next-sentence logits
 * @param logitRows token rows whose logits are wanted, in this order, as [n, vocabulary]; of T5
 *     rows of the decoder. Null for all, as [batch, length, vocabulary]
 * @param pooled compute the pooler's output, where there is one
 */
public record Keep(
    int[] layers,
    boolean attentions,
    boolean statistics,
    boolean heads,
    int[] logitRows,
    boolean pooled) {

  /** Every hidden state and nothing else. */
  public static Keep hiddenStates() {
    return new Keep(null, false, false, false, null, false);
  }

  /** Nothing: for a pass whose end or whose hook is what counts. */
  public static Keep nothing() {
    return new Keep(new int[0], false, false, false, null, false);
  }

  /** Everything there is. */
  public static Keep everything() {
    return new Keep(null, true, false, true, null, true);
  }

  /** The hidden states of these layers. */
  public static Keep layers(int... layers) {
    return new Keep(layers.clone(), false, false, false, null, false);
  }

  public Keep withStatistics() {
    return new Keep(layers, attentions, true, heads, logitRows, pooled);
  }

  public Keep withAttentions() {
    return new Keep(layers, true, statistics, heads, logitRows, pooled);
  }

  public Keep withHeads() {
    return new Keep(layers, attentions, statistics, true, null, pooled);
  }

  /** What the heads give, logits of these token rows alone. */
  public Keep withLogits(int... rows) {
    return new Keep(layers, attentions, statistics, true, rows, pooled);
  }

  boolean layer(int i) {
    return layers == null || Arrays.stream(layers).anyMatch(layer -> layer == i);
  }
}
