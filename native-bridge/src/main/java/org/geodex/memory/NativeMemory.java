package org.geodex.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.geodex.error.MemoryBudgetException;

/**
 * Off-heap memory from the C library's {@code aligned_alloc}: 64-byte aligned, not zeroed. Blocks
 * of {@value #HUGE_PAGE} bytes and more are aligned to huge pages and ask for them, because a page
 * fault per 4 KiB costs more than filling the page.
 *
 * <p>Every allocation is entered in the {@link LeakLedger} while that is on; then the memory is
 * also poisoned with NaN, so that reading what nobody wrote shows.
 */
public final class NativeMemory {
  /** Alignment of every block, in bytes: one cache line, one AVX-512 register. */
  public static final long ALIGNMENT = 64;

  private static final long HUGE_PAGE = 2L << 20;
  private static final int MADV_HUGEPAGE = 14;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle ALIGNED_ALLOC =
      downcall(
          "aligned_alloc",
          FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  private static final MethodHandle FREE =
      downcall("free", FunctionDescriptor.ofVoid(ValueLayout.JAVA_LONG));
  private static final MethodHandle MADVISE =
      downcall(
          "madvise",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));

  private NativeMemory() {}

  /**
   * Allocates memory that lives until {@code arena} closes.
   *
   * @param bytes size, at least 0
   * @return a segment of exactly {@code bytes} bytes; its content is undefined
   * @throws MemoryBudgetException when the system has no such block
   */
  public static MemorySegment allocate(long bytes, Arena arena) {
    long address = allocate(bytes);
    return MemorySegment.ofAddress(address)
        .reinterpret(bytes, arena, segment -> free(segment.address()));
  }

  /**
   * Allocates a block without an arena, for many small ones: closing a shared arena halts every
   * thread for a moment. Nothing stops a use after {@link #free} of its address but the caller.
   */
  public static MemorySegment block(long bytes) {
    return MemorySegment.ofAddress(allocate(bytes)).reinterpret(bytes);
  }

  /** Allocates memory by hand; give the address back with {@link #free}. */
  public static long allocate(long bytes) {
    boolean huge = bytes >= HUGE_PAGE;
    long alignment = huge ? HUGE_PAGE : ALIGNMENT;
    long rounded = Math.max(alignment, Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT);
    try {
      MemorySegment block = (MemorySegment) ALIGNED_ALLOC.invokeExact(alignment, rounded);
      if (block.address() == 0) {
        throw new MemoryBudgetException("the system has no block of %,d bytes", bytes);
      }
      if (huge) {
        int ignored = (int) MADVISE.invokeExact(block, rounded, MADV_HUGEPAGE);
      }
      if (LeakLedger.ON) {
        LeakLedger.enter(block.address(), bytes);
        block.reinterpret(rounded).fill((byte) 0xff);
      }
      return block.address();
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Frees what {@link #allocate(long)} returned. */
  public static void free(long address) {
    if (LeakLedger.ON) {
      LeakLedger.leave(address);
    }
    try {
      FREE.invokeExact(address);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  private static MethodHandle downcall(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), descriptor);
  }

  private static RuntimeException rethrow(Throwable e) {
    return switch (e) {
      case RuntimeException runtime -> runtime;
      case Error error -> throw error;
      default -> new IllegalStateException("a C call threw a checked exception", e);
    };
  }
}
