package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.geodex.file.AtomicOutputs;

/** Writes the rows of one matrix of any element type, block after block, in one format. */
final class RowSink implements AutoCloseable {
  private final ColumnSink columns;

  /** {@code outputs} null: an output of its own, renamed with {@link #commit}. */
  RowSink(AtomicOutputs outputs, Path target, ElementType type, long rows, int columns) {
    RowFormat format = RowFormat.of(target, type, rows, columns);
    long size = Math.multiplyExact(rows, (long) type.bytes() * columns);
    this.columns = new ColumnSink(outputs, target);
    try {
      this.columns.raw(format.head(), 0);
      this.columns.raw(format.tail(), format.head().length + size);
      this.columns.add(RowFormat.NAME, format.head().length, size);
    } catch (Throwable e) {
      close();
      throw e;
    }
  }

  /** Appends whole rows. */
  void write(MemorySegment rows) {
    columns.write(RowFormat.NAME, rows);
  }

  void commit() {
    columns.commit();
  }

  @Override
  public void close() {
    columns.close();
  }
}
