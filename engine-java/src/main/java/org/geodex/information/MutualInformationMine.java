package org.geodex.information;

import java.util.List;
import java.util.SplittableRandom;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
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
        Bound bound =
            new Bound(backend, rows.batch(parameters), x.columns(), y.columns(), parameters)) {
      return NeuralTraining.run(backend, bound, rows, parameters);
    }
  }

  private static final class Bound implements NeuralBound, AutoCloseable {
    /** Shuffles that the value on unseen rows averages over. */
    private static final int SHUFFLES = 8;

    private final Backend backend;
    private final PairCritic critic;
    private final double memory;
    private final Matrix.Owned average;
    private final Matrix.Owned gradient;

    Bound(Backend backend, int batch, int dx, int dy, NeuralParameters parameters) {
      this.backend = backend;
      this.memory = parameters.memory();
      this.critic =
          new PairCritic(
              backend, new SplittableRandom(parameters.seed() + 2), dx, dy, parameters.hidden());
      this.average = backend.allocate(1, 1);
      this.gradient = backend.allocate(2L * batch, 1);
      average.fill(Float.NaN);
    }

    @Override
    public List<Parameter> parameters() {
      return critic.parameters();
    }

    /** The batch is in random order: a shift by one is a shuffle that leaves no pair together. */
    @Override
    public void train(Matrix x, Matrix y, Matrix bound) {
      Matrix scores = critic.forward(x, y, 1);
      backend.loss().donskerVaradhan(scores, memory, average, gradient, bound);
      critic.backward(x, y, 1, gradient);
    }

    @Override
    public double value(Matrix x, Matrix y) {
      return critic.bound(x, y, SHUFFLES);
    }

    @Override
    public void close() {
      average.close();
      gradient.close();
      critic.close();
    }
  }
}
