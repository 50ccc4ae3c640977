package org.geodex.neural;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/** The gradients of a set of parameters as one vector. */
public final class Gradients {
  /** Elements of one partial sum. */
  private static final int CHUNK = 1 << 14;

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
    return Math.sqrt(squares(backend, gradient));
  }

  /** Euclidean norm over all parameters, f64. */
  public static double norm(Backend backend, List<Parameter> parameters) {
    double sum = 0;
    for (Parameter parameter : parameters) {
      sum += squares(backend, parameter.gradient());
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

  private static double squares(Backend backend, Matrix gradient) {
    long length = gradient.rows() * gradient.columns();
    double[] partial = new double[(int) Math.ceilDiv(length, (long) CHUNK)];
    backend
        .parallel()
        .forEach(
            partial.length,
            chunk -> {
              int count = (int) Math.min(CHUNK, length - chunk * CHUNK);
              float[] values = new float[count];
              MemorySegment.copy(
                  gradient.segment(),
                  ValueLayout.JAVA_FLOAT_UNALIGNED,
                  4 * chunk * CHUNK,
                  values,
                  0,
                  count);
              partial[(int) chunk] = squares(values);
            });
    double sum = 0;
    for (double part : partial) {
      sum += part;
    }
    return sum;
  }

  /** Four sums, so that one addition need not wait for the last. */
  private static double squares(float[] values) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int whole = values.length / 4 * 4;
    for (int i = 0; i < whole; i += 4) {
      a += (double) values[i] * values[i];
      b += (double) values[i + 1] * values[i + 1];
      c += (double) values[i + 2] * values[i + 2];
      d += (double) values[i + 3] * values[i + 3];
    }
    for (int i = whole; i < values.length; i++) {
      a += (double) values[i] * values[i];
    }
    return a + b + (c + d);
  }
}
