package org.geodex.cuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.error.DeviceOutOfMemoryException;
import org.geodex.error.NativeCallException;
import org.geodex.error.UnavailableException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What both bindings must do, on the emulator or, with {@code -Dgeodex.cuda.driver=system}, on a
 * card.
 */
class CudaContractTest {
  private static final String DRIVER = System.getProperty("geodex.cuda.driver", "emulator");

  @BeforeAll
  static void needsDriver() {
    assumeTrue(
        DRIVER.equals("system") || Emulator.isAvailable(), "this build has no emulator: no g++");
  }

  static CudaOptions options(String binding) {
    return new CudaOptions(binding, DRIVER, 0);
  }

  /** Runs a test body on a fresh context's thread. */
  private static void on(String binding, Consumer<CudaContext> body) {
    try (CudaContext context = CudaContext.open(options(binding))) {
      context.call(
          () -> {
            body.accept(context);
            return null;
          });
    }
  }

  private static MemorySegment floats(Arena arena, int n, float first) {
    MemorySegment values = arena.allocate(JAVA_FLOAT, n);
    for (int i = 0; i < n; i++) {
      values.setAtIndex(JAVA_FLOAT, i, first + i);
    }
    return values;
  }

  private static float[] fetch(CudaContext context, DeviceBuffer buffer, int n, Arena arena) {
    MemorySegment host = arena.allocate(JAVA_FLOAT, n);
    context.copyToHost(buffer, 0, host);
    context.stream().synchronize();
    return host.toArray(JAVA_FLOAT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void describesTheDevice(String binding) {
    on(
        binding,
        context -> {
          assertEquals(binding, context.binding());
          assertFalse(context.deviceName().isBlank());
          assertTrue(context.multiprocessors() >= 1);
          assertTrue(context.computeCapability() >= 80);
          assertTrue(context.freeMemory() > 0);
          assertTrue(context.totalMemory() >= context.freeMemory());
          assertTrue(context.driver().version() >= 12000);
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void copiesThereAndBack(String binding) {
    on(
        binding,
        context -> {
          try (Arena arena = Arena.ofConfined();
              DeviceBuffer x = context.allocate(4 * 1000);
              DeviceBuffer y = context.allocate(4 * 1000)) {
            MemorySegment host = floats(arena, 1000, 5);
            Traffic before = context.traffic();
            context.copyToDevice(host, x, 0);
            context.copyOnDevice(x, 0, y, 4000 - 400, 400, context.stream());
            context.copyOnDevice(x, 400, y, 0, 3600, context.stream());
            float[] back = fetch(context, y, 1000, arena);
            assertEquals(105, back[0]);
            assertEquals(5, back[900]);
            assertEquals(new Traffic(4000, 4000, 0), context.traffic().since(before));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void launchesKernelsOfTheTable(String binding) {
    on(
        binding,
        context -> {
          for (int n : new int[] {1, 255, 1024, 1025, 4099}) {
            try (Arena arena = Arena.ofConfined();
                DeviceBuffer x = context.allocate(4L * n);
                DeviceBuffer y = context.allocate(4L * n)) {
              context.copyToDevice(floats(arena, n, 0), x, 0);
              context.copyToDevice(floats(arena, n, 1), y, 0);
              context
                  .kernel("gx_probe_axpy_f32")
                  .launch(context.stream(), new Grid((n + 1023) / 1024), 0, 2f, x, y, (long) n);
              float[] out = fetch(context, y, n, arena);
              for (int i = 0; i < n; i++) {
                assertEquals(3f * i + 1, out[i], "n=" + n + " i=" + i);
              }
            }
          }
        });
  }

  /** y = 2x + y recorded, then a product and a copy behind it; nothing runs before the launch. */
  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void recordsAGraphAndLaunchesItAgain(String binding) {
    on(
        binding,
        context -> {
          try (Arena arena = Arena.ofConfined();
              DeviceBuffer x = context.allocate(4 * 4);
              DeviceBuffer y = context.allocate(4 * 4);
              DeviceBuffer z = context.allocate(4 * 8)) {
            context.copyToDevice(floats(arena, 4, 1), x, 0);
            context.copyToDevice(floats(arena, 4, 0), y, 0);
            context.fill(z, 0, 0, 8, context.stream());
            CudaBlas blas = context.blas();
            // What is loaded at first use is loaded before: a recording is no place for it.
            context.kernel("gx_probe_axpy_f32");
            long first = z.address();
            blas.sgemm(false, false, 2, 2, 2, 1, first, 2, first, 2, 0, first + 16, 2);
            Traffic before = context.traffic();
            CudaGraph graph =
                context.capture(
                    () -> {
                      context
                          .kernel("gx_probe_axpy_f32")
                          .launch(context.stream(), new Grid(1), 0, 2f, x, y, 4L);
                      long z0 = z.address();
                      blas.sgemm(
                          false, false, 2, 2, 2, 1, y.address(), 2, x.address(), 2, 0, z0, 2);
                      context.copyOnDevice(z, 0, z, 16, 16, context.stream());
                    });
            try (graph) {
              assertEquals(new Traffic(0, 0, 0), context.traffic().since(before));
              assertArrayEquals(new float[] {0, 1, 2, 3}, fetch(context, y, 4, arena));
              before = context.traffic();
              graph.launch();
              assertEquals(new Traffic(0, 0, 1), context.traffic().since(before));
              assertArrayEquals(new float[] {2, 5, 8, 11}, fetch(context, y, 4, arena));
              graph.launch();
            }
            // The second launch runs, though the graph is closed: [4 9; 14 19]·[1 2; 3 4]
            assertArrayEquals(
                new float[] {31, 44, 71, 104, 31, 44, 71, 104}, fetch(context, z, 8, arena));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void waitingEndsARecording(String binding) {
    on(
        binding,
        context -> {
          NativeCallException e =
              assertThrows(
                  NativeCallException.class,
                  () -> context.capture(() -> context.stream().synchronize()));
          assertTrue(e.getMessage().contains("STREAM_CAPTURE"), e.getMessage());
          context.capture(() -> {}).close();
        });
  }

  /** The instruction-rate probes against the same chains in Java: integers, so exact. */
  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void probesComputeTheirChains(String binding) {
    int steps = 5;
    on(
        binding,
        context -> {
          try (Arena arena = Arena.ofConfined();
              DeviceBuffer out = context.allocate(4 * 256)) {
            Grid one = new Grid(1);
            context.kernel("gx_probe_fadd_f32").launch(context.stream(), one, 0, out, 2f, steps);
            float[] sums = fetch(context, out, 256, arena);
            context.kernel("gx_probe_addmin_f32").launch(context.stream(), one, 0, out, -3f, steps);
            float[] least = fetch(context, out, 256, arena);
            context
                .kernel("gx_probe_viaddmin_s32")
                .launch(context.stream(), one, 0, out, -3, steps);
            MemorySegment integers = arena.allocate(JAVA_FLOAT, 256);
            context.copyToHost(out, 0, integers);
            context.stream().synchronize();
            for (int t = 0; t < 256; t++) {
              assertEquals(8 * t + 28 + 8 * 2 * steps, sums[t], "thread " + t);
              assertEquals(addMinChains(t, -3, steps), least[t], "thread " + t);
              assertEquals(
                  addMinChains(t, -3, steps), integers.getAtIndex(JAVA_INT, t), "thread " + t);
            }
          }
        });
  }

  /** Σ of eight chains c[i] = min(c[i], c[i + 1] + a), in order of i within a step. */
  private static int addMinChains(int first, int a, int steps) {
    int[] chain = new int[8];
    Arrays.setAll(chain, i -> first + i);
    for (int s = 0; s < steps; s++) {
      for (int i = 0; i < 8; i++) {
        chain[i] = Math.min(chain[i], chain[(i + 1) % 8] + a);
      }
    }
    return Arrays.stream(chain).sum();
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void fillsWords(String binding) {
    on(
        binding,
        context -> {
          try (Arena arena = Arena.ofConfined();
              DeviceBuffer x = context.allocate(40)) {
            context.fill(x, 0, Float.floatToRawIntBits(2.5f), 10, context.stream());
            context.fill(x, 36, 0, 1, context.stream());
            float[] out = fetch(context, x, 10, arena);
            assertEquals(2.5f, out[8]);
            assertEquals(0f, out[9]);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void streamsWaitForEachOthersEvents(String binding) {
    on(
        binding,
        context -> {
          int n = 2048;
          try (Arena arena = Arena.ofConfined();
              PinnedBuffer pinned = context.allocatePinned(4 * n);
              DeviceBuffer x = context.allocate(4 * n);
              DeviceBuffer y = context.allocate(4 * n);
              CudaStream second = context.createStream();
              CudaEvent copied = context.createEvent();
              CudaEvent end = context.createEvent()) {
            MemorySegment.copy(floats(arena, n, 7), 0, pinned.segment(), 0, 4 * n);
            context.copyToDevice(pinned.segment(), x, 0, context.stream());
            copied.record(context.stream());
            second.waitFor(copied);
            context.kernel("gx_probe_copy_f32").launch(second, new Grid(2), 0, x, y, (long) n);
            end.record(second);
            end.synchronize();
            assertTrue(end.isDone());
            assertTrue(end.millisSince(copied) >= 0);
            context.copyToHost(y, 0, pinned.segment(), second);
            second.synchronize();
            assertEquals(7f, pinned.segment().getAtIndex(JAVA_FLOAT, 0));
            assertEquals(7f + n - 1, pinned.segment().getAtIndex(JAVA_FLOAT, n - 1));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void registersMemoryOfOthers(String binding) {
    on(
        binding,
        context -> {
          try (Arena arena = Arena.ofConfined();
              DeviceBuffer x = context.allocate(4096)) {
            MemorySegment memory = arena.allocate(4096, 4096);
            memory.setAtIndex(JAVA_FLOAT, 1023, 4f);
            try (RegisteredMemory registered = context.register(memory)) {
              assertSame(memory, registered.memory());
              context.copyToDevice(memory, x, 0);
              context.stream().synchronize();
              assertThrows(NativeCallException.class, () -> context.register(memory));
            }
            assertEquals(4f, fetch(context, x, 1024, arena)[1023]);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void multipliesRowMajor(String binding) {
    on(
        binding,
        context -> {
          try (Arena arena = Arena.ofConfined();
              DeviceBuffer a = context.allocate(4 * 6);
              DeviceBuffer b = context.allocate(4 * 6);
              DeviceBuffer c = context.allocate(4 * 4)) {
            // A[2,3] = 1..6, B[3,2] = 1..6
            context.copyToDevice(floats(arena, 6, 1), a, 0);
            context.copyToDevice(floats(arena, 6, 1), b, 0);
            CudaBlas blas = context.blas();
            blas.sgemm(false, false, 2, 2, 3, 1, a.address(), 3, b.address(), 2, 0, c.address(), 2);
            assertArrayEquals(new float[] {22, 28, 49, 64}, fetch(context, c, 4, arena));
            // A·Bᵀ with B[2,3] in the same memory, added to half of what is there
            blas.sgemm(
                false, true, 2, 2, 3, 2, a.address(), 3, b.address(), 3, 0.5f, c.address(), 2);
            assertArrayEquals(new float[] {39, 78, 88.5f, 186}, fetch(context, c, 4, arena));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void multipliesInDoubleAndInBatches(String binding) {
    on(
        binding,
        context -> {
          try (Arena arena = Arena.ofConfined();
              DeviceBuffer a = context.allocate(8 * 4);
              DeviceBuffer c = context.allocate(8 * 4)) {
            MemorySegment m = arena.allocateFrom(JAVA_DOUBLE, 1, 2, 3, 4);
            context.copyToDevice(m, a, 0);
            context
                .blas()
                .dgemm(true, false, 2, 2, 2, 1, a.address(), 2, a.address(), 2, 0, c.address(), 2);
            MemorySegment out = arena.allocate(JAVA_DOUBLE, 4);
            context.copyToHost(c, 0, out);
            context.stream().synchronize();
            assertArrayEquals(new double[] {10, 14, 14, 20}, out.toArray(JAVA_DOUBLE));

            context.copyToDevice(floats(arena, 8, 1), a, 0);
            // four 1x2 · 2x1 products
            context
                .blas()
                .sgemmBatched(
                    false,
                    false,
                    1,
                    1,
                    2,
                    1,
                    a.address(),
                    2,
                    2,
                    a.address(),
                    1,
                    2,
                    0,
                    c.address(),
                    1,
                    1,
                    4);
            assertArrayEquals(new float[] {5, 25, 61, 113}, fetch(context, c, 4, arena));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void saysHowMuchMemoryIsMissing(String binding) {
    on(
        binding,
        context -> {
          long wanted = 1L << 50;
          var e = assertThrows(DeviceOutOfMemoryException.class, () -> context.allocate(wanted));
          assertEquals(5, e.exitCode());
          assertEquals(wanted, e.wanted());
          assertTrue(e.free() > 0);
          assertTrue(e.getMessage().contains("CUDA_ERROR_OUT_OF_MEMORY"), e.getMessage());
          assertTrue(e.getMessage().contains("cuMemAlloc"), e.getMessage());
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void namesTheKernelOfAWrongLaunch(String binding) {
    on(
        binding,
        context -> {
          try (DeviceBuffer x = context.allocate(4)) {
            CudaKernel copy = context.kernel("gx_probe_copy_f32");
            var e =
                assertThrows(
                    NativeCallException.class,
                    () -> copy.launch(context.stream(), new Grid(1, 1 << 20), 0, x, x, 1L));
            assertEquals(4, e.exitCode());
            assertEquals("CUDA_ERROR_INVALID_VALUE", e.error());
            assertTrue(
                e.getMessage()
                    .contains("gx_probe_copy_f32(x=4 bytes, y=4 bytes, n=1) grid (1,1048576,1)"),
                e.getMessage());
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void refusesArgumentsThatTheTableDoesNotKnow(String binding) {
    on(
        binding,
        context -> {
          CudaStream stream = context.stream();
          try (DeviceBuffer x = context.allocate(4)) {
            CudaKernel copy = context.kernel("gx_probe_copy_f32");
            Grid one = new Grid(1);
            assertThrows(IllegalArgumentException.class, () -> copy.launch(stream, one, 0, x, x));
            assertThrows(
                IllegalArgumentException.class, () -> copy.launch(stream, one, 0, x, x, 1));
            assertThrows(
                IllegalArgumentException.class, () -> copy.launch(stream, one, 64, x, x, 1L));
            assertThrows(IllegalArgumentException.class, () -> context.kernel("gx_nothing"));
            assertThrows(
                IndexOutOfBoundsException.class, () -> context.fill(x, 0, 0, 2, context.stream()));
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void belongsToOneThread(String binding) throws InterruptedException {
    try (CudaContext context = CudaContext.open(options(binding))) {
      AtomicReference<Throwable> seen = new AtomicReference<>();
      Thread other = new Thread(() -> seen.set(thrown(() -> context.allocate(4))));
      other.start();
      other.join();
      assertEquals(IllegalStateException.class, seen.get().getClass());
      // A virtual thread may call: the work runs on the context's thread.
      Thread virtual =
          Thread.ofVirtual()
              .start(
                  () ->
                      seen.set(
                          thrown(
                              () ->
                                  context.call(
                                      () -> {
                                        context.allocate(4).close();
                                        return null;
                                      }))));
      virtual.join();
      assertSame(null, seen.get());
    }
  }

  private static Throwable thrown(Runnable body) {
    try {
      body.run();
      return null;
    } catch (Throwable e) {
      return e;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void closesOnceAndRefusesAfterwards(String binding) {
    CudaContext context = CudaContext.open(options(binding));
    DeviceBuffer[] buffer = new DeviceBuffer[1];
    context.call(
        () -> {
          buffer[0] = context.allocate(64);
          buffer[0].close();
          buffer[0].close();
          return null;
        });
    context.close();
    context.close();
    assertThrows(IllegalStateException.class, () -> context.call(() -> null));
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void reportsWhatWasNotClosed(String binding) {
    CudaContext context = CudaContext.open(options(binding));
    context.call(() -> context.allocate(64));
    var e = assertThrows(IllegalStateException.class, context::close);
    assertTrue(e.getCause().getStackTrace().length > 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void refusesADeviceThatIsNotThere(String binding) {
    CudaOptions none = new CudaOptions(binding, DRIVER, 99);
    var e = assertThrows(UnavailableException.class, () -> CudaContext.open(none));
    assertEquals(4, e.exitCode());
    assertTrue(
        Cuda.availability(none) instanceof Cuda.Availability.Unavailable(String reason)
            && reason.contains("device 99"));
    assertTrue(Cuda.availability(options(binding)) instanceof Cuda.Availability.Available);
  }
}
