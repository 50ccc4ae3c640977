package org.geodex.matrix;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** The first bytes of a {@code .npy} file, version 1, padded so that the data lies aligned. */
final class NpyHead {
  private static final int PREFIX = 10;

  private NpyHead() {}

  static byte[] bytes(ElementType type, long rows, int columns) {
    String dictionary =
        "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }"
            .formatted(descr(type), rows, columns);
    int size = Math.toIntExact(RowFormat.aligned(PREFIX + dictionary.length() + 1));
    String header = dictionary + " ".repeat(size - PREFIX - dictionary.length() - 1) + "\n";
    var out = new ByteArrayOutputStream(size);
    out.writeBytes(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    out.write(header.length() & 0xff);
    out.write(header.length() >> 8);
    out.writeBytes(header.getBytes(StandardCharsets.US_ASCII));
    return out.toByteArray();
  }

  private static String descr(ElementType type) {
    return switch (type) {
      case F32 -> "<f4";
      case I32 -> "<i4";
      case I64 -> "<i8";
      default -> throw new IllegalArgumentException(type + " is not written");
    };
  }
}
