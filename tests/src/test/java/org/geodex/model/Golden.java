package org.geodex.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.geodex.matrix.SafetensorsFile;
import org.geodex.matrix.Tensor;

/**
 * One folder of {@code resources/hf}: a small checkpoint and what the reference implementation
 * (transformers 4.29, see README.md there) computes from it.
 */
record Golden(Path folder) {

  static List<Golden> all() {
    try (Stream<Path> folders = Files.list(root())) {
      List<Golden> all = folders.filter(Files::isDirectory).sorted().map(Golden::new).toList();
      assertEquals(15, all.size());
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Golden of(String name) {
    return new Golden(root().resolve(name));
  }

  private static Path root() {
    try {
      return Path.of(Golden.class.getResource("/hf/README.md").toURI()).getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  JsonNode json(String file) {
    try {
      return new ObjectMapper().readTree(folder.resolve(file).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  TokenBatch inputs() {
    return TokenBatch.read(folder.resolve("inputs.json"));
  }

  SafetensorsFile expected() {
    return SafetensorsFile.open(folder.resolve("expected.safetensors"));
  }

  /** Compares rows of a tensor within the tolerance of its group. */
  void check(Tensor expected, String name, Tensor actual) {
    assertEquals(expected.shape(), actual.shape(), name);
    String group = name.replaceFirst("\\.\\d+$", "");
    double tolerance = json("meta.json").get("tolerance").get(group).asDouble();
    int columns = Math.toIntExact(expected.shape().getLast());
    long rows = expected.elements() / columns;
    double worst = 0;
    for (long i = 0; i < rows; i++) {
      if (!compares(group, expected.shape(), i)) {
        continue;
      }
      for (int j = 0; j < columns; j++) {
        double difference =
            Math.abs(value(expected, i * columns + j) - value(actual, i * columns + j));
        assertTrue(difference < Double.POSITIVE_INFINITY, name + " has a NaN or an infinity");
        worst = Math.max(worst, difference);
      }
    }
    assertTrue(
        worst <= tolerance,
        "%s: %s is %.3g off, tolerance %.3g"
            .formatted(folder.getFileName(), name, worst, tolerance));
  }

  private static double value(Tensor tensor, long index) {
    return tensor.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index);
  }

  /** With {@code compare_rows} valid, a row counts when its query is a token and not padding. */
  private boolean compares(String group, List<Long> shape, long row) {
    if (json("meta.json").get("compare_rows").asText().equals("all") || shape.size() < 3) {
      return true;
    }
    long queries = shape.get(shape.size() - 2);
    long heads = shape.size() == 4 ? shape.get(1) : 1;
    int query = Math.toIntExact(row % queries);
    int sequence = Math.toIntExact(row / queries / heads);
    String mask = group.startsWith("decoder") ? "decoder_attention_mask" : "attention_mask";
    return json("inputs.json").get(mask).get(sequence).get(query).asInt() == 1;
  }

  @Override
  public String toString() {
    return folder.getFileName().toString();
  }
}
