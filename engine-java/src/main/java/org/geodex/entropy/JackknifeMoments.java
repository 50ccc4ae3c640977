package org.geodex.entropy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;
import org.geodex.statistics.Jackknife;

/**
 * The {@linkplain SecondMoment second moment} of rows that come in blocks (documents), and the same
 * with one block left out, from one pass over the rows: a moment is a sum over blocks. For the
 * standard error of a figure that rows of one document do not settle independently.
 *
 * <p>The centre is that of all rows, also where a block is left out.
 */
public final class JackknifeMoments implements AutoCloseable {
  private final SecondMoment all;
  private final List<Matrix64> blocks;
  private final Algebra algebra;
  private final Matrix x;
  private final RowForm form;
  private final long[] bounds;

  private JackknifeMoments(
      Algebra algebra,
      Matrix x,
      RowForm form,
      long[] bounds,
      SecondMoment all,
      List<Matrix64> blocks) {
    this.algebra = algebra;
    this.x = x;
    this.form = form;
    this.bounds = bounds;
    this.all = all;
    this.blocks = blocks;
  }

  /**
   * Computes the moments.
   *
   * @param x [n,d]
   * @param bounds ends of the blocks: block b is rows bounds[b] … bounds[b + 1] − 1, all n
   *     together. With fewer than three blocks, or n &lt; d, where the smaller Gram matrix serves,
   *     there is no standard error
   */
  public static JackknifeMoments of(Backend backend, Matrix x, RowForm form, long... bounds) {
    Algebra algebra = backend.algebra();
    if (bounds.length < 4 || x.rows() < x.columns()) {
      SecondMoment all = SecondMoment.of(backend, x, form);
      return new JackknifeMoments(algebra, x, form, bounds, all, List.of());
    }
    double[] centre = form.centre() ? algebra.means(x) : null;
    List<Matrix64> blocks = new ArrayList<>();
    try {
      for (int b = 0; b + 1 < bounds.length; b++) {
        blocks.add(algebra.scatter(x.rows(bounds[b], bounds[b + 1]), centre, form.unitRows()));
      }
      Matrix64 sum = Matrix64.allocate(x.columns(), x.columns());
      blocks.forEach(block -> add(sum, block, 1));
      SecondMoment all = SecondMoment.of(algebra, sum, x.rows(), x.columns(), form, centre);
      return new JackknifeMoments(algebra, x, form, bounds, all, blocks);
    } catch (Throwable e) {
      blocks.forEach(Matrix64::close);
      throw e;
    }
  }

  /** The moment of all rows; it stays ours. */
  public SecondMoment all() {
    return all;
  }

  /** Delete-a-block jackknife standard error of a figure; NaN without blocks. */
  public double standardError(ToDoubleFunction<SecondMoment> figure) {
    double[] values = new double[blocks.size()];
    for (int b = 0; b < values.length; b++) {
      Matrix64 rest = all.matrix().copy();
      add(rest, blocks.get(b), -1);
      long rows = x.rows() - (bounds[b + 1] - bounds[b]);
      try (SecondMoment without = SecondMoment.of(algebra, rest, rows, x.columns(), form, null)) {
        values[b] = figure.applyAsDouble(without);
      }
    }
    return Jackknife.standardError(values);
  }

  private static void add(Matrix64 sum, Matrix64 block, double sign) {
    for (int i = 0; i < sum.rows(); i++) {
      for (int j = 0; j < sum.columns(); j++) {
        sum.set(i, j, sum.get(i, j) + sign * block.get(i, j));
      }
    }
  }

  @Override
  public void close() {
    all.close();
    blocks.forEach(Matrix64::close);
  }
}
