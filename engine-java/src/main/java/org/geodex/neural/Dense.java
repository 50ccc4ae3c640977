package org.geodex.neural;

import java.util.List;
import java.util.random.RandomGenerator;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/**
 * A layer y = x·W + b, x[n,in], W[in,out], b[1,out]. Weights and bias begin uniform in ±1/√in.
 * Products are f32 on the backend's algebra.
 */
final class Dense implements AutoCloseable {
  private final Backend backend;
  private final Parameter weight;
  private final Parameter bias;

  Dense(Backend backend, RandomGenerator random, int in, int out) {
    this.backend = backend;
    this.weight = new Parameter(backend, in, out);
    this.bias = new Parameter(backend, 1, out);
    double bound = 1 / Math.sqrt(in);
    uniform(weight.value(), random, bound);
    uniform(bias.value(), random, bound);
  }

  static void uniform(Matrix x, RandomGenerator random, double bound) {
    for (long i = 0; i < x.rows(); i++) {
      for (int j = 0; j < x.columns(); j++) {
        x.set(i, j, (float) ((2 * random.nextDouble() - 1) * bound));
      }
    }
  }

  int out() {
    return bias.value().columns();
  }

  void forward(Matrix x, boolean relu, Matrix y) {
    backend.algebra().gemm(x, false, weight.value(), false, y);
    backend.network().addBias(y, bias.value(), relu);
  }

  /**
   * Gradients of the parameters, and of the input unless that is null.
   *
   * @param gradient by the output before the rectifier
   */
  void backward(Matrix x, Matrix gradient, Matrix inputGradient) {
    backend.algebra().gemm(x, true, gradient, false, weight.gradient());
    backend.network().columnSums(gradient, bias.gradient());
    if (inputGradient != null) {
      backend.algebra().gemm(gradient, false, weight.value(), true, inputGradient);
    }
  }

  List<Parameter> parameters() {
    return List.of(weight, bias);
  }

  @Override
  public void close() {
    weight.close();
    bias.close();
  }
}
