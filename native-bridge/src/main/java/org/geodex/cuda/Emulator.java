package org.geodex.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Switches of the CUDA driver on the CPU, for tests. They hold for the whole process. */
public final class Emulator {
  private Emulator() {}

  /** Whether this build has it: g++ was there. */
  public static boolean isAvailable() {
    return KernelImages.buildProperty("emulator", "").equals("built");
  }

  /** The order of blocks, threads and streams from now on. */
  public static void seed(long seed) {
    option("seed", seed);
  }

  /**
   * Whether work on streams waits until somebody waits for it (as at first), or runs at once. Late
   * work makes a missing synchronization show.
   */
  public static void lateStreams(boolean late) {
    option("late", late ? 1 : 0);
  }

  /** How much memory the device has from now on, at least what is in use. */
  public static void memory(long bytes) {
    option("memory", bytes);
  }

  private static void option(String name, long value) {
    Linker linker = Linker.nativeLinker();
    MethodHandle set =
        linker.downcallHandle(
            CudaLibraries.driver("emulator").findOrThrow("gxEmulatorOption"),
            FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom(name);
      int code = (int) set.invokeExact(text, value);
      if (code != 0) {
        throw new IllegalArgumentException(name);
      }
    } catch (Throwable e) {
      throw PanamaDriver.rethrow(e);
    }
  }
}
