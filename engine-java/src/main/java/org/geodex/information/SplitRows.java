package org.geodex.information;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.SplittableRandom;
import org.geodex.backend.Backend;
import org.geodex.backend.ColumnMoments;
import org.geodex.matrix.Matrix;
import org.geodex.statistics.RandomOrder;

/**
 * Paired rows in random order, standardized by the training part's moments and cut in three: 60 %
 * train, 20 % choose when to stop, 20 % give the value. Standardizing does not change the mutual
 * information; constant columns become 0.
 */
final class SplitRows implements AutoCloseable {
  private final Matrix.Owned x;
  private final Matrix.Owned y;
  private final int training;
  private final int validation;

  SplitRows(Backend backend, Matrix x, Matrix y, int[] pairing, long seed) {
    int n = x.intRows();
    int[] order = RandomOrder.of(n, new SplittableRandom(seed));
    this.training = (int) (n * 0.6);
    this.validation = (n - training) / 2;
    this.x = backend.allocate(n, x.columns());
    this.y = backend.allocate(n, y.columns());
    for (int i = 0; i < n; i++) {
      copyRow(x, order[i], this.x, i);
      copyRow(y, pairing == null ? order[i] : pairing[order[i]], this.y, i);
    }
    standardize(backend, this.x);
    standardize(backend, this.y);
  }

  private static void copyRow(Matrix from, long i, Matrix to, long j) {
    MemorySegment.copy(
        from.reading(), from.offset(i), to.segment(), to.offset(j), 4L * from.columns());
  }

  private void standardize(Backend backend, Matrix all) {
    ColumnMoments moments = backend.information().columnMoments(all.rows(0, training));
    backend
        .parallel()
        .forEach(
            all.rows(),
            i -> {
              float[] row = new float[all.columns()];
              all.copyRow(i, row);
              for (int j = 0; j < row.length; j++) {
                double deviation = Math.sqrt(moments.variance(j));
                double centred = row[j] - moments.means()[j];
                row[j] = deviation > 0 ? (float) (centred / deviation) : 0;
              }
              all.setRow(i, row);
            });
  }

  /** Rows of a batch: what is asked for, or all that train. */
  int batch(NeuralParameters parameters) {
    return Math.min(parameters.batch(), training);
  }

  /** The rows that train, of x and of y. */
  List<Matrix> trainingParts() {
    return List.of(x.rows(0, training), y.rows(0, training));
  }

  Matrix x() {
    return x;
  }

  Matrix y() {
    return y;
  }

  /** The rows of one matrix that choose when to stop. */
  Matrix validationOf(Matrix all) {
    return all.rows(training, training + (long) validation);
  }

  /** The rows of one matrix that give the value. */
  Matrix heldOutOf(Matrix all) {
    return all.rows(training + (long) validation, all.rows());
  }

  @Override
  public void close() {
    x.close();
    y.close();
  }
}
