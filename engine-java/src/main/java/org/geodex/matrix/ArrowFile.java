package org.geodex.matrix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Field;
import org.geodex.error.GeodexException;
import org.geodex.error.InputException;
import org.geodex.memory.MappedFile;
import org.geodex.memory.NativeMemory;

/**
 * An Arrow IPC file (also called Feather 2), memory-mapped. A matrix is a column of {@code
 * FixedSizeList<float>[d]}; in a file of one record batch it is viewed in place, without a copy,
 * and several batches are put together once. Integer and text columns are read too.
 *
 * <p>Everything that the file says about itself is checked before it is used: block and buffer
 * bounds, node lengths, null counts, alignment. Compressed bodies are refused by name.
 *
 * <p>Format: Apache Arrow columnar format 1.5, "IPC File Format".
 */
public final class ArrowFile implements MatrixFile {
  private final MappedFile file;
  private final List<Field> fields;
  private final List<String> names;
  private final List<ArrowBatch> batches;

  private ArrowFile(MappedFile file) {
    this.file = file;
    try {
      ArrowFooter footer = ArrowFooter.read(file);
      this.fields = footer.fields();
      this.names = fields.stream().map(ArrowFile::name).toList();
      this.batches = footer.batches();
    } catch (GeodexException e) {
      throw e;
    } catch (RuntimeException e) {
      throw damaged(e);
    }
  }

  /**
   * Opens a file; the caller closes it.
   *
   * @throws InputException when it is missing or no sound, uncompressed, little-endian Arrow file
   */
  public static ArrowFile open(Path path) {
    MappedFile file = MappedFile.open(path);
    try {
      return new ArrowFile(file);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  /** The mapping that matrices in place lie in. */
  MappedFile mapping() {
    return file;
  }

  public Path path() {
    return file.path();
  }

  /** Names of the columns, in order. */
  public List<String> columns() {
    return names;
  }

  public long rows() {
    return batches.stream().mapToLong(ArrowBatch::rows).sum();
  }

  @Override
  public Matrix.View matrix(String column, Arena copies) {
    return guarded(
        () -> {
          int index = column == null ? onlyMatrix() : index(column);
          return matrix(place(index), pieces(index), copies);
        });
  }

  /** A column of whole numbers, widened to 64 bits. */
  public long[] longs(String column) {
    int index = index(column);
    return guarded(() -> ArrowPlainColumn.longs(place(index), fields.get(index), data(index)));
  }

  /** A column of text. */
  public List<String> strings(String column) {
    int index = index(column);
    return guarded(() -> ArrowPlainColumn.strings(place(index), fields.get(index), data(index)));
  }

  @Override
  public void close() {
    file.close();
  }

  private List<Tensor> pieces(int index) {
    return data(index).stream()
        .filter(data -> data.rows() > 0)
        .map(data -> ArrowMatrixColumn.tensor(place(index), fields.get(index), data))
        .toList();
  }

  private List<ArrowBatch.Data> data(int index) {
    return batches.stream().map(batch -> batch.column(place(index), fields, index)).toList();
  }

  /** One batch in place, several copied together. */
  private static Matrix.View matrix(String place, List<Tensor> pieces, Arena copies) {
    if (pieces.isEmpty()) {
      throw new InputException("%s: has no rows, expected at least one", place);
    }
    if (pieces.size() == 1) {
      return pieces.getFirst().matrix(copies);
    }
    int columns = Math.toIntExact(pieces.getFirst().shape().getLast());
    long rows = pieces.stream().mapToLong(piece -> piece.shape().getFirst()).sum();
    MemorySegment whole = NativeMemory.allocate(Math.multiplyExact(rows, 4L * columns), copies);
    long at = 0;
    for (Tensor piece : pieces) {
      Widening.toF32(piece.type(), piece.data(), whole.asSlice(at), piece.elements());
      at += 4 * piece.elements();
    }
    return Matrix.view(whole, rows, columns);
  }

  private int onlyMatrix() {
    List<Integer> matrices = new ArrayList<>();
    for (int i = 0; i < fields.size(); i++) {
      if (ArrowMatrixColumn.isMatrix(fields.get(i))) {
        matrices.add(i);
      }
    }
    NameHint.only("matrix column", path(), matrices.stream().map(names::get).toList());
    return matrices.getFirst();
  }

  private int index(String column) {
    int index = names.indexOf(column);
    if (index < 0) {
      throw new InputException("%s: %s", path(), NameHint.missing("column", column, names));
    }
    if (names.lastIndexOf(column) != index) {
      throw new InputException("%s: has two columns named '%s'", path(), column);
    }
    return index;
  }

  private String place(int index) {
    return path() + "#" + names.get(index);
  }

  private static String name(Field field) {
    return field.name() == null ? "" : field.name();
  }

  private interface Read<T> {
    T get();
  }

  /** Metadata that points outside of itself shows as an exception of the metadata reader. */
  private <T> T guarded(Read<T> read) {
    try {
      return read.get();
    } catch (GeodexException | IllegalStateException e) {
      throw e;
    } catch (RuntimeException e) {
      throw damaged(e);
    }
  }

  private InputException damaged(RuntimeException e) {
    return new InputException(
        e, "%s: the Arrow metadata is damaged, it points outside of itself", file.path());
  }
}
