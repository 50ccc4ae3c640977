package org.geodex.backend.transformer;

import org.geodex.matrix.Matrix;

/**
 * One attention over a batch of sequences: P = softmax(scale·Q·Kᵀ + bias + mask), out = P·V, for
 * every sequence and head. A key with mask −∞, and with {@code causal} a key after the query, gets
 * weight exactly 0. A query that is left without any key attends evenly to the keys that {@code
 * causal} allows.
 *
 * @param batch sequences
 * @param queries query rows of each sequence: rows b·queries … of q and out
 * @param keys keys of each sequence
 * @param keyStride rows from one sequence to the next in k and v; at least {@code keys}
 * @param scale factor of the scores
 * @param causal the queries are the last ones of the keys' positions, and see no later key
 * @param keyMask [batch·keys] of 0 or −∞, or null for all 0
 * @param positionBias [heads, 2·keys − 1]: what is added to the score of a key by its place
 *     relative to the query, column {@code keys − 1} for the query's own; null for none
 */
public record Attention(
    int batch,
    int queries,
    int keys,
    int keyStride,
    int heads,
    int headSize,
    double scale,
    boolean causal,
    Heads q,
    Heads k,
    Heads v,
    float[] keyMask,
    Matrix positionBias) {

  /** Place of the first query among the keys. */
  public int past() {
    return keys - queries;
  }

  /** Keys that query {@code i} may see: 0 … visible − 1. */
  public int visible(int i) {
    return causal ? past() + i + 1 : keys;
  }
}
