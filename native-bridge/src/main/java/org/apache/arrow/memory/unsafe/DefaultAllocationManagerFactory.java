package org.apache.arrow.memory.unsafe;

import org.apache.arrow.memory.AllocationManager;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.ReferenceManager;
import org.geodex.memory.NativeMemory;

/**
 * Arrow finds its allocator by this class name. Ours takes 64-byte aligned memory through the
 * foreign-function interface, so that no {@code sun.misc.Unsafe} allocation and no Netty is needed,
 * and every Arrow buffer stands in the leak ledger.
 */
public final class DefaultAllocationManagerFactory implements AllocationManager.Factory {
  public static final AllocationManager.Factory FACTORY = new DefaultAllocationManagerFactory();

  private static final ArrowBuf EMPTY = new ArrowBuf(ReferenceManager.NO_OP, null, 0, 0);

  @Override
  public AllocationManager create(BufferAllocator accountingAllocator, long size) {
    return new Block(accountingAllocator, size);
  }

  @Override
  public ArrowBuf empty() {
    return EMPTY;
  }

  private static final class Block extends AllocationManager {
    private final long size;
    private final long address;

    Block(BufferAllocator accountingAllocator, long size) {
      super(accountingAllocator);
      this.size = size;
      this.address = NativeMemory.allocate(size);
    }

    @Override
    public long getSize() {
      return size;
    }

    @Override
    protected long memoryAddress() {
      return address;
    }

    @Override
    protected void release0() {
      NativeMemory.free(address);
    }
  }
}
