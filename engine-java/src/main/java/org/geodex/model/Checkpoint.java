package org.geodex.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;
import org.geodex.memory.MappedFile;

/**
 * The weights of a model by name. They stay mapped; a lookup checks presence, shape and type and
 * gives a view. Closing the checkpoint ends every matrix it gave.
 */
final class Checkpoint implements AutoCloseable {
  private final Path folder;
  private final MappedFile file;
  private final Map<String, JsonNode> tensors = new HashMap<>();
  private final long dataStart;
  private final List<StoredMatrix> given = new ArrayList<>();

  private Checkpoint(Path path) {
    folder = path.getParent();
    file = MappedFile.open(path);
    try {
      long length = file.segment().get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
      byte[] header = file.segment().asSlice(8, length).toArray(ValueLayout.JAVA_BYTE);
      JsonNode root = new ObjectMapper().readTree(new String(header, StandardCharsets.UTF_8));
      root.properties().forEach(e -> tensors.put(e.getKey(), e.getValue()));
      dataStart = 8 + length;
    } catch (IOException | RuntimeException e) {
      file.close();
      throw new InputException(e, "%s: not a safetensors file", path);
    }
  }

  static Checkpoint open(Path folder) {
    return new Checkpoint(folder.resolve("model.safetensors"));
  }

  Path folder() {
    return folder;
  }

  boolean has(String name) {
    return tensors.containsKey(name);
  }

  /** The first of these names that the checkpoint has; the first of all when it has none. */
  String firstOf(String... names) {
    for (String name : names) {
      if (has(name)) {
        return name;
      }
    }
    return names[0];
  }

  /**
   * A matrix as stored.
   *
   * @throws InputException naming file, tensor and what was expected
   */
  StoredMatrix matrix(String name, long rows, int columns) {
    return stored(name, rows, columns, rows, columns);
  }

  /** A vector of {@code n} values as f32 [1,n]. */
  Matrix vector(String name, int n) {
    return stored(name, 1, n, n).f32();
  }

  private StoredMatrix stored(String name, long rows, int columns, long... shape) {
    JsonNode tensor = tensors.get(name);
    if (tensor == null) {
      throw new InputException(
          "%s: no tensor %s, expected one of shape %s", file.path(), name, Arrays.toString(shape));
    }
    long[] actual = new long[tensor.get("shape").size()];
    for (int i = 0; i < actual.length; i++) {
      actual[i] = tensor.get("shape").get(i).asLong();
    }
    if (!Arrays.equals(shape, actual)) {
      throw new InputException(
          "%s: tensor %s has shape %s, expected %s",
          file.path(), name, Arrays.toString(actual), Arrays.toString(shape));
    }
    StoredMatrix.Type type =
        switch (tensor.get("dtype").asText()) {
          case "F32" -> StoredMatrix.Type.F32;
          case "F16" -> StoredMatrix.Type.F16;
          case "BF16" -> StoredMatrix.Type.BF16;
          default ->
              throw new InputException(
                  "%s: tensor %s has type %s, expected F32, F16 or BF16",
                  file.path(), name, tensor.get("dtype").asText());
        };
    long start = dataStart + tensor.get("data_offsets").get(0).asLong();
    MemorySegment segment = file.segment().asSlice(start);
    StoredMatrix matrix = new StoredMatrix(type, segment, rows, columns);
    given.add(matrix);
    return matrix;
  }

  @Override
  public void close() {
    given.forEach(StoredMatrix::close);
    file.close();
  }
}
