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
import java.util.stream.LongStream;
import org.geodex.matrix.ElementType;
import org.geodex.matrix.SafetensorsSink;

/** GPT-2 checkpoints of published shapes with random weights, for timing. */
final class SyntheticGpt2 {
  /**
   * A shape.
   *
   * @param name as it is published
   */
  record Shape(String name, int layers, int width, int heads, int vocabulary) {
    /** Multiplications and additions of one token's projections. */
    double flopsPerToken() {
      return 2.0 * layers * 12 * width * width;
    }
  }

  static final int LAYERS = 12;

  /** For a test that wants every benchmark to run and no times. */
  private static final boolean SMALL = Boolean.getBoolean("geodex.benchmarks.small");

  static final int WIDTH = SMALL ? 48 : 768;
  static final int VOCABULARY = SMALL ? 500 : 50257;

  private SyntheticGpt2() {}

  static final Shape SMALLEST = new Shape("tiny", 2, 48, 4, 500);
  static final Shape BASE = new Shape("124m", 12, 768, 12, 50257);
  static final Shape LARGEST = new Shape("1.5b", 48, 1600, 25, 50257);

  /**
   * Values that are drawn, and then repeated through all tensors: 1.5 G of them take long. A prime,
   * so that no two rows or tensors are the same.
   */
  private static final int PERIOD = 1_000_003;

  private static final Shape DEFAULT =
      new Shape(SMALL ? "small" : BASE.name(), LAYERS, WIDTH, 12, VOCABULARY);

  static double flopsPerToken() {
    return DEFAULT.flopsPerToken();
  }

  static Path write(ElementType type) {
    return write(DEFAULT, type);
  }

  /** Writes config.json and model.safetensors, F32, F16 or BF16, unless they are there. */
  static Path write(Shape shape, ElementType type) {
    try {
      Path folder =
          Files.createDirectories(
              Path.of(
                  System.getProperty("java.io.tmpdir"),
                  "geodex-gpt2-%s-%s".formatted(shape.name(), type)));
      if (!Files.exists(folder.resolve("model.safetensors"))) {
        Files.writeString(
            folder.resolve("config.json"),
            """
            {"model_type": "gpt2", "n_layer": %d, "n_embd": %d, "n_head": %d, "vocab_size": %d}
            """
                .formatted(shape.layers(), shape.width(), shape.heads(), shape.vocabulary()));
        weights(folder.resolve("model.safetensors"), shapes(shape), type);
      }
      return folder;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void weights(Path file, Map<String, long[]> shapes, ElementType type) {
    SafetensorsSink.Builder builder = SafetensorsSink.builder();
    shapes.forEach((name, shape) -> builder.tensor(name, type, shape));
    try (SafetensorsSink sink = builder.create(file);
        Arena arena = Arena.ofConfined()) {
      MemorySegment random = random(type, arena);
      long at = 0;
      for (var tensor : shapes.entrySet()) {
        String name = tensor.getKey();
        long count = LongStream.of(tensor.getValue()).reduce(1, Math::multiplyExact);
        if (name.endsWith("bias")) {
          sink.write(name, constant(count, 0, type, arena));
        } else if (name.contains("ln_")) {
          sink.write(name, constant(count, 1, type, arena));
        } else {
          at = repeat(random, at, sink, name, count * type.bytes());
        }
      }
      sink.commit();
    }
  }

  private static MemorySegment random(ElementType type, Arena arena) {
    SplittableRandom random = new SplittableRandom(1);
    MemorySegment values = arena.allocate((long) PERIOD * type.bytes());
    for (int i = 0; i < PERIOD; i++) {
      put(values, i, (float) (random.nextDouble() - 0.5) * 0.07f, type);
    }
    return values;
  }

  private static MemorySegment constant(long count, float value, ElementType type, Arena arena) {
    MemorySegment values = arena.allocate(count * type.bytes());
    for (long i = 0; i < count; i++) {
      put(values, i, value, type);
    }
    return values;
  }

  /** Writes the values again and again, from a byte of them on; returns where it stopped. */
  private static long repeat(
      MemorySegment values, long at, SafetensorsSink sink, String tensor, long bytes) {
    while (bytes > 0) {
      long piece = Math.min(bytes, values.byteSize() - at);
      sink.write(tensor, values.asSlice(at, piece));
      bytes -= piece;
      at = (at + piece) % values.byteSize();
    }
    return at;
  }

  private static void put(MemorySegment values, long i, float value, ElementType type) {
    switch (type) {
      case F16 -> values.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
      case BF16 ->
          values.setAtIndex(
              ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
      default -> values.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
  }

  private static Map<String, long[]> shapes(Shape shape) {
    long d = shape.width();
    Map<String, long[]> shapes = new LinkedHashMap<>();
    shapes.put("wte.weight", new long[] {shape.vocabulary(), d});
    shapes.put("wpe.weight", new long[] {1024, d});
    for (int i = 0; i < shape.layers(); i++) {
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
