package org.geodex.backend;

import org.geodex.matrix.Matrix;

/**
 * Losses of small networks: values and their gradients by the outputs. f32, sums in f64 and in a
 * fixed order: the same bits for any number of threads. Matrices are taken where they lie; values
 * are matrices too, so that nothing is fetched before somebody asks.
 */
public interface Loss {

  /**
   * The Donsker–Varadhan bound mean(joint) − L, L = ln mean(exp(shuffled)), and the gradient of
   * −bound by the scores: −1/n for joint ones, exp(s − A)/n for shuffled ones, A the logarithm of a
   * moving average of exp L in its place (MINE's correction of the bias). Gradients below 1e-20 are
   * 0: behind them stand gradients of 1/n that they cannot change, and subnormal numbers slow a
   * product tenfold.
   *
   * @param scores [2n,1], of joint pairs and then of shuffled ones
   * @param memory share of the old average
   * @param average [1,1]: A, brought up to date; NaN before the first batch
   * @param gradient [2n,1], overwritten
   * @param bound [1,1], overwritten, nats
   */
  void donskerVaradhan(Matrix scores, double memory, Matrix average, Matrix gradient, Matrix bound);

  /**
   * The InfoNCE bound ln n + mean(s_ii − ln Σⱼ exp s_ij), and the gradient of −bound by the scores:
   * (softmax(sᵢ)ⱼ − [i = j])/n; the softmax's part is 0 where it is below 1e-20.
   *
   * @param scores [n,n]
   * @param gradient [n,n], overwritten; null where nobody needs it
   * @param bound [1,1], overwritten, nats
   */
  void infoNce(Matrix scores, Matrix gradient, Matrix bound);

  /**
   * The mean squared residual Σ (u − v)²/(n·d).
   *
   * @param gradient [n,d], overwritten with {@code weight} times the gradient by u; null where
   *     nobody needs it
   * @param value [1,1], overwritten
   */
  void residual(Matrix u, Matrix v, double weight, Matrix gradient, Matrix value);

  /**
   * Normalized stress between Euclidean distances e of the rows x⊙scale and given distances δ, at
   * the scale that fits best (Kruskal's stress-1, squared):
   *
   * <pre>S = min_s Σ (s·e_ij − δ_ij)² / Σ δ_ij² = 1 − (Σ e·δ)² / (Σ e² · Σ δ²),  i &lt; j,</pre>
   *
   * in [0, 1]; 0 where all δ, and 1 where all e, are 0. ∂S/∂yᵢ = Σⱼ W_ij·(yᵢ − yⱼ), y = x⊙scale,
   * W_ij = 4a/(b·c)·(a/b − δ_ij/e_ij) with a, b, c the sums Σ eδ, Σ e², Σ δ² over ordered pairs;
   * pairs at distance 0 have no direction and add nothing. Distances from f32 products of centred
   * rows.
   *
   * @param x [n,d]
   * @param scale [1,d]; null for ones
   * @param distances [n,n]: δ
   * @param gradient [n,d], to which {@code weight} times the gradient by x is added; null where
   *     nobody needs it
   * @param value [1,1], overwritten
   */
  void stress(
      Matrix x, Matrix scale, Matrix distances, double weight, Matrix gradient, Matrix value);

  /**
   * How much a map bends: the mean of ‖f(z + h) − 2f(z) + f(z − h)‖²/‖h‖² over p rows.
   *
   * @param outputs [n + 2p, d]: f of n rows, of the first p of them moved by h, and by −h
   * @param square ‖h‖²
   * @param gradient [n + 2p, d]: {@code weight} times the gradient is added to the first p rows and
   *     overwrites the last 2p; null where nobody needs it
   * @param value [1,1], overwritten
   */
  void curvature(
      Matrix outputs, int probes, double square, double weight, Matrix gradient, Matrix value);

  /**
   * Gradient += w·added, w = {@code weight}, where {@code limited} at most ‖gradient‖/‖added‖: what
   * is added does not pull harder than what is there.
   */
  void pull(Matrix gradient, Matrix added, double weight, boolean limited);

  /** Gradients by a score that are smaller are 0. */
  double NEGLIGIBLE = 1e-20;

  /** A softmax's part of a gradient as f32. */
  static float scoreGradient(double value) {
    return value < NEGLIGIBLE ? 0 : (float) value;
  }
}
