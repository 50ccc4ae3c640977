package org.geodex.information;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.neural.Gradients;
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
        Bound bound = new Bound(backend, x.columns(), y.columns(), parameters)) {
      return NeuralTraining.run(backend, bound, rows, parameters);
    }
  }

  private static final class Bound implements NeuralBound, AutoCloseable {
    private final Backend backend;
    private final int batch;
    private final Mlp left;
    private final Mlp right;

    Bound(Backend backend, int dx, int dy, NeuralParameters parameters) {
      this.backend = backend;
      this.batch = parameters.batch();
      SplittableRandom random = new SplittableRandom(parameters.seed() + 2);
      this.left = new Mlp(backend, random, sizes(dx, parameters.hidden()));
      this.right = new Mlp(backend, random, sizes(dy, parameters.hidden()));
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
    public double train(Matrix x, Matrix y, RandomGenerator random) {
      int n = x.intRows();
      try (Matrix.Owned scores = Matrix.allocate(n, n);
          Matrix.Owned gradient = Matrix.allocate(n, n)) {
        Matrix f = left.forward(x);
        Matrix g = right.forward(y);
        double bound = score(f, g, scores, gradient);
        try (Matrix.Owned byLeft = Matrix.allocate(n, f.columns());
            Matrix.Owned byRight = Matrix.allocate(n, g.columns())) {
          backend.algebra().gemm(gradient, false, g, false, byLeft);
          backend.algebra().gemm(gradient, true, f, false, byRight);
          left.backward(byLeft, null);
          right.backward(byRight, null);
        }
        return bound;
      }
    }

    /** The mean over whole batches; what is left over at the end is a batch with its last rows. */
    @Override
    public double value(Matrix x, Matrix y) {
      int n = x.intRows();
      int size = Math.min(batch, n);
      int batches = Math.max(1, n / size);
      double sum = 0;
      for (int b = 0; b < batches; b++) {
        long from = (long) b * size;
        Matrix f = left.forward(x.rows(from, from + size));
        Matrix g = right.forward(y.rows(from, from + size));
        try (Matrix.Owned scores = Matrix.allocate(size, size)) {
          sum += score(f, g, scores, null);
        }
      }
      return sum / batches;
    }

    /** The bound of one batch, and the gradient of −bound by the scores unless that is null. */
    private double score(Matrix f, Matrix g, Matrix scores, Matrix gradient) {
      int n = scores.intRows();
      backend.algebra().gemm(f, false, g, true, scores);
      double[] terms = new double[n];
      backend
          .parallel()
          .forEach(
              n,
              i -> {
                float[] row = new float[n];
                scores.copyRow(i, row);
                double largest = Double.NEGATIVE_INFINITY;
                for (float value : row) {
                  largest = Math.max(largest, value);
                }
                double sum = 0;
                for (float value : row) {
                  sum += Math.exp(value - largest);
                }
                double logSum = largest + Math.log(sum);
                terms[(int) i] = row[(int) i] - logSum;
                if (gradient != null) {
                  for (int j = 0; j < n; j++) {
                    row[j] = Gradients.ofScore(Math.exp(row[j] - logSum) / n);
                  }
                  row[(int) i] -= 1f / n;
                  gradient.setRow(i, row);
                }
              });
      return Math.log(n) + Arrays.stream(terms).sum() / n;
    }

    @Override
    public void close() {
      left.close();
      right.close();
    }
  }
}
