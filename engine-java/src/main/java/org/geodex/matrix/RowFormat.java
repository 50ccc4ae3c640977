package org.geodex.matrix;

import java.nio.file.Path;
import org.geodex.error.UsageException;

/**
 * What stands before and behind the rows of a written matrix; the rows between are plain
 * little-endian elements, row-major. Every format puts them on a multiple of 64 bytes.
 */
record RowFormat(byte[] head, byte[] tail) {
  /** The name of a tensor or column in a file that this project writes with one matrix in it. */
  static final String NAME = "matrix";

  static final int ALIGNMENT = 64;

  /**
   * The format that the ending of {@code out} names.
   *
   * @throws UsageException for another ending
   */
  static RowFormat of(Path out, ElementType type, long rows, int columns) {
    String name = out.getFileName() == null ? "" : out.getFileName().toString();
    return switch (name.substring(name.lastIndexOf('.') + 1)) {
      case "npy" -> new RowFormat(NpyHead.bytes(type, rows, columns), new byte[0]);
      case "safetensors" ->
          new RowFormat(SafetensorsHead.single(NAME, type, rows, columns), new byte[0]);
      case "arrow" -> ArrowLayout.matrix(NAME, type, rows, columns);
      default ->
          throw new UsageException(
              "%s: expected a name ending in .npy, .arrow or .safetensors", out);
    };
  }

  /** {@code size} rounded up to a multiple of {@link #ALIGNMENT}. */
  static long aligned(long size) {
    return Math.ceilDiv(size, ALIGNMENT) * ALIGNMENT;
  }
}
