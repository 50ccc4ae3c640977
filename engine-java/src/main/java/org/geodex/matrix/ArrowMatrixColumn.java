package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FixedSizeList;
import org.apache.arrow.flatbuf.FloatingPoint;
import org.apache.arrow.flatbuf.Precision;
import org.apache.arrow.flatbuf.Type;
import org.geodex.error.InputException;

/** An Arrow column that is a matrix: {@code FixedSizeList<float>[d]}, no nulls. */
final class ArrowMatrixColumn {
  private ArrowMatrixColumn() {}

  static boolean isMatrix(Field field) {
    return field.dictionary() == null
        && field.typeType() == Type.FixedSizeList
        && field.childrenLength() == 1
        && field.children(0).typeType() == Type.FloatingPoint;
  }

  /**
   * The column's rows in one batch, in place.
   *
   * @param place file and column, for messages
   */
  static Tensor tensor(String place, Field field, ArrowBatch.Data data) {
    if (!isMatrix(field)) {
      throw new InputException(
          "%s: is a column of type %s, expected FixedSizeList<float32>[d]", place, typeName(field));
    }
    long d = ((FixedSizeList) field.type(new FixedSizeList())).listSize();
    if (d < 1) {
      throw new InputException("%s: has lists of length %d, expected at least 1", place, d);
    }
    ElementType type = elementType(field.children(0));
    ArrowBatch.Node values = data.children().getFirst();
    refuseNulls(place, data.node(), 1);
    refuseNulls(place, values, d);
    long elements = Math.multiplyExact(data.rows(), d);
    MemorySegment bytes = values.buffers().get(1);
    if (values.rows() < elements
        || bytes.byteSize() < Math.multiplyExact(elements, (long) type.bytes())) {
      throw new InputException(
          "%s: holds %,d values in %,d bytes, expected %,d values for %,d rows of %d",
          place, values.rows(), bytes.byteSize(), elements, data.rows(), d);
    }
    return new Tensor(
        place, type, List.of(data.rows(), d), bytes.asSlice(0, elements * type.bytes()));
  }

  private static ElementType elementType(Field child) {
    return switch (((FloatingPoint) child.type(new FloatingPoint())).precision()) {
      case Precision.HALF -> ElementType.F16;
      case Precision.SINGLE -> ElementType.F32;
      default -> ElementType.F64;
    };
  }

  /** Refuses missing values and names the first row; a list of {@code width} values is a row. */
  static void refuseNulls(String place, ArrowBatch.Node node, long width) {
    if (node.nulls() == 0) {
      return;
    }
    MemorySegment validity = node.buffers().getFirst();
    long first = 0;
    long end = Math.min(node.rows(), 8 * validity.byteSize());
    while (first < end
        && (validity.get(ValueLayout.JAVA_BYTE, first / 8) >> (first % 8) & 1) == 1) {
      first++;
    }
    throw new InputException(
        "%s: has %,d missing values (null), the first in row %d, expected none",
        place, node.nulls(), first / width);
  }

  static String typeName(Field field) {
    byte type = field.typeType();
    String name = type < Type.names.length && type >= 0 ? Type.name(type) : "number " + type;
    boolean nested = field.dictionary() == null && field.childrenLength() == 1;
    return nested ? "%s<%s>".formatted(name, typeName(field.children(0))) : name;
  }
}
