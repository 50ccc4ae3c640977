package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.geodex.file.AtomicOutputs;

/** Writes the rows of one matrix of any element type, block after block, in one format. */
final class RowSink implements AutoCloseable {
  private final Path target;
  private final AtomicOutputs outputs;
  private final boolean ownsOutputs;
  private final RowFormat format;
  private final long dataBytes;
  private final OutputFile file;
  private long written;

  /** {@code outputs} null: an output of its own, committed with {@link #commit}. */
  RowSink(AtomicOutputs outputs, Path target, ElementType type, long rows, int columns) {
    this.target = target;
    this.format = RowFormat.of(target, type, rows, columns);
    this.dataBytes = Math.multiplyExact(rows, (long) type.bytes() * columns);
    this.ownsOutputs = outputs == null;
    this.outputs = ownsOutputs ? AtomicOutputs.open() : outputs;
    try {
      this.file = new OutputFile(this.outputs.file(target), target);
      file.write(format.head(), 0);
    } catch (Throwable e) {
      closeOwnOutputs();
      throw e;
    }
  }

  /** Appends whole rows. */
  void write(MemorySegment rows) {
    if (rows.byteSize() > dataBytes - written) {
      throw new IllegalStateException(target + ": more rows written than announced");
    }
    file.write(rows, format.head().length + written);
    written += rows.byteSize();
  }

  /** Ends the file; renames it too, unless a group of outputs is committed later. */
  void commit() {
    if (written != dataBytes) {
      throw new IllegalStateException(target + ": fewer rows written than announced");
    }
    file.write(format.tail(), format.head().length + written);
    file.close();
    if (ownsOutputs) {
      outputs.commit();
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } finally {
      closeOwnOutputs();
    }
  }

  private void closeOwnOutputs() {
    if (ownsOutputs) {
      outputs.close();
    }
  }
}
