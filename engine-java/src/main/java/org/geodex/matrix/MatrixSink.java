package org.geodex.matrix;

import java.nio.file.Path;
import org.geodex.error.InputException;
import org.geodex.error.OutputException;
import org.geodex.error.UsageException;
import org.geodex.file.AtomicOutputs;

/**
 * Writes a matrix of known shape, block after block of rows, as {@code .npy}, {@code .arrow}
 * (column {@code matrix}) or {@code .safetensors} (tensor {@code matrix}), by the name's ending. In
 * every format the data lies 64-byte aligned and in one piece, so that reading it back copies
 * nothing. Until {@link #commit} nothing stands under the name, and an older file stays.
 *
 * <p>One thread at a time.
 */
public final class MatrixSink implements AutoCloseable {
  private final RowSink sink;
  private final int columns;

  private MatrixSink(RowSink sink, int columns) {
    this.sink = sink;
    this.columns = columns;
  }

  /**
   * Starts a file of its own; the caller closes it.
   *
   * @throws UsageException when the name's ending is none of the three
   * @throws InputException when no file can stand there
   * @throws OutputException when the disk refuses
   */
  public static MatrixSink create(Path out, long rows, int columns) {
    return create(null, out, rows, columns);
  }

  /** Starts one of several outputs of a command, renamed by {@code outputs.commit()}. */
  public static MatrixSink create(AtomicOutputs outputs, Path out, long rows, int columns) {
    return new MatrixSink(new RowSink(outputs, out, ElementType.F32, rows, columns), columns);
  }

  /** Appends rows. */
  public void write(Matrix rows) {
    if (rows.columns() != columns) {
      throw new IllegalArgumentException(
          "rows of %d columns, expected %d".formatted(rows.columns(), columns));
    }
    sink.write(rows.segment());
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
