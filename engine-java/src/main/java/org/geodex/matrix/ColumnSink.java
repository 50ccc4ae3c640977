package org.geodex.matrix;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.geodex.file.AtomicOutputs;

/** Fills named regions of a file, each from its first byte to its last, in any order. */
final class ColumnSink implements AutoCloseable {
  private static final class Region {
    private final long begin;
    private final long size;
    private long written;

    Region(long begin, long size) {
      this.begin = begin;
      this.size = size;
    }
  }

  private final Path target;
  private final AtomicOutputs outputs;
  private final boolean ownsOutputs;
  private final OutputFile file;
  private final Map<String, Region> regions = new HashMap<>();

  /** {@code outputs} null: an output of its own, renamed with {@link #commit}. */
  ColumnSink(AtomicOutputs outputs, Path target) {
    this.target = target;
    this.ownsOutputs = outputs == null;
    this.outputs = ownsOutputs ? AtomicOutputs.open() : outputs;
    try {
      this.file = new OutputFile(this.outputs.file(target), target);
    } catch (Throwable e) {
      closeOwnOutputs();
      throw e;
    }
  }

  /** Announces a region. */
  void add(String name, long begin, long size) {
    regions.put(name, new Region(begin, size));
  }

  /** Writes bytes that belong to no region: heads, tails, whole columns. */
  void raw(byte[] bytes, long position) {
    file.write(bytes, position);
  }

  /** Appends to a region. */
  void write(String name, MemorySegment bytes) {
    Region region = regions.get(name);
    if (region == null || bytes.byteSize() > region.size - region.written) {
      throw new IllegalStateException(
          "%s: %s was not announced with so many values".formatted(target, name));
    }
    file.write(bytes, region.begin + region.written);
    region.written += bytes.byteSize();
  }

  /** Writes inside a region, {@code at} bytes from its begin; every byte is to be written once. */
  void write(String name, long at, MemorySegment bytes) {
    Region region = regions.get(name);
    if (region == null || at < 0 || bytes.byteSize() > region.size - at) {
      throw new IllegalStateException(
          "%s: %s was not announced with so many values".formatted(target, name));
    }
    file.write(bytes, region.begin + at);
    region.written += bytes.byteSize();
  }

  /** Ends the file; renames it too, unless a group of outputs is committed later. */
  void commit() {
    regions.forEach(
        (name, region) -> {
          if (region.written != region.size) {
            throw new IllegalStateException("%s: %s is not full".formatted(target, name));
          }
        });
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
