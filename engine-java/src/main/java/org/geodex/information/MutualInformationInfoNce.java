package org.geodex.information;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.neural.Mlp;
import org.geodex.neural.Parameter;

/**
 * Mutual information by contrast: InfoNCE (van den Oord et al., arXiv 1807.03748), ln B + E[s_ii −
 * ln Σⱼ exp s_ij] over batches of B pairs with scores s_ij = f(xᵢ)·g(yⱼ), in nats.
 *
 * <p>f and g are networks that end in the last hidden width. The value cannot exceed ln B. Rows are
 * split 60/20/20 as for MINE; the value is that of rows which trained and chose nothing. f32
 * networks, f64 sums. The same seed gives the same bits for any number of threads.
 */
public final class MutualInformationInfoNce {
  private static final int MIN_ROWS = 50;

  private MutualInformationInfoNce() {}

  /**
   * Trains both networks on x[n,dx], y[n,dy].
   *
   * @param pairing the row of y that goes with row i of x, or null for i
   * @throws InputException when the rows differ in number or are fewer than 50
   */
  public static NeuralEstimate of(
      Backend backend, Matrix x, Matrix y, int[] pairing, NeuralParameters parameters) {
    Observations.check(x, y, MIN_ROWS, "a split into three parts");
    try (SplitRows rows = new SplitRows(backend, x, y, pairing, parameters.seed());
        Bound bound =
            new Bound(backend, rows.batch(parameters), x.columns(), y.columns(), parameters)) {
      return NeuralTraining.run(backend, bound, rows, parameters);
    }
  }

  private static final class Bound implements NeuralBound, AutoCloseable {
    private final Backend backend;
    private final int batch;
    private final Mlp left;
    private final Mlp right;
    private final Matrix.Owned scores;
    private final Matrix.Owned gradient;
    private final Matrix.Owned byLeft;
    private final Matrix.Owned byRight;

    Bound(Backend backend, int batch, int dx, int dy, NeuralParameters parameters) {
      this.backend = backend;
      this.batch = batch;
      SplittableRandom random = new SplittableRandom(parameters.seed() + 2);
      int[] hidden = parameters.hidden();
      this.left = new Mlp(backend, random, sizes(dx, hidden));
      this.right = new Mlp(backend, random, sizes(dy, hidden));
      int width = hidden[hidden.length - 1];
      this.scores = backend.allocate(batch, batch);
      this.gradient = backend.allocate(batch, batch);
      this.byLeft = backend.allocate(batch, width);
      this.byRight = backend.allocate(batch, width);
    }

    private static int[] sizes(int in, int[] hidden) {
      int[] sizes = new int[hidden.length + 1];
      sizes[0] = in;
      System.arraycopy(hidden, 0, sizes, 1, hidden.length);
      return sizes;
    }

    @Override
    public List<Parameter> parameters() {
      List<Parameter> all = new ArrayList<>(left.parameters());
      all.addAll(right.parameters());
      return all;
    }

    @Override
    public void train(Matrix x, Matrix y, Matrix bound) {
      Matrix f = left.forward(x);
      Matrix g = right.forward(y);
      backend.algebra().gemm(f, false, g, true, scores);
      backend.loss().infoNce(scores, gradient, bound);
      backend.algebra().gemm(gradient, false, g, false, byLeft);
      backend.algebra().gemm(gradient, true, f, false, byRight);
      left.backward(byLeft, null);
      right.backward(byRight, null);
    }

    /** The mean over whole batches; what is left over at the end is a batch with its last rows. */
    @Override
    public double value(Matrix x, Matrix y) {
      int n = x.intRows();
      int size = Math.min(batch, n);
      int batches = Math.max(1, n / size);
      Matrix square = scores.reshaped(size, size);
      double sum = 0;
      try (Matrix.Owned bound = backend.allocate(1, 1)) {
        for (int b = 0; b < batches; b++) {
          long from = (long) b * size;
          Matrix f = left.forward(x.rows(from, from + size));
          Matrix g = right.forward(y.rows(from, from + size));
          backend.algebra().gemm(f, false, g, true, square);
          backend.loss().infoNce(square, null, bound);
          sum += bound.get(0, 0);
        }
      }
      return sum / batches;
    }

    @Override
    public void close() {
      left.close();
      right.close();
      scores.close();
      gradient.close();
      byLeft.close();
      byRight.close();
    }
  }
}
