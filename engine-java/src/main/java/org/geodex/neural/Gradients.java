package org.geodex.neural;

import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/** The gradients of a set of parameters as one vector. */
public final class Gradients {
  private static final double NEGLIGIBLE = 1e-20;

  private Gradients() {}

  /**
   * A gradient by a score as f32, 0 below 1e-20: behind it stand gradients of 1/n that it cannot
   * change, and subnormal numbers slow a product tenfold.
   */
  public static float ofScore(double gradient) {
    return Math.abs(gradient) < NEGLIGIBLE ? 0 : (float) gradient;
  }

  /** Euclidean norm of the elements of a gradient, f64. */
  public static double norm(Backend backend, Matrix gradient) {
    return Math.sqrt(backend.network().squares(gradient));
  }

  /** Euclidean norm over all parameters, f64. */
  public static double norm(Backend backend, List<Parameter> parameters) {
    double sum = 0;
    for (Parameter parameter : parameters) {
      sum += backend.network().squares(parameter.gradient());
    }
    return Math.sqrt(sum);
  }

  /**
   * The factor that brings the norm down to {@code limit}, 1 where it is lower; hand it to {@link
   * AdamW#step}.
   */
  public static double clip(Backend backend, List<Parameter> parameters, double limit) {
    double norm = norm(backend, parameters);
    return norm > limit ? limit / norm : 1;
  }
}
