package org.geodex.matrix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.geodex.error.InputException;
import org.geodex.memory.NativeMemory;

/**
 * A stored tensor: a name, a type, a shape and its bytes in place, row-major, valid while the file
 * is open.
 *
 * @param name as a message names it: file and tensor
 * @param type element type
 * @param shape sizes of the axes, outermost first; empty for a scalar
 * @param data exactly the elements' bytes; not always aligned to the element
 */
public record Tensor(String name, ElementType type, List<Long> shape, MemorySegment data) {

  /** The number of elements: the product of the shape, 1 for a scalar. */
  public long elements() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /**
   * The tensor as a matrix, rows = all axes but the last. f32 that lies on a multiple of four bytes
   * is viewed in place; anything else is copied once to f32.
   *
   * @param arena owns the copy, if there is one
   * @throws InputException when the type is not real, or the tensor is a scalar or empty
   */
  public Matrix.View matrix(Arena arena) {
    if (!type.isReal()) {
      throw new InputException("%s: has type %s, expected F32, F16 or BF16", name, type);
    }
    if (shape.isEmpty()) {
      throw new InputException("%s: is a scalar (shape []), expected at least one axis", name);
    }
    long columns = shape.getLast();
    long elements = elements();
    if (elements == 0) {
      throw new InputException(
          "%s: has shape %s and no elements, expected at least one row and one column",
          name, shape);
    }
    if (columns > Integer.MAX_VALUE) {
      throw new InputException("%s: has %d columns, expected fewer than 2^31", name, columns);
    }
    long rows = elements / columns;
    boolean inPlace = type == ElementType.F32 && data.address() % Float.BYTES == 0;
    return Matrix.view(inPlace ? data : widened(arena), rows, (int) columns);
  }

  /** A copy as f32, 64-byte aligned, that lives as long as {@code arena}. */
  public MemorySegment widened(Arena arena) {
    long elements = elements();
    MemorySegment copy = NativeMemory.allocate(Math.multiplyExact(4L, elements), arena);
    Widening.toF32(type, data, copy, elements);
    return copy;
  }
}
