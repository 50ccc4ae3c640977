package org.geodex.cuda;

import java.lang.foreign.MemorySegment;

/** Host memory of somebody else, page-locked until this is closed; the memory itself stays. */
public final class RegisteredMemory implements AutoCloseable {
  private final CudaContext context;
  private final MemorySegment memory;

  RegisteredMemory(CudaContext context, MemorySegment memory) {
    this.context = context;
    this.memory = memory;
  }

  public MemorySegment memory() {
    return memory;
  }

  @Override
  public void close() {
    context.release(this, () -> context.driver().unregister(memory.address()));
  }
}
