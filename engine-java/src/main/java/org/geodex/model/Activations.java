package org.geodex.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.backend.transformer.AttentionStatistics;
import org.geodex.matrix.Matrix;

/**
 * What one forward pass returned: tensors by the names that the reference implementation's outputs
 * have ({@code hidden_states.0}, {@code attentions.0}, {@code logits} …). The caller closes it.
 */
public final class Activations implements AutoCloseable {
  private final Backend backend;
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<Stack, List<AttentionStatistics>> statistics = new LinkedHashMap<>();

  /**
   * A named tensor.
   *
   * @param shape its axes
   * @param values its rows: all axes but the last one
   */
  public record Tensor(String name, long[] shape, Matrix.Owned values) {}

  Activations(Backend backend) {
    this.backend = backend;
  }

  Matrix add(String name, long... shape) {
    long rows = 1;
    for (int i = 0; i < shape.length - 1; i++) {
      rows *= shape[i];
    }
    Matrix.Owned values = backend.allocate(rows, Math.toIntExact(shape[shape.length - 1]));
    tensors.put(name, new Tensor(name, shape, values));
    return values;
  }

  AttentionStatistics addStatistics(Stack stack, int heads) {
    AttentionStatistics added = new AttentionStatistics(heads);
    statistics.computeIfAbsent(stack, s -> new ArrayList<>()).add(added);
    return added;
  }

  /** Every tensor in the order of computation. */
  public Collection<Tensor> tensors() {
    return tensors.values();
  }

  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  /** The rows of a tensor, for example [batch·length, d] for {@code hidden_states.3}. */
  public Matrix get(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "no tensor %s was kept; there are %s".formatted(name, tensors.keySet()));
    }
    return tensor.values();
  }

  /** Span and entropy of the heads of each layer; empty unless asked for. */
  public List<AttentionStatistics> statistics(Stack stack) {
    return statistics.getOrDefault(stack, List.of());
  }

  @Override
  public void close() {
    tensors.values().forEach(tensor -> tensor.values().close());
  }
}
