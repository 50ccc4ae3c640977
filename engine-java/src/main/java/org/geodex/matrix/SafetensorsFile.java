package org.geodex.matrix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.geodex.error.InputException;
import org.geodex.memory.MappedFile;

/**
 * One {@code .safetensors} file of any size, memory-mapped: opening it reads the header, reading a
 * tensor copies nothing. The header is checked in full first (see {@link SafetensorsHeader}), so
 * that a tensor's bytes always lie inside the file.
 */
public final class SafetensorsFile implements MatrixFile {
  private final MappedFile file;
  private final SafetensorsHeader header;
  private final MemorySegment data;

  private SafetensorsFile(MappedFile file) {
    this.file = file;
    this.header = SafetensorsHeader.read(file);
    this.data = file.segment().asSlice(header.dataOffset());
  }

  /**
   * Opens a file; the caller closes it.
   *
   * @throws InputException when it is missing or breaks the format anywhere
   */
  public static SafetensorsFile open(Path path) {
    MappedFile file = MappedFile.open(path);
    try {
      return new SafetensorsFile(file);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  public Path path() {
    return file.path();
  }

  /** Names of the tensors, in the order of the header. */
  public Set<String> names() {
    return Collections.unmodifiableSet(header.tensors().keySet());
  }

  /** The free text entries under {@code __metadata__}; empty when there are none. */
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * A tensor in place.
   *
   * @throws InputException when there is none of this name
   */
  public Tensor tensor(String name) {
    SequencedMap<String, SafetensorsHeader.Entry> tensors = header.tensors();
    SafetensorsHeader.Entry entry = tensors.get(name);
    if (entry == null) {
      throw new InputException("%s: %s", file.path(), NameHint.missing("tensor", name, names()));
    }
    return new Tensor(
        file.path() + "#" + name,
        entry.type(),
        entry.shape(),
        data.asSlice(entry.begin(), entry.end() - entry.begin()));
  }

  @Override
  public Matrix.View matrix(String tensor, Arena copies) {
    return tensor(tensor == null ? NameHint.only("tensor", path(), names()) : tensor)
        .matrix(copies);
  }

  /** Unmaps the file; its tensors end with it. */
  @Override
  public void close() {
    file.close();
  }
}
