package org.geodex.backend.transformer;

import org.geodex.matrix.Matrix;

/**
 * Queries, keys or values of all heads inside a matrix of token rows: head h of a token takes the
 * columns {@code column + h·headSize} and on.
 *
 * @param column where head 0 begins, so that one matrix can hold queries, keys and values
 */
public record Heads(Matrix matrix, int column) {
  public static Heads of(Matrix matrix) {
    return new Heads(matrix, 0);
  }

  /** Byte offset of head {@code h} of token row {@code row}. */
  public long offset(long row, int h, int headSize) {
    return matrix.offset(row) + 4L * (column + h * headSize);
  }
}
