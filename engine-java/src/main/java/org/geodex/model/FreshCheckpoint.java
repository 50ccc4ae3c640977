package org.geodex.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.geodex.matrix.ElementType;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.SafetensorsFolder;
import org.geodex.matrix.SafetensorsSink;
import org.geodex.matrix.Tensor;

/**
 * The architecture of a checkpoint with fresh weights, drawn as the original code draws them before
 * training: norms 1, biases 0, everything else normal. The standard deviation is {@code
 * initializer_range} (0.02) in GPT-2, BERT and RoBERTa, divided by √(2L) for what GPT-2 adds to the
 * residual stream; in T5 1/√inputs, 1/√(d·key size) for queries and 1 for embeddings, times {@code
 * initializer_factor}. Same seed, same weights.
 */
public final class FreshCheckpoint {
  private static final int PIECE = 1 << 18;

  private final ConfigFile file;
  private final ModelConfig config;

  private FreshCheckpoint(Path folder) {
    this.file = ConfigFile.read(folder.resolve("config.json"));
    this.config = ModelConfig.read(folder);
  }

  /**
   * Writes {@code config.json} and {@code model.safetensors}.
   *
   * @param folder the checkpoint whose architecture is taken
   * @param out an empty folder
   */
  public static void write(Path folder, long seed, Path out) {
    FreshCheckpoint fresh = new FreshCheckpoint(folder);
    try (SafetensorsFolder weights = SafetensorsFolder.open(folder)) {
      Files.copy(folder.resolve("config.json"), out.resolve("config.json"));
      SafetensorsSink.Builder builder = SafetensorsSink.builder();
      for (String name : weights.names()) {
        Tensor tensor = weights.tensor(name);
        if (tensor.type().isReal()) {
          builder.tensor(name, ElementType.F32, shape(tensor));
        }
      }
      try (SafetensorsSink sink = builder.create(out.resolve("model.safetensors"))) {
        for (String name : weights.names()) {
          Tensor tensor = weights.tensor(name);
          if (tensor.type().isReal()) {
            fresh.draw(name, tensor, seed, sink);
          }
        }
        sink.commit();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long[] shape(Tensor tensor) {
    return tensor.shape().stream().mapToLong(Long::longValue).toArray();
  }

  private void draw(String name, Tensor tensor, long seed, SafetensorsSink sink) {
    SplittableRandom random = new SplittableRandom(seed * 31 + name.hashCode());
    double mean = isNorm(name) && name.endsWith("weight") || name.endsWith("gamma") ? 1 : 0;
    long inputs = tensor.shape().isEmpty() ? 1 : tensor.shape().getLast();
    double deviation = deviation(name, inputs);
    long left = tensor.elements();
    while (left > 0) {
      int count = (int) Math.min(PIECE, left);
      try (Matrix.Owned piece = Matrix.allocate(1, count)) {
        for (int i = 0; i < count; i++) {
          double noise = deviation > 0 ? deviation * random.nextGaussian() : 0;
          piece.set(0, i, (float) (mean + noise));
        }
        sink.write(name, piece);
      }
      left -= count;
    }
  }

  private static boolean isNorm(String name) {
    return name.contains("LayerNorm") || name.contains("layer_norm") || name.contains("ln_");
  }

  private double deviation(String name, long inputs) {
    if (isNorm(name) || name.endsWith("bias") || name.endsWith("masked_bias")) {
      return 0;
    }
    return switch (config) {
      case T5Config t5 -> t5(t5, name, inputs);
      case Gpt2Config gpt2 when name.endsWith("c_proj.weight") ->
          range() / Math.sqrt(2.0 * gpt2.layers());
      default -> range();
    };
  }

  private double range() {
    return file.fraction(0.02, "initializer_range");
  }

  private double t5(T5Config t5, String name, long inputs) {
    double factor = file.fraction(1, "initializer_factor");
    if (name.contains("shared") || name.contains("embed_tokens") || name.contains("lm_head")) {
      return factor;
    }
    if (name.contains("relative_attention_bias")) {
      return factor / Math.sqrt(t5.width());
    }
    boolean query = name.endsWith("Attention.q.weight");
    return factor / Math.sqrt(query ? (double) inputs * t5.keySize() : inputs);
  }
}
