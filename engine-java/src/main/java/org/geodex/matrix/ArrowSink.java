package org.geodex.matrix;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.geodex.file.AtomicOutputs;

/**
 * Writes an Arrow IPC file of one record batch: columns of integers and text given whole, and
 * matrices ({@code FixedSizeList<float>[d]}) streamed row block after row block, in turns or one
 * after the other. Every column lies 64-byte aligned in one piece, so that a matrix is read back
 * with no copy. Until {@link #commit} nothing stands under the name.
 *
 * <pre>{@code
 * try (var sink = ArrowSink.table(n).ints("token", ids).matrix("layer_0", 768).create(path)) {
 *   sink.write("layer_0", block);
 *   sink.commit();
 * }
 * }</pre>
 */
public final class ArrowSink implements AutoCloseable {
  private final ColumnSink columns;

  private ArrowSink(ColumnSink columns) {
    this.columns = columns;
  }

  /** Starts to describe a table of {@code rows} rows. */
  public static Builder table(int rows) {
    return new Builder(rows);
  }

  /** Collects the columns. */
  public static final class Builder {
    private final int rows;
    private final ArrowLayout layout;
    private final Set<String> names = new HashSet<>();
    private final List<Fill> fills = new ArrayList<>();

    private interface Fill {
      void into(ColumnSink columns);
    }

    private Builder(int rows) {
      this.rows = rows;
      this.layout = new ArrowLayout(rows);
    }

    /** Adds a column of 32-bit integers. */
    public Builder ints(String name, int[] values) {
      checkNew(name, values.length);
      int buffer = layout.addInts(name);
      fills.add(columns -> columns.raw(littleEndian(values), layout.position(buffer)));
      return this;
    }

    /** Adds a column of 64-bit floats. */
    public Builder doubles(String name, double[] values) {
      checkNew(name, values.length);
      int buffer = layout.addDoubles(name);
      byte[] bytes = new byte[Double.BYTES * values.length];
      MemorySegment.ofArray(bytes).copyFrom(MemorySegment.ofArray(values));
      fills.add(columns -> columns.raw(bytes, layout.position(buffer)));
      return this;
    }

    /** Adds a column of text. */
    public Builder text(String name, List<String> values) {
      checkNew(name, values.size());
      var bytes = new ByteArrayOutputStream();
      int[] offsets = new int[rows + 1];
      for (int i = 0; i < rows; i++) {
        bytes.writeBytes(values.get(i).getBytes(StandardCharsets.UTF_8));
        offsets[i + 1] = bytes.size();
      }
      int buffer = layout.addText(name, bytes.size());
      fills.add(
          columns -> {
            columns.raw(littleEndian(offsets), layout.position(buffer - 1));
            columns.raw(bytes.toByteArray(), layout.position(buffer));
          });
      return this;
    }

    /** Adds a matrix of {@code d} columns, to be written later. */
    public Builder matrix(String name, int d) {
      checkNew(name, rows);
      int buffer = layout.addMatrix(name, ElementType.F32, d);
      fills.add(
          columns -> columns.add(name, layout.position(buffer), (long) rows * d * Float.BYTES));
      return this;
    }

    private void checkNew(String name, int length) {
      if (!names.add(name) || length != rows) {
        throw new IllegalArgumentException(
            "column %s: added twice, or %d rows where %d are expected"
                .formatted(name, length, rows));
      }
    }

    /** Starts a file of its own; the caller closes it. */
    public ArrowSink create(Path out) {
      return create(null, out);
    }

    /** Starts one of several outputs of a command, renamed by {@code outputs.commit()}. */
    public ArrowSink create(AtomicOutputs outputs, Path out) {
      ColumnSink columns = new ColumnSink(outputs, out);
      try {
        columns.raw(layout.head(), 0);
        fills.forEach(fill -> fill.into(columns));
        columns.raw(layout.tail(), layout.tailPosition());
        return new ArrowSink(columns);
      } catch (Throwable e) {
        columns.close();
        throw e;
      }
    }

    private static byte[] littleEndian(int[] values) {
      byte[] bytes = new byte[Integer.BYTES * values.length];
      MemorySegment.ofArray(bytes).copyFrom(MemorySegment.ofArray(values));
      return bytes;
    }
  }

  /** Appends rows to a matrix. */
  public void write(String column, Matrix rows) {
    columns.write(column, rows.segment());
  }

  /** Writes rows from {@code firstRow} on, in any order; every row is to be written once. */
  public void write(String column, long firstRow, Matrix rows) {
    columns.write(column, rows.offset(firstRow), rows.segment());
  }

  /** Ends the file once every column is full; renames it unless it belongs to a group. */
  public void commit() {
    columns.commit();
  }

  /** Discards what was not committed. */
  @Override
  public void close() {
    columns.close();
  }
}
