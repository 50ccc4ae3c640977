package org.geodex.matrix;

import java.lang.foreign.MemorySegment;

/**
 * Memory of matrices that lies elsewhere than in the host's address space, on a device, with a twin
 * on the host once somebody asked for one. Its owner knows which of the two is newer.
 */
public interface RemoteMemory extends AutoCloseable {

  /**
   * All of it on the host, for reading and writing. What is on the device counts as old from now
   * on; the segment is valid until a backend uses the matrix again.
   */
  MemorySegment host();

  /** All of it on the host, for reading alone: what is on the device stays as good. */
  MemorySegment reading();

  /**
   * Begins to bring what is there now to the host, beside what the device does next; {@link
   * #reading} then waits for that alone.
   */
  void prefetch();

  /**
   * Copies from memory of the same device, on it.
   *
   * @return whether it was done; false where {@code source} lies elsewhere
   */
  boolean copyFrom(long to, RemoteMemory source, long from, long bytes);

  /**
   * Rows of a matrix of this memory in a matrix of their own, on the same device.
   *
   * @param start byte at which the matrix begins
   */
  Matrix.Owned gather(long start, int columns, int[] rows);

  @Override
  void close();
}
