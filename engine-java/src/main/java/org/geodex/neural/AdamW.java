package org.geodex.neural;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101): m ← β₁m + (1 − β₁)g,
 * v ← β₂v + (1 − β₂)g², w ← w − η·(m̂/(√v̂ + ε) + λw), m̂ and v̂ divided by 1 − βᵗ. f32; β₁ = 0.9,
 * β₂ = 0.999, ε = 1e-8.
 */
public final class AdamW implements AutoCloseable {
  private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final double BETA_1 = 0.9;
  private static final double BETA_2 = 0.999;
  private static final float EPSILON = 1e-8f;

  /** Bytes of one task. */
  private static final long CHUNK = 64 << 10;

  private final Backend backend;
  private final List<Parameter> parameters;
  private final List<Matrix.Owned> first;
  private final List<Matrix.Owned> second;
  private final double rate;
  private final double decay;
  private int steps;

  /**
   * An optimizer of these parameters, which it does not own.
   *
   * @param rate η
   * @param decay λ
   */
  public AdamW(Backend backend, List<Parameter> parameters, double rate, double decay) {
    this.backend = backend;
    this.parameters = List.copyOf(parameters);
    this.first = parameters.stream().map(AdamW::zeros).toList();
    this.second = parameters.stream().map(AdamW::zeros).toList();
    this.rate = rate;
    this.decay = decay;
  }

  private static Matrix.Owned zeros(Parameter parameter) {
    Matrix.Owned zeros = Matrix.allocate(parameter.value().rows(), parameter.value().columns());
    zeros.fill(0);
    return zeros;
  }

  /** One step along the gradients that the parameters hold, each scaled by {@code scale}. */
  public void step(double scale) {
    steps++;
    float correct1 = (float) (1 / (1 - Math.pow(BETA_1, steps)));
    float correct2 = (float) (1 / (1 - Math.pow(BETA_2, steps)));
    for (int p = 0; p < parameters.size(); p++) {
      MemorySegment w = parameters.get(p).value().segment();
      MemorySegment g = parameters.get(p).gradient().segment();
      MemorySegment m = first.get(p).segment();
      MemorySegment v = second.get(p).segment();
      backend
          .parallel()
          .forEach(
              Math.ceilDiv(w.byteSize(), CHUNK),
              chunk -> {
                long from = chunk * CHUNK;
                long to = Math.min(from + CHUNK, w.byteSize());
                update(w, g, m, v, from, to, (float) scale, correct1, correct2);
              });
    }
  }

  private void update(
      MemorySegment w,
      MemorySegment g,
      MemorySegment m,
      MemorySegment v,
      long from,
      long to,
      float scale,
      float correct1,
      float correct2) {
    float b1 = (float) BETA_1;
    float b2 = (float) BETA_2;
    float keep = (float) (1 - rate * decay);
    float eta = (float) rate;
    long vector = 4L * S.length();
    long at = from;
    for (; at + vector <= to; at += vector) {
      FloatVector gradient = FloatVector.fromMemorySegment(S, g, at, ORDER).mul(scale);
      FloatVector mean =
          FloatVector.fromMemorySegment(S, m, at, ORDER).mul(b1).add(gradient.mul(1 - b1));
      FloatVector square =
          FloatVector.fromMemorySegment(S, v, at, ORDER)
              .mul(b2)
              .add(gradient.mul(gradient).mul(1 - b2));
      FloatVector step = mean.mul(correct1).div(square.mul(correct2).sqrt().add(EPSILON));
      mean.intoMemorySegment(m, at, ORDER);
      square.intoMemorySegment(v, at, ORDER);
      FloatVector.fromMemorySegment(S, w, at, ORDER)
          .mul(keep)
          .sub(step.mul(eta))
          .intoMemorySegment(w, at, ORDER);
    }
    for (; at < to; at += 4) {
      float gradient = g.get(F32, at) * scale;
      float mean = m.get(F32, at) * b1 + gradient * (1 - b1);
      float square = v.get(F32, at) * b2 + gradient * gradient * (1 - b2);
      float step = mean * correct1 / ((float) Math.sqrt(square * correct2) + EPSILON);
      m.set(F32, at, mean);
      v.set(F32, at, square);
      w.set(F32, at, w.get(F32, at) * keep - step * eta);
    }
  }

  @Override
  public void close() {
    first.forEach(Matrix.Owned::close);
    second.forEach(Matrix.Owned::close);
  }
}
