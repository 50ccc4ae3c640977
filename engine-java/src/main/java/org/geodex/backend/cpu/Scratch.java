package org.geodex.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.geodex.memory.NativeMemory;

/**
 * Blocks of native memory that tasks borrow and give back, so that steady work allocates nothing.
 * Content is undefined.
 */
final class Scratch implements AutoCloseable {
  private final ConcurrentLinkedDeque<Block> free = new ConcurrentLinkedDeque<>();

  /** A borrowed block; closing gives it back. */
  final class Block implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final MemorySegment segment;

    private Block(long bytes) {
      segment = NativeMemory.allocate(bytes, arena);
    }

    MemorySegment segment() {
      return segment;
    }

    @Override
    public void close() {
      free.push(this);
    }
  }

  /** At least {@code bytes} bytes. A block that is too small is replaced by a larger one. */
  Block borrow(long bytes) {
    Block block = free.poll();
    if (block != null && block.segment.byteSize() >= bytes) {
      return block;
    }
    if (block != null) {
      block.arena.close();
    }
    return new Block(bytes);
  }

  @Override
  public void close() {
    for (Block block = free.poll(); block != null; block = free.poll()) {
      block.arena.close();
    }
  }
}
