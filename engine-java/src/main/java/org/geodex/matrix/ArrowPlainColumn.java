package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.Type;
import org.geodex.error.InputException;

/** Arrow columns of whole numbers and of text, copied to Java. */
final class ArrowPlainColumn {
  private ArrowPlainColumn() {}

  static long[] longs(String place, Field field, List<ArrowBatch.Data> batches) {
    if (field.dictionary() != null || field.typeType() != Type.Int) {
      throw wrongType(place, field, "whole numbers");
    }
    Int type = (Int) field.type(new Int());
    int bytes = type.bitWidth() / 8;
    if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) {
      throw new InputException("%s: has integers of %d bits", place, type.bitWidth());
    }
    batches.forEach(batch -> checked(place, batch, Math.multiplyExact(batch.rows(), bytes)));
    long[] values = new long[rows(batches)];
    int row = 0;
    for (ArrowBatch.Data batch : batches) {
      MemorySegment data = batch.node().buffers().get(1);
      for (long i = 0; i < batch.rows(); i++) {
        values[row++] = integer(data, i, bytes, type.isSigned());
      }
    }
    return values;
  }

  private static long integer(MemorySegment data, long i, int bytes, boolean signed) {
    long mask = signed ? -1 : -1L >>> (64 - 8 * bytes);
    return mask
        & switch (bytes) {
          case 1 -> data.get(ValueLayout.JAVA_BYTE, i);
          case 2 -> data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * i);
          case 4 -> data.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * i);
          default -> data.get(ValueLayout.JAVA_LONG_UNALIGNED, 8 * i);
        };
  }

  static List<String> strings(String place, Field field, List<ArrowBatch.Data> batches) {
    boolean large = field.typeType() == Type.LargeUtf8;
    if (field.dictionary() != null || !large && field.typeType() != Type.Utf8) {
      throw wrongType(place, field, "text (Utf8)");
    }
    int width = large ? 8 : 4;
    List<String> values = new ArrayList<>();
    for (ArrowBatch.Data batch : batches) {
      if (batch.rows() > 0) {
        MemorySegment offsets =
            checked(place, batch, Math.multiplyExact(Math.addExact(batch.rows(), 1), width));
        MemorySegment text = batch.node().buffers().get(2);
        for (long i = 0; i < batch.rows(); i++) {
          long from = integer(offsets, i, width, true);
          long to = integer(offsets, i + 1, width, true);
          values.add(string(place, text, from, to));
        }
      }
    }
    return values;
  }

  private static String string(String place, MemorySegment text, long from, long to) {
    if (from < 0 || to < from || to > text.byteSize()) {
      throw new InputException(
          "%s: a text claims bytes %d to %d of %d", place, from, to, text.byteSize());
    }
    byte[] bytes = text.asSlice(from, to - from).toArray(ValueLayout.JAVA_BYTE);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** The first buffer behind the validity, once it is known to be long enough and without nulls. */
  private static MemorySegment checked(String place, ArrowBatch.Data batch, long bytes) {
    ArrowMatrixColumn.refuseNulls(place, batch.node(), 1);
    MemorySegment data = batch.node().buffers().get(1);
    if (data.byteSize() < bytes) {
      throw new InputException(
          "%s: holds %,d bytes, expected %,d for %,d rows",
          place, data.byteSize(), bytes, batch.rows());
    }
    return data;
  }

  private static int rows(List<ArrowBatch.Data> batches) {
    return Math.toIntExact(batches.stream().mapToLong(ArrowBatch.Data::rows).sum());
  }

  private static InputException wrongType(String place, Field field, String expected) {
    return new InputException(
        "%s: is a column of type %s, expected %s",
        place, ArrowMatrixColumn.typeName(field), expected);
  }
}
