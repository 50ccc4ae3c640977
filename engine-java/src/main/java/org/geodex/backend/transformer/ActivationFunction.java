package org.geodex.backend.transformer;

import java.util.Locale;
import java.util.Map;

/** The pointwise nonlinearity of a feed-forward block, by the names that configurations use. */
public enum ActivationFunction {
  /** x. */
  LINEAR,
  /** x/2·(1 + erf(x/√2)), the exact Gaussian error linear unit. */
  GELU,
  /** x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))). */
  GELU_TANH,
  /** x·σ(1.702·x). */
  QUICK_GELU,
  /** max(x, 0). */
  RELU,
  /** max(x, 0)². */
  RELU_SQUARED,
  /** x·σ(x), also called swish. */
  SILU,
  /** tanh(x). */
  TANH,
  /** σ(x) = 1/(1 + e⁻ˣ). */
  SIGMOID;

  private static final Map<String, ActivationFunction> NAMES =
      Map.ofEntries(
          Map.entry("linear", LINEAR),
          Map.entry("gelu", GELU),
          Map.entry("gelu_python", GELU),
          Map.entry("gelu_new", GELU_TANH),
          Map.entry("gelu_fast", GELU_TANH),
          Map.entry("gelu_accurate", GELU_TANH),
          Map.entry("gelu_pytorch_tanh", GELU_TANH),
          Map.entry("gelu_python_tanh", GELU_TANH),
          Map.entry("quick_gelu", QUICK_GELU),
          Map.entry("relu", RELU),
          Map.entry("relu2", RELU_SQUARED),
          Map.entry("silu", SILU),
          Map.entry("swish", SILU),
          Map.entry("tanh", TANH),
          Map.entry("sigmoid", SIGMOID));

  /** The function that a configuration names, or null. */
  public static ActivationFunction named(String name) {
    return NAMES.get(name.toLowerCase(Locale.ROOT));
  }

  /** Every name that {@link #named} knows, sorted. */
  public static String names() {
    return String.join(", ", NAMES.keySet().stream().sorted().toList());
  }
}
