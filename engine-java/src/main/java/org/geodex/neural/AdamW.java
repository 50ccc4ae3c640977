package org.geodex.neural;

import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.backend.Network;
import org.geodex.matrix.Matrix;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, arXiv 1711.05101): m ← β₁m + (1 − β₁)g,
 * v ← β₂v + (1 − β₂)g², w ← w − η·(m̂/(√v̂ + ε) + λw), m̂ and v̂ divided by 1 − βᵗ. f32; β₁ = 0.9,
 * β₂ = 0.999, ε = 1e-8.
 */
public final class AdamW implements AutoCloseable {
  private final Backend backend;
  private final List<Parameter> parameters;
  private final List<Matrix.Owned> first;
  private final List<Matrix.Owned> second;
  private final Matrix.Owned factors;
  private final double rate;
  private final double decay;

  /**
   * An optimizer of these parameters, which it does not own.
   *
   * @param rate η
   * @param decay λ
   */
  public AdamW(Backend backend, List<Parameter> parameters, double rate, double decay) {
    this.backend = backend;
    this.parameters = List.copyOf(parameters);
    this.first = parameters.stream().map(this::zeros).toList();
    this.second = parameters.stream().map(this::zeros).toList();
    this.factors = backend.allocate(1, Network.FACTORS);
    this.factors.fill(0);
    this.rate = rate;
    this.decay = decay;
  }

  private Matrix.Owned zeros(Parameter parameter) {
    Matrix.Owned zeros = backend.allocate(parameter.value().rows(), parameter.value().columns());
    zeros.fill(0);
    return zeros;
  }

  /**
   * One step along the gradients that the parameters hold.
   *
   * @param limit norm of all gradients together, to which longer ones are shortened; infinite for
   *     none
   */
  public void step(double limit) {
    Network network = backend.network();
    network.advance(parameters.stream().map(Parameter::gradient).toList(), limit, factors);
    for (int p = 0; p < parameters.size(); p++) {
      Parameter parameter = parameters.get(p);
      network.adamW(
          parameter.value(),
          parameter.gradient(),
          first.get(p),
          second.get(p),
          factors,
          rate,
          decay);
    }
  }

  @Override
  public void close() {
    first.forEach(Matrix.Owned::close);
    second.forEach(Matrix.Owned::close);
    factors.close();
  }
}
