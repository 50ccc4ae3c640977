package org.geodex.benchmarks;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.geodex.matrix.ElementType;
import org.geodex.matrix.SafetensorsSink;

/** A GPT-2 checkpoint of 124M shape with random weights, for timing. */
final class SyntheticGpt2 {
  static final int LAYERS = 12;

  /** For a test that wants every benchmark to run and no times. */
  private static final boolean SMALL = Boolean.getBoolean("geodex.benchmarks.small");

  static final int WIDTH = SMALL ? 48 : 768;
  static final int VOCABULARY = SMALL ? 500 : 50257;

  private SyntheticGpt2() {}

  /** Multiplications and additions of one token's projections. */
  static double flopsPerToken() {
    return 2.0 * LAYERS * 12 * WIDTH * WIDTH;
  }

  /** Writes config.json and model.safetensors, F32 or F16, unless they are there. */
  static Path write(ElementType type) {
    try {
      Path folder =
          Files.createDirectories(
              Path.of(
                  System.getProperty("java.io.tmpdir"),
                  "geodex-gpt2-%s-%s".formatted(SMALL ? "small" : "124m", type)));
      if (!Files.exists(folder.resolve("model.safetensors"))) {
        Files.writeString(
            folder.resolve("config.json"),
            """
            {"model_type": "gpt2", "n_layer": 12, "n_embd": %d, "n_head": 12, "vocab_size": %d}
            """
                .formatted(WIDTH, VOCABULARY));
        weights(folder.resolve("model.safetensors"), type);
      }
      return folder;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void weights(Path file, ElementType type) {
    Map<String, long[]> shapes = shapes();
    SafetensorsSink.Builder builder = SafetensorsSink.builder();
    shapes.forEach((name, shape) -> builder.tensor(name, type, shape));
    SplittableRandom random = new SplittableRandom(1);
    try (SafetensorsSink sink = builder.create(file);
        Arena arena = Arena.ofConfined()) {
      for (var tensor : shapes.entrySet()) {
        long count = 1;
        for (long size : tensor.getValue()) {
          count *= size;
        }
        MemorySegment values = arena.allocate(count * type.bytes());
        boolean isNorm = tensor.getKey().contains("ln_");
        boolean isBias = tensor.getKey().endsWith("bias");
        for (long i = 0; i < count; i++) {
          float value = isBias ? 0 : isNorm ? 1 : (float) (random.nextDouble() - 0.5) * 0.07f;
          if (type == ElementType.F16) {
            values.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
          } else {
            values.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
          }
        }
        sink.write(tensor.getKey(), values);
      }
      sink.commit();
    }
  }

  private static Map<String, long[]> shapes() {
    long d = WIDTH;
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put("wte.weight", new long[] {VOCABULARY, d});
    shapes.put("wpe.weight", new long[] {1024, d});
    for (int i = 0; i < LAYERS; i++) {
      String layer = "h." + i + ".";
      shapes.put(layer + "ln_1.weight", new long[] {d});
      shapes.put(layer + "ln_1.bias", new long[] {d});
      shapes.put(layer + "attn.c_attn.weight", new long[] {d, 3 * d});
      shapes.put(layer + "attn.c_attn.bias", new long[] {3 * d});
      shapes.put(layer + "attn.c_proj.weight", new long[] {d, d});
      shapes.put(layer + "attn.c_proj.bias", new long[] {d});
      shapes.put(layer + "ln_2.weight", new long[] {d});
      shapes.put(layer + "ln_2.bias", new long[] {d});
      shapes.put(layer + "mlp.c_fc.weight", new long[] {d, 4 * d});
      shapes.put(layer + "mlp.c_fc.bias", new long[] {4 * d});
      shapes.put(layer + "mlp.c_proj.weight", new long[] {4 * d, d});
      shapes.put(layer + "mlp.c_proj.bias", new long[] {d});
    }
    shapes.put("ln_f.weight", new long[] {d});
    shapes.put("ln_f.bias", new long[] {d});
    return shapes;
  }
}
