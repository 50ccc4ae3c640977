package org.geodex.neural;

import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;
import org.geodex.statistics.RandomOrder;

/**
 * Training rows of matrices that belong together, batch after batch in random order, where the
 * backend computes. An epoch is {@link #shuffle}, then {@link #choose} and a step for each batch;
 * the step begins with {@link #gather}, which reads the chosen rows' numbers from memory, so that a
 * device can record the step once.
 *
 * <p>Memory: a batch of every matrix, and the numbers of all rows as f32, exact below 2²⁴.
 */
public final class Batches implements AutoCloseable {
  private final Backend backend;
  private final List<? extends Matrix> all;
  private final List<Matrix.Owned> batch;
  private final Matrix.Owned order;
  private final Matrix.Owned index;

  /**
   * @param all matrices of as many rows each
   * @param size rows of a batch, at most all; what is left over sits the epoch out
   */
  public Batches(Backend backend, List<? extends Matrix> all, int size) {
    this.backend = backend;
    this.all = all;
    this.batch = all.stream().map(x -> backend.allocate(size, x.columns())).toList();
    this.order = backend.allocate(all.getFirst().rows() / size, size);
    this.index = backend.allocate(1, size);
  }

  /** Batches of an epoch. */
  public int count() {
    return order.intRows();
  }

  /** Draws the order of another epoch. */
  public void shuffle(RandomGenerator random) {
    int[] rows = RandomOrder.of(all.getFirst().intRows(), random);
    float[] numbers = new float[order.columns()];
    for (int b = 0; b < count(); b++) {
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = rows[b * numbers.length + i];
      }
      order.setRow(b, numbers);
    }
  }

  /** The batch that comes next. */
  public void choose(int b) {
    index.copyFrom(order.rows(b, b + 1));
  }

  /** Fetches the chosen rows of every matrix. */
  public void gather() {
    IntStream.range(0, all.size())
        .forEach(m -> backend.network().gather(all.get(m), index, batch.get(m)));
  }

  /** The chosen rows of matrix {@code m}, once gathered. */
  public Matrix of(int m) {
    return batch.get(m);
  }

  /** The numbers of the chosen rows, [1,size]. */
  public Matrix index() {
    return index;
  }

  @Override
  public void close() {
    batch.forEach(Matrix.Owned::close);
    order.close();
    index.close();
  }
}
