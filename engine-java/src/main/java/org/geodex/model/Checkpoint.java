package org.geodex.model;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.geodex.backend.Backend;
import org.geodex.backend.Parallel;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.SafetensorsFolder;
import org.geodex.matrix.StoredMatrix;
import org.geodex.matrix.Tensor;

/**
 * The weights of a model by name. They stay mapped; a lookup checks presence, shape and type and
 * gives a view. Closing the checkpoint ends every matrix it gave.
 */
final class Checkpoint implements AutoCloseable {
  private static final long CHECKED_AT_ONCE = 1 << 20;

  private final Path folder;
  private final SafetensorsFolder file;
  private final List<Given> given = new ArrayList<>();
  private final List<Matrix.Owned> vectors = new ArrayList<>();

  private record Given(String name, StoredMatrix matrix) {}

  private Checkpoint(Path folder, SafetensorsFolder file) {
    this.folder = folder;
    this.file = file;
  }

  /**
   * Opens {@code FOLDER/model.safetensors} or its shards.
   *
   * @throws InputException when there are no weights, or only such in another format
   */
  static Checkpoint open(Path folder) {
    for (String other : List.of("pytorch_model.bin", "tf_model.h5", "flax_model.msgpack")) {
      if (Files.exists(folder.resolve(other)) && !hasSafetensors(folder)) {
        throw new InputException(
            "%s: has %s but no model.safetensors; save it again with"
                + " save_pretrained(…, safe_serialization=True)",
            folder, other);
      }
    }
    return new Checkpoint(folder, SafetensorsFolder.open(folder));
  }

  private static boolean hasSafetensors(Path folder) {
    return Files.exists(folder.resolve("model.safetensors"))
        || Files.exists(folder.resolve("model.safetensors.index.json"));
  }

  Path folder() {
    return folder;
  }

  boolean has(String name) {
    return file.names().contains(name);
  }

  /** The first of these names that the checkpoint has; the first of all when it has none. */
  String firstOf(String... names) {
    return Arrays.stream(names).filter(this::has).findFirst().orElse(names[0]);
  }

  /**
   * A matrix as stored.
   *
   * @throws InputException naming file, tensor and what was expected
   */
  StoredMatrix matrix(String name, long rows, int columns) {
    return stored(name, rows, columns, rows, (long) columns);
  }

  /** A vector of {@code n} values as f32 [1,n], where the backend computes. */
  Matrix vector(String name, int n, Backend backend) {
    Matrix stored = stored(name, 1, n, (long) n).f32();
    Matrix.Owned vector = backend.allocate(1, n);
    vectors.add(vector);
    vector.copyFrom(stored);
    return vector;
  }

  private StoredMatrix stored(String name, long rows, int columns, Long... shape) {
    List<Long> expected = List.of(shape);
    if (!has(name)) {
      throw new InputException(
          "%s: no tensor %s, expected one of shape %s", file.path(), name, expected);
    }
    Tensor tensor = file.tensor(name);
    if (!tensor.shape().equals(expected)) {
      throw new InputException(
          "%s: tensor %s has shape %s, expected %s", file.path(), name, tensor.shape(), expected);
    }
    StoredMatrix matrix = new StoredMatrix(type(tensor), tensor.data(), rows, columns);
    given.add(new Given(name, matrix));
    return matrix;
  }

  /**
   * Looks at every weight that was given out.
   *
   * @throws InputException with the first tensor that holds NaN or infinity, and where
   */
  void checkFinite(Parallel parallel) {
    for (Given each : given) {
      StoredMatrix matrix = each.matrix();
      long count = matrix.rows() * matrix.columns();
      AtomicLong first = new AtomicLong(count);
      parallel.forEach(
          Math.ceilDiv(count, CHECKED_AT_ONCE),
          part -> {
            long from = part * CHECKED_AT_ONCE;
            long bad = matrix.firstNonFinite(from, Math.min(count, from + CHECKED_AT_ONCE));
            first.accumulateAndGet(bad < 0 ? count : bad, Math::min);
          });
      if (first.get() < count) {
        throw new InputException(
            "%s: tensor %s is not finite at row %d, column %d",
            file.path(),
            each.name(),
            first.get() / matrix.columns(),
            first.get() % matrix.columns());
      }
    }
  }

  private static StoredMatrix.Type type(Tensor tensor) {
    return switch (tensor.type()) {
      case F32 -> StoredMatrix.Type.F32;
      case F16 -> StoredMatrix.Type.F16;
      case BF16 -> StoredMatrix.Type.BF16;
      default ->
          throw new InputException(
              "%s: has type %s, expected F32, F16 or BF16", tensor.name(), tensor.type());
    };
  }

  @Override
  public void close() {
    vectors.forEach(Matrix.Owned::close);
    given.forEach(each -> each.matrix().close());
    file.close();
  }
}
