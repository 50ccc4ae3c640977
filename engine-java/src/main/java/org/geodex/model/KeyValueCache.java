package org.geodex.model;

import org.geodex.backend.Backend;
import org.geodex.backend.transformer.Heads;
import org.geodex.backend.transformer.Transformer;
import org.geodex.matrix.Matrix;

/** Keys and values of the tokens that a decoder has read, of every layer and sequence. */
final class KeyValueCache implements AutoCloseable {
  private final Transformer ops;
  private final Matrix.Owned[] keys;
  private final Matrix.Owned[] values;
  private final int capacity;
  private int length;

  /**
   * @param capacity most tokens of a sequence
   * @param width of the keys of all heads together
   */
  KeyValueCache(Backend backend, int layers, int batch, int capacity, int width) {
    this.ops = backend.transformer();
    this.keys = new Matrix.Owned[layers];
    this.values = new Matrix.Owned[layers];
    this.capacity = capacity;
    for (int i = 0; i < layers; i++) {
      keys[i] = backend.allocate((long) batch * capacity, width);
      values[i] = backend.allocate((long) batch * capacity, width);
    }
  }

  /** Tokens of each sequence so far. */
  int length() {
    return length;
  }

  /** Rows from one sequence to the next. */
  int capacity() {
    return capacity;
  }

  Heads keys(int layer) {
    return Heads.of(keys[layer]);
  }

  Heads values(int layer) {
    return Heads.of(values[layer]);
  }

  /** Copies the keys and values of new tokens behind the old ones; {@link #advance} counts them. */
  void append(int layer, Heads key, Heads value, int queries) {
    ops.append(key, queries, keys[layer], capacity, length);
    ops.append(value, queries, values[layer], capacity, length);
  }

  /** Counts tokens as read, once every layer has them. */
  void advance(int queries) {
    length += queries;
  }

  @Override
  public void close() {
    for (int i = 0; i < keys.length; i++) {
      keys[i].close();
      values[i].close();
    }
  }
}
