package org.geodex.information;

import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.neural.Gradients;
import org.geodex.neural.PairCritic;
import org.geodex.neural.Parameter;

/**
 * Mutual information by a trained critic: the Donsker–Varadhan bound E_xy[T] − ln E_x,y[exp T] of
 * MINE (Belghazi et al., arXiv 1801.04062), in nats.
 *
 * <p>Marginal pairs are shuffled within the batch; the gradient of the logarithm uses a moving
 * average of E[exp T] (the paper's bias correction). Rows are split 60/20/20: the first train, the
 * second choose the epoch, the third give the value, so it may be negative and is no optimum of
 * itself. f32 network, f64 sums. The same seed gives the same bits for any number of threads.
 */
public final class MutualInformationMine {
  /** Fewer rows leave too few for each of the three parts. */
  private static final int MIN_ROWS = 50;

  private MutualInformationMine() {}

  /**
   * Trains a critic on x[n,dx], y[n,dy].
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
    /** Shuffles that the value on unseen rows averages over. */
    private static final int SHUFFLES = 8;

    private final PairCritic critic;
    private final double memory;
    private double average = Double.NaN;
    private Matrix.Owned gradient = Matrix.allocate(0, 1);

    Bound(Backend backend, int dx, int dy, NeuralParameters parameters) {
      this.memory = parameters.memory();
      this.critic =
          new PairCritic(
              backend, new SplittableRandom(parameters.seed() + 2), dx, dy, parameters.hidden());
    }

    @Override
    public List<Parameter> parameters() {
      return critic.parameters();
    }

    @Override
    public double train(Matrix x, Matrix y, RandomGenerator random) {
      int n = x.intRows();
      // A shift of a batch in random order is a shuffle that leaves no pair together.
      int shift = 1 + random.nextInt(n - 1);
      Matrix scores = critic.forward(x, y, shift);
      double joint = 0;
      double exponential = 0;
      for (int i = 0; i < n; i++) {
        joint += scores.get(i, 0);
        exponential += Math.exp(scores.get(n + i, 0));
      }
      double mean = exponential / n;
      average = Double.isNaN(average) ? mean : memory * average + (1 - memory) * mean;
      reserve(2 * n);
      for (int i = 0; i < n; i++) {
        gradient.set(i, 0, -1f / n);
        gradient.set(n + i, 0, Gradients.ofScore(Math.exp(scores.get(n + i, 0)) / (n * average)));
      }
      critic.backward(x, y, shift, gradient.rows(0, 2L * n));
      return joint / n - Math.log(mean);
    }

    @Override
    public double value(Matrix x, Matrix y) {
      int n = x.intRows();
      double joint = 0;
      double largest = Double.NEGATIVE_INFINITY;
      double sum = 0;
      int shuffles = Math.min(SHUFFLES, n - 1);
      for (int s = 0; s < shuffles; s++) {
        int shift = 1 + (int) ((long) s * (n - 1) / shuffles);
        Matrix scores = s == 0 ? critic.forward(x, y, shift) : critic.again(n, shift);
        for (int i = 0; i < n; i++) {
          joint += scores.get(i, 0);
          double score = scores.get(n + i, 0);
          if (score > largest) {
            sum = sum * Math.exp(largest - score) + 1;
            largest = score;
          } else {
            sum += Math.exp(score - largest);
          }
        }
      }
      double pairs = (double) n * shuffles;
      return joint / pairs - (largest + Math.log(sum / pairs));
    }

    private void reserve(int rows) {
      if (gradient.rows() < rows) {
        gradient.close();
        gradient = Matrix.allocate(rows, 1);
      }
    }

    @Override
    public void close() {
      gradient.close();
      critic.close();
    }
  }
}
