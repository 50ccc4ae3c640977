package org.geodex.neural;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.geodex.backend.Backend;
import org.geodex.backend.Network;
import org.geodex.matrix.Matrix;

/**
 * A score T(x, y) = MLP([x, y]) with the first layer split: W·[x; y] = W_x·x + W_y·y. Joint and
 * shuffled pairs of a batch share x and y, so their products are made once, forward and for the
 * gradients: 0.6 of the work of two passes.
 *
 * <p>f32, exact gradients. Owns weights and work space; one thread at a time.
 */
public final class PairCritic implements AutoCloseable {
  private final Backend backend;
  private final Parameter weightX;
  private final Parameter weightY;
  private final Parameter bias;
  private final Mlp rest;
  private final int width;
  private Matrix.Owned productX;
  private Matrix.Owned productY;
  private Matrix.Owned hidden;
  private Matrix.Owned hiddenGradient;

  /**
   * A critic with random weights.
   *
   * @param hidden widths of the hidden layers, at least one
   */
  public PairCritic(Backend backend, RandomGenerator random, int dx, int dy, int... hidden) {
    this.backend = backend;
    this.width = hidden[0];
    this.weightX = new Parameter(backend, dx, width);
    this.weightY = new Parameter(backend, dy, width);
    this.bias = new Parameter(backend, 1, width);
    double bound = 1 / Math.sqrt(dx + (double) dy);
    Dense.uniform(weightX.value(), random, bound);
    Dense.uniform(weightY.value(), random, bound);
    Dense.uniform(bias.value(), random, bound);
    int[] sizes = Arrays.copyOf(hidden, hidden.length + 1);
    sizes[hidden.length] = 1;
    this.rest = new Mlp(backend, random, sizes);
  }

  /**
   * Scores of a batch.
   *
   * @param x [n,dx]
   * @param y [n,dy]
   * @param shift row i of x is shuffled with row (i + shift) mod n of y
   * @return [2n,1]: the joint pairs, then the shuffled ones; valid until the next call
   */
  public Matrix forward(Matrix x, Matrix y, int shift) {
    long n = x.rows();
    reserve(n);
    backend.algebra().gemm(x, false, weightX.value(), false, productX.rows(0, n));
    backend.algebra().gemm(y, false, weightY.value(), false, productY.rows(0, n));
    return again(n, shift);
  }

  /** The scores of the last batch under another shift, from the products that are there. */
  private Matrix again(long n, int shift) {
    Matrix left = productX.rows(0, n);
    Matrix right = productY.rows(0, n);
    Network network = backend.network();
    network.pair(left, right, 0, bias.value(), hidden.rows(0, n));
    network.pair(left, right, shift, bias.value(), hidden.rows(n, 2 * n));
    return rest.forward(hidden.rows(0, 2 * n));
  }

  /**
   * The Donsker–Varadhan bound mean(joint) − ln mean(exp(shuffled)) of pairs that are not trained
   * on.
   *
   * @param most shuffles to average over, at even shifts
   * @return nats
   */
  public double bound(Matrix x, Matrix y, int most) {
    int n = x.intRows();
    double joint = 0;
    double largest = Double.NEGATIVE_INFINITY;
    double sum = 0;
    int shuffles = Math.min(most, n - 1);
    for (int s = 0; s < shuffles; s++) {
      int shift = 1 + (int) ((long) s * (n - 1) / shuffles);
      Matrix scores = s == 0 ? forward(x, y, shift) : again(n, shift);
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

  /**
   * Gradients of the loss after {@link #forward} of the same batch and shift.
   *
   * @param scoreGradient [2n,1]
   */
  public void backward(Matrix x, Matrix y, int shift, Matrix scoreGradient) {
    backward(x, y, shift, scoreGradient, null);
  }

  /**
   * The same with the gradient by x.
   *
   * @param inputGradient [n,dx], overwritten; null where nobody needs it
   */
  public void backward(Matrix x, Matrix y, int shift, Matrix scoreGradient, Matrix inputGradient) {
    long n = x.rows();
    Network network = backend.network();
    Matrix gradient = hiddenGradient.rows(0, 2 * n);
    rest.backward(scoreGradient, gradient);
    network.maskByActivation(gradient, hidden.rows(0, 2 * n));
    network.columnSums(gradient, bias.gradient());
    network.addHalves(gradient, 0, productX.rows(0, n));
    backend.algebra().gemm(x, true, productX.rows(0, n), false, weightX.gradient());
    if (inputGradient != null) {
      backend.algebra().gemm(productX.rows(0, n), false, weightX.value(), true, inputGradient);
    }
    network.addHalves(gradient, shift, productY.rows(0, n));
    backend.algebra().gemm(y, true, productY.rows(0, n), false, weightY.gradient());
  }

  private void reserve(long n) {
    if (productX != null && productX.rows() >= n) {
      return;
    }
    closeWork();
    productX = backend.allocate(n, width);
    productY = backend.allocate(n, width);
    hidden = backend.allocate(2 * n, width);
    hiddenGradient = backend.allocate(2 * n, width);
  }

  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(List.of(weightX, weightY, bias));
    all.addAll(rest.parameters());
    return all;
  }

  private void closeWork() {
    if (productX != null) {
      productX.close();
      productY.close();
      hidden.close();
      hiddenGradient.close();
    }
  }

  @Override
  public void close() {
    closeWork();
    weightX.close();
    weightY.close();
    bias.close();
    rest.close();
  }
}
