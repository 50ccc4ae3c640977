package org.geodex.model;

import org.geodex.matrix.Matrix;

/**
 * A batch of sequences that grow token by token: logits of the next token, then the tokens that
 * were chosen. The caller closes it, before the model.
 */
public interface Decoding extends AutoCloseable {
  /** Logits of the next token of every sequence, [batch, vocabulary]; valid until the next call. */
  Matrix logits();

  /** Appends one token to every sequence. */
  void append(int[] tokens);

  @Override
  void close();
}
