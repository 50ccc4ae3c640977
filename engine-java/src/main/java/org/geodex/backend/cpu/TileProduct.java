package org.geodex.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.geodex.blas.OpenBlas;
import org.geodex.memory.NativeMemory;

/** Dot products of one block of rows with another, in a buffer that stays in the cache. */
final class TileProduct {
  /** Rows of a block: 512 × 512 × 4 B is one second-level cache, and sgemm is near its peak. */
  static final int ROWS = 512;

  private final MemorySegment buffer;

  TileProduct(Arena arena) {
    buffer = NativeMemory.allocate(4L * ROWS * ROWS, arena);
  }

  static int blocks(int n) {
    return Math.ceilDiv(n, ROWS);
  }

  static int from(int block) {
    return block * ROWS;
  }

  static int to(int block, int n) {
    return (int) Math.min((block + 1L) * ROWS, n);
  }

  /** x[i]·y[j] for rows [xFrom, xTo) and [yFrom, yTo), row-major, without gaps. */
  MemorySegment of(PreparedRows x, int xFrom, int xTo, PreparedRows y, int yFrom, int yTo) {
    int d = x.rows().columns();
    OpenBlas.sgemm(
        false,
        true,
        xTo - xFrom,
        yTo - yFrom,
        d,
        1,
        x.rows().segment().asSlice(x.rows().offset(xFrom)),
        d,
        y.rows().segment().asSlice(y.rows().offset(yFrom)),
        d,
        0,
        buffer,
        yTo - yFrom);
    return buffer;
  }
}
