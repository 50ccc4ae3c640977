package org.geodex.matrix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.geodex.file.AtomicOutputs;

/**
 * Writes a table of indices (neighbours, landmarks) as 32-bit integers in the formats and under the
 * rules of {@link MatrixSink}.
 */
public final class IndexSink implements AutoCloseable {
  private final RowSink sink;
  private final int columns;

  private IndexSink(RowSink sink, int columns) {
    this.sink = sink;
    this.columns = columns;
  }

  /** Starts a file of its own; the caller closes it. */
  public static IndexSink create(Path out, long rows, int columns) {
    return create(null, out, rows, columns);
  }

  /** Starts one of several outputs of a command, renamed by {@code outputs.commit()}. */
  public static IndexSink create(AtomicOutputs outputs, Path out, long rows, int columns) {
    return new IndexSink(new RowSink(outputs, out, ElementType.I32, rows, columns), columns);
  }

  /** Appends rows: any number of values that is a multiple of the columns. */
  public void write(int[] rows) {
    if (rows.length % columns != 0) {
      throw new IllegalArgumentException(
          "%d values are no whole rows of %d".formatted(rows.length, columns));
    }
    try (Arena arena = Arena.ofConfined()) {
      sink.write(arena.allocateFrom(ValueLayout.JAVA_INT, rows));
    }
  }

  /** Appends rows that lie in memory as 32-bit integers. */
  public void write(MemorySegment rows) {
    sink.write(rows);
  }

  /** Ends the file once all rows are there; renames it unless it belongs to a group of outputs. */
  public void commit() {
    sink.commit();
  }

  /** Discards what was not committed. */
  @Override
  public void close() {
    sink.close();
  }
}
