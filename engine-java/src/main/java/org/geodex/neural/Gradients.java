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

  private Gradients() {}

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
    double[] sums = new double[4];
    int whole = values.length / 4 * 4;
    for (int i = 0; i < whole; i += 4) {
      sums[0] += (double) values[i] * values[i];
      sums[1] += (double) values[i + 1] * values[i + 1];
      sums[2] += (double) values[i + 2] * values[i + 2];
      sums[3] += (double) values[i + 3] * values[i + 3];
    }
    for (int i = whole; i < values.length; i++) {
      sums[0] += (double) values[i] * values[i];
    }
    return sums[0] + sums[1] + (sums[2] + sums[3]);
  }
}
