package org.geodex.cuda;

import java.lang.foreign.MemorySegment;

/** Page-locked host memory of a context. Closing it waits for the device. */
public final class PinnedBuffer implements AutoCloseable {
  private final CudaContext context;
  private final MemorySegment segment;

  PinnedBuffer(CudaContext context, long address, long bytes) {
    this.context = context;
    this.segment = MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** The memory; valid until {@link #close}. */
  public MemorySegment segment() {
    return segment;
  }

  @Override
  public void close() {
    context.release(this, () -> context.driver().freePinned(segment.address()));
  }
}
