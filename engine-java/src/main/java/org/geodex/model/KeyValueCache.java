package org.geodex.model;

import java.lang.foreign.MemorySegment;
import org.geodex.backend.transformer.Heads;
import org.geodex.matrix.Matrix;

/** Keys and values of the tokens that a decoder has read, of every layer and sequence. */
final class KeyValueCache implements AutoCloseable {
  private final Matrix.Owned[] keys;
  private final Matrix.Owned[] values;
  private final int batch;
  private final int capacity;
  private int length;

  /**
   * @param capacity most tokens of a sequence
   * @param width of the keys of all heads together
   */
  KeyValueCache(int layers, int batch, int capacity, int width) {
    this.keys = new Matrix.Owned[layers];
    this.values = new Matrix.Owned[layers];
    this.batch = batch;
    this.capacity = capacity;
    for (int i = 0; i < layers; i++) {
      keys[i] = Matrix.allocate((long) batch * capacity, width);
      values[i] = Matrix.allocate((long) batch * capacity, width);
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
    copy(key, keys[layer], queries);
    copy(value, values[layer], queries);
  }

  private void copy(Heads from, Matrix to, int queries) {
    long bytes = 4L * to.columns();
    for (int b = 0; b < batch; b++) {
      for (int i = 0; i < queries; i++) {
        MemorySegment.copy(
            from.matrix().segment(),
            from.offset((long) b * queries + i, 0, 0),
            to.segment(),
            to.offset((long) b * capacity + length + i),
            bytes);
      }
    }
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
