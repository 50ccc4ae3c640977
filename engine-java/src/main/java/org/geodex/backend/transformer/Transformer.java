package org.geodex.backend.transformer;

import java.lang.foreign.MemorySegment;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;

/**
 * The layers of a transformer. Token rows of all sequences of a batch stand one below the other:
 * row b·length + i is token i of sequence b.
 *
 * <p>f32 in and out. {@code scalar} computes every formula in f64; {@code cpu} in f32 with fused
 * multiply-add, its exp within 2 units in the last place and its erf within 3e-7.
 */
public interface Transformer {

  /**
   * Sums of table rows: out[i] = Σ tables[t][ids[t][i]], in the order of the tables.
   *
   * @param tables one to three tables of {@code out}'s width
   * @param ids one row of indices a table, each with one entry a row of {@code out}
   */
  void embed(StoredMatrix[] tables, int[][] ids, Matrix out);

  /**
   * Rows {@code first}, {@code first + step} … of x.
   *
   * @param out [n,d], overwritten
   */
  default void gather(Matrix x, long first, long step, Matrix out) {
    MemorySegment from = x.reading();
    MemorySegment to = out.segment();
    long bytes = 4L * x.columns();
    for (long i = 0; i < out.rows(); i++) {
      MemorySegment.copy(from, x.offset(first + i * step), to, out.offset(i), bytes);
    }
  }

  /**
   * Writes the keys or values of {@code rows} new tokens of every sequence behind the old ones.
   *
   * @param from rows of the new tokens, sequence after sequence
   * @param cache [batch·capacity, width of all heads]
   * @param capacity rows from one sequence to the next in {@code cache}
   * @param at the first free row of each sequence
   */
  default void append(Heads from, int rows, Matrix cache, int capacity, int at) {
    MemorySegment source = from.matrix().reading();
    MemorySegment target = cache.segment();
    long bytes = 4L * cache.columns();
    for (long i = 0; i < cache.rows() / capacity * rows; i++) {
      long to = i / rows * capacity + at + i % rows;
      MemorySegment.copy(source, from.offset(i, 0, 0), target, cache.offset(to), bytes);
    }
  }

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
