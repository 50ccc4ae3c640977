package org.geodex.matrix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.geodex.error.InputException;
import org.geodex.memory.MappedFile;

/**
 * Reads NumPy's {@code .npy}, versions 1 to 3: little-endian floats in C order. Format: NumPy
 * Enhancement Proposal 1.
 */
final class NpyFile implements MatrixFile {
  private static final long MAGIC_BYTES = 6;
  private static final long LARGEST_HEADER = 1 << 16;
  private static final ValueLayout.OfByte I8 = ValueLayout.JAVA_BYTE;

  private static final Map<String, ElementType> TYPES =
      Map.of("<f8", ElementType.F64, "<f4", ElementType.F32, "<f2", ElementType.F16);

  private final MappedFile file;
  private final Tensor array;

  private NpyFile(MappedFile file) {
    this.file = file;
    this.array = read(file);
  }

  /**
   * Opens a file; the caller closes it.
   *
   * @throws InputException when it is no such file, or not a 2-D array of floats in C order
   */
  static NpyFile open(Path path) {
    MappedFile file = MappedFile.open(path);
    try {
      return new NpyFile(file);
    } catch (Throwable e) {
      file.close();
      throw e;
    }
  }

  @Override
  public Matrix.View matrix(String part, Arena copies) {
    if (part != null) {
      throw new InputException("%s#%s: a .npy file has no named parts", file.path(), part);
    }
    return array.matrix(copies);
  }

  @Override
  public void close() {
    file.close();
  }

  private static Tensor read(MappedFile file) {
    String name = file.path().toString();
    MemorySegment bytes = file.segment();
    checkMagic(name, bytes);
    int lengthBytes = bytes.get(I8, MAGIC_BYTES) == 1 ? 2 : 4;
    long headerAt = MAGIC_BYTES + 2 + lengthBytes;
    if (bytes.byteSize() < headerAt) {
      throw new InputException("%s: ends after %d bytes, inside the header", name, file.size());
    }
    long headerBytes = littleEndian(bytes, MAGIC_BYTES + 2, lengthBytes);
    if (headerBytes > LARGEST_HEADER) {
      throw new InputException(
          "%s: claims a header of %,d bytes, expected at most %,d",
          name, headerBytes, LARGEST_HEADER);
    }
    if (headerAt + headerBytes > bytes.byteSize()) {
      throw new InputException(
          "%s: claims a header of %,d bytes, but the whole file has %,d",
          name, headerBytes, file.size());
    }
    byte[] header = bytes.asSlice(headerAt, headerBytes).toArray(I8);
    var fields = new NpyHeader(name, new String(header, StandardCharsets.ISO_8859_1)).parse();
    return tensor(name, fields, bytes.asSlice(headerAt + headerBytes));
  }

  private static void checkMagic(String name, MemorySegment bytes) {
    byte[] magic = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    if (bytes.byteSize() < MAGIC_BYTES + 2
        || bytes.asSlice(0, MAGIC_BYTES).mismatch(MemorySegment.ofArray(magic)) >= 0) {
      throw new InputException(
          "%s: does not start with the magic bytes of a .npy file (size %,d bytes)",
          name, bytes.byteSize());
    }
    int major = bytes.get(I8, MAGIC_BYTES);
    if (major < 1 || major > 3) {
      throw new InputException("%s: has .npy version %d, expected 1, 2 or 3", name, major);
    }
  }

  private static long littleEndian(MemorySegment bytes, long at, int count) {
    long value = 0;
    for (int i = count - 1; i >= 0; i--) {
      value = value << 8 | Byte.toUnsignedLong(bytes.get(I8, at + i));
    }
    return value;
  }

  private static Tensor tensor(String name, NpyHeader.Fields fields, MemorySegment data) {
    ElementType type = TYPES.get(fields.descr());
    if (type == null) {
      throw new InputException(
          "%s: has dtype '%s', expected '<f4', '<f8' or '<f2' (x.astype('<f4') converts)",
          name, fields.descr());
    }
    List<Long> shape = fields.shape();
    if (shape.size() != 2) {
      throw new InputException(
          "%s: has %d axes %s, expected a 2-D array (x.reshape(n, d))", name, shape.size(), shape);
    }
    if (fields.fortranOrder()) {
      throw new InputException(
          "%s: is in Fortran order, expected C order (numpy.ascontiguousarray(x) converts)", name);
    }
    long expected = bytesOf(name, type, shape);
    if (data.byteSize() != expected) {
      throw new InputException(
          "%s: holds %,d bytes of data, expected %,d for shape %s of '%s'",
          name, data.byteSize(), expected, shape, fields.descr());
    }
    return new Tensor(name, type, shape, data);
  }

  private static long bytesOf(String name, ElementType type, List<Long> shape) {
    try {
      return Math.multiplyExact(
          Math.multiplyExact(shape.get(0), shape.get(1)), (long) type.bytes());
    } catch (ArithmeticException e) {
      throw new InputException(e, "%s: shape %s is larger than any file", name, shape);
    }
  }
}
