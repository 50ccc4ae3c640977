package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.geodex.file.AtomicOutputs;

/**
 * Writes a {@code .safetensors} file of tensors whose shapes are known before their content. Each
 * tensor is filled from its first byte to its last, in as many pieces as it comes; the tensors may
 * take turns. Until {@link #commit} nothing stands under the name.
 *
 * <pre>{@code
 * try (var sink = SafetensorsSink.builder().tensor("logits", F32, 2, 5).create(path)) {
 *   sink.write("logits", matrix);
 *   sink.commit();
 * }
 * }</pre>
 */
public final class SafetensorsSink implements AutoCloseable {
  private final ColumnSink columns;

  private SafetensorsSink(ColumnSink columns) {
    this.columns = columns;
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Collects names and shapes. */
  public static final class Builder {
    private final SafetensorsHead head = new SafetensorsHead();
    private final Map<String, Long> sizes = new LinkedHashMap<>();

    private Builder() {}

    /** Adds a tensor; the shape is outermost axis first, none for a scalar. */
    public Builder tensor(String name, ElementType type, long... shape) {
      if (sizes.put(name, head.add(name, type, shape)) != null) {
        throw new IllegalArgumentException("tensor " + name + " added twice");
      }
      return this;
    }

    /** Free text for {@code __metadata__}. */
    public Builder metadata(Map<String, String> entries) {
      head.metadata(entries);
      return this;
    }

    /** Starts a file of its own; the caller closes it. */
    public SafetensorsSink create(Path out) {
      return create(null, out);
    }

    /** Starts one of several outputs of a command, renamed by {@code outputs.commit()}. */
    public SafetensorsSink create(AtomicOutputs outputs, Path out) {
      byte[] bytes = head.bytes();
      ColumnSink columns = new ColumnSink(outputs, out);
      try {
        columns.raw(bytes, 0);
        long at = bytes.length;
        for (var tensor : sizes.entrySet()) {
          columns.add(tensor.getKey(), at, tensor.getValue());
          at += tensor.getValue();
        }
        return new SafetensorsSink(columns);
      } catch (Throwable e) {
        columns.close();
        throw e;
      }
    }
  }

  /** Appends f32 rows to a tensor. */
  public void write(String tensor, Matrix rows) {
    columns.write(tensor, rows.segment());
  }

  /** Writes rows from {@code firstRow} on, in any order; every row is to be written once. */
  public void write(String tensor, long firstRow, Matrix rows) {
    columns.write(tensor, rows.offset(firstRow), rows.segment());
  }

  /** Appends stored elements to a tensor. */
  public void write(String tensor, MemorySegment elements) {
    columns.write(tensor, elements);
  }

  /** Ends the file once every tensor is full; renames it unless it belongs to a group. */
  public void commit() {
    columns.commit();
  }

  /** Discards what was not committed. */
  @Override
  public void close() {
    columns.close();
  }
}
