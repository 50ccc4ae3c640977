package org.geodex.neural;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/**
 * Dense layers with a rectifier after each but the last, and their exact gradients. With two sizes
 * it is a linear map.
 *
 * <p>f32; bias gradients are summed in f64. The same seed, batches and backend give the same bits
 * for any number of threads. Owns its weights and the activations of the largest batch seen; one
 * thread at a time.
 */
public final class Mlp implements AutoCloseable {
  private final Backend backend;
  private final List<Dense> layers = new ArrayList<>();
  private Matrix.Owned[] activations;
  private Matrix.Owned[] gradients;
  private Matrix input;
  private long rows;

  /**
   * A network with random weights.
   *
   * @param sizes columns of the input, of each hidden layer and of the output
   */
  public Mlp(Backend backend, RandomGenerator random, int... sizes) {
    if (sizes.length < 2) {
      throw new IllegalArgumentException("an input and an output size are needed");
    }
    this.backend = backend;
    for (int l = 0; l + 1 < sizes.length; l++) {
      layers.add(new Dense(backend, random, sizes[l], sizes[l + 1]));
    }
    activations = new Matrix.Owned[layers.size()];
    gradients = new Matrix.Owned[layers.size()];
  }

  /**
   * The outputs for x[n,in].
   *
   * @return [n,out], valid until the next call
   */
  public Matrix forward(Matrix x) {
    reserve(x.rows());
    input = x;
    rows = x.rows();
    for (int l = 0; l < layers.size(); l++) {
      layers.get(l).forward(inputOf(l), l + 1 < layers.size(), activation(l));
    }
    return activation(layers.size() - 1);
  }

  /**
   * Gradients of the loss after a {@link #forward} of the same rows.
   *
   * @param outputGradient [n,out], by the outputs
   * @param inputGradient [n,in], overwritten; null where nobody needs it
   */
  public void backward(Matrix outputGradient, Matrix inputGradient) {
    Matrix gradient = outputGradient;
    for (int l = layers.size() - 1; l >= 0; l--) {
      Matrix below = l == 0 ? inputGradient : gradients[l - 1].rows(0, rows);
      layers.get(l).backward(inputOf(l), gradient, below);
      if (l > 0) {
        backend.network().maskByActivation(below, inputOf(l));
      }
      gradient = below;
    }
  }

  private Matrix inputOf(int layer) {
    return layer == 0 ? input : activation(layer - 1);
  }

  private Matrix activation(int layer) {
    return activations[layer].rows(0, rows);
  }

  private void reserve(long needed) {
    if (activations[0] != null && activations[0].rows() >= needed) {
      return;
    }
    closeWork();
    for (int l = 0; l < layers.size(); l++) {
      activations[l] = backend.allocate(needed, layers.get(l).out());
      gradients[l] = backend.allocate(needed, layers.get(l).out());
    }
  }

  /** Weights and biases, layer by layer. */
  public List<Parameter> parameters() {
    return layers.stream().flatMap(layer -> layer.parameters().stream()).toList();
  }

  private void closeWork() {
    for (int l = 0; l < layers.size(); l++) {
      if (activations[l] != null) {
        activations[l].close();
        gradients[l].close();
      }
    }
  }

  @Override
  public void close() {
    closeWork();
    layers.forEach(Dense::close);
  }
}
