package org.geodex.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.KernelTable.Kind;
import org.geodex.cuda.KernelTable.Parameter;
import org.geodex.error.DeviceLostException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The emulator catches what it is for: each kernel of {@code planted.cu} has one mistake that must
 * be reported, whatever the order of threads, and a right twin that must pass.
 */
class EmulatorTest {
  private static final String PLANTED = "/org/geodex/kernels/emulator/planted.so";

  @BeforeAll
  static void needsEmulator() {
    assumeTrue(Emulator.isAvailable(), "this build has no emulator: no g++");
  }

  @BeforeEach
  @AfterEach
  void usualOrder() {
    Emulator.seed(1);
    Emulator.lateStreams(true);
  }

  private static void on(Consumer<CudaContext> body) {
    try (CudaContext context = CudaContext.open(new CudaOptions("panama", "emulator", 0))) {
      context.call(
          () -> {
            body.accept(context);
            return null;
          });
    }
  }

  private static CudaKernel planted(
      CudaContext context, String name, Grid block, int shared, Kind... kinds) {
    List<Parameter> parameters = Arrays.stream(kinds).map(k -> new Parameter("p", k)).toList();
    var entry = new KernelTable.Entry("planted", name, parameters, block, shared, "");
    try (InputStream in = EmulatorTest.class.getResourceAsStream(PLANTED);
        Arena arena = Arena.ofConfined()) {
      MemorySegment image =
          arena.allocateFrom(java.lang.foreign.ValueLayout.JAVA_BYTE, in.readAllBytes());
      return context.kernel(PLANTED, image, entry);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static DeviceBuffer ones(CudaContext context, int n) {
    DeviceBuffer buffer = context.allocate(4L * n);
    context.fill(buffer, 0, Float.floatToRawIntBits(1), n, context.stream());
    return buffer;
  }

  /** Launches and waits; what the emulator reports, or an empty string. */
  private static String finding(CudaContext context, Runnable launch) {
    try {
      launch.run();
      context.stream().synchronize();
      return "";
    } catch (DeviceLostException e) {
      assertEquals(4, e.exitCode());
      return e.getMessage();
    }
  }

  private static void assertFinds(String finding, String error, String... words) {
    assertTrue(finding.contains(error), finding);
    for (String word : words) {
      assertTrue(finding.contains(word), finding);
    }
  }

  private static final Kind P = Kind.POINTER;
  private static final Kind I = Kind.INT;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 20_260_725})
  void aMissingBarrier(long seed) {
    Emulator.seed(seed);
    for (String which : List.of("missing", "right")) {
      on(
          context -> {
            try (DeviceBuffer x = ones(context, 256);
                DeviceBuffer y = context.allocate(4 * 256)) {
              CudaKernel exchange =
                  planted(context, "gx_planted_barrier_" + which, new Grid(128), 0, P, P, I);
              String found =
                  finding(
                      context, () -> exchange.launch(context.stream(), new Grid(1), 0, x, y, 0));
              assertEquals(which.equals("right"), found.isEmpty(), found);
              if (!found.isEmpty()) {
                assertFinds(
                    found, "CUDA_ERROR_LAUNCH_FAILED", "gx_planted_barrier_missing", "shared");
              }
            }
          });
    }
  }

  /** Every value the second pass reads is there, so only the race detector can see this one. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 20_260_725})
  void aMissingBarrierBeforeASharedTileIsUsedAgain(long seed) {
    Emulator.seed(seed);
    for (String which : List.of("missing", "right")) {
      on(
          context -> {
            try (DeviceBuffer x = ones(context, 256);
                DeviceBuffer y = context.allocate(4 * 64)) {
              CudaKernel sum =
                  planted(context, "gx_planted_reuse_" + which, new Grid(64), 0, P, P, I);
              String found =
                  finding(context, () -> sum.launch(context.stream(), new Grid(1), 0, x, y, 256));
              assertEquals(which.equals("right"), found.isEmpty(), found);
              if (!found.isEmpty()) {
                assertFinds(found, "CUDA_ERROR_LAUNCH_FAILED", "race in shared memory");
              }
            }
          });
    }
  }

  /** What is found in a planted kernel of 64 threads that reads ones and writes 64 values. */
  private static String foundIn(String kernel, int ones, int dynamicShared) {
    String[] found = new String[1];
    on(
        context -> {
          try (DeviceBuffer x = ones(context, ones);
              DeviceBuffer y = context.allocate(4 * 64)) {
            CudaKernel planted = planted(context, kernel, new Grid(64), dynamicShared, P, P);
            found[0] =
                finding(
                    context,
                    () -> planted.launch(context.stream(), new Grid(1), dynamicShared, x, y));
          }
        });
    return found[0];
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "right"})
  void aMissingSyncwarp(String which) {
    String found = foundIn("gx_planted_warp_" + which, 64, 0);
    assertEquals(which.equals("right"), found.isEmpty(), found);
  }

  @Test
  void threadsThatWaitForEachOther() {
    on(
        context -> {
          try (DeviceBuffer y = context.allocate(4 * 32)) {
            CudaKernel diverged = planted(context, "gx_planted_diverged", new Grid(32), 0, P);
            assertFinds(
                finding(context, () -> diverged.launch(context.stream(), new Grid(1), 0, y)),
                "CUDA_ERROR_LAUNCH_FAILED",
                "wait for each other",
                "16 at __syncthreads");
          }
        });
  }

  @Test
  void aWriteOutside() {
    on(
        context -> {
          try (DeviceBuffer y = context.allocate(400)) {
            CudaKernel write = planted(context, "gx_planted_write_outside", new Grid(128), 0, P, I);
            assertFinds(
                finding(context, () -> write.launch(context.stream(), new Grid(1), 0, y, 100)),
                "CUDA_ERROR_ILLEGAL_ADDRESS",
                "writes 4 bytes outside",
                "0 bytes after the end of a buffer of 400 bytes",
                "thread (100,0,0)");
          }
        });
  }

  @Test
  void aReadOutside() {
    on(
        context -> {
          try (DeviceBuffer x = ones(context, 100);
              DeviceBuffer y = context.allocate(400)) {
            CudaKernel read =
                planted(context, "gx_planted_read_outside", new Grid(128), 0, P, P, I);
            assertFinds(
                finding(context, () -> read.launch(context.stream(), new Grid(1), 0, x, y, 100)),
                "CUDA_ERROR_ILLEGAL_ADDRESS",
                "reads 4 bytes outside",
                "thread (99,0,0)");
          }
        });
  }

  @Test
  void aUseAfterFree() {
    on(
        context -> {
          DeviceBuffer x = ones(context, 128);
          long address = x.address();
          context.stream().synchronize();
          x.close();
          CudaKernel write = planted(context, "gx_planted_write_outside", new Grid(128), 0, P, I);
          assertFinds(
              finding(context, () -> write.launch(context.stream(), new Grid(1), 0, address, 100)),
              "CUDA_ERROR_ILLEGAL_ADDRESS");
        });
  }

  @Test
  void aWriteOutsideDynamicSharedMemory() {
    on(
        context -> {
          try (DeviceBuffer y = context.allocate(4 * 64)) {
            CudaKernel write = planted(context, "gx_planted_shared_outside", new Grid(64), 1024, P);
            assertEquals(
                "", finding(context, () -> write.launch(context.stream(), new Grid(1), 256, y)));
            assertFinds(
                finding(context, () -> write.launch(context.stream(), new Grid(1), 252, y)),
                "CUDA_ERROR_ILLEGAL_ADDRESS",
                "byte 252 of 252");
          }
        });
  }

  @Test
  void aReadOfUnwrittenMemory() {
    on(
        context -> {
          try (DeviceBuffer y = context.allocate(400)) {
            CudaKernel add = planted(context, "gx_planted_read_unwritten", new Grid(128), 0, P, I);
            assertFinds(
                finding(context, () -> add.launch(context.stream(), new Grid(1), 0, y, 100)),
                "CUDA_ERROR_LAUNCH_FAILED",
                "that nobody wrote",
                "gx_planted_read_unwritten");
          }
        });
  }

  @Test
  void aReadOfUnwrittenSharedMemory() {
    on(
        context -> {
          try (DeviceBuffer y = context.allocate(4 * 64)) {
            CudaKernel read = planted(context, "gx_planted_shared_unwritten", new Grid(64), 0, P);
            assertFinds(
                finding(context, () -> read.launch(context.stream(), new Grid(1), 0, y)),
                "CUDA_ERROR_LAUNCH_FAILED",
                "shared memory that this block did not write",
                "thread (0,0,0)");
          }
        });
  }

  @Test
  void aMisalignedVectorRead() {
    on(
        context -> {
          try (DeviceBuffer x = ones(context, 64);
              DeviceBuffer y = context.allocate(4 * 64)) {
            CudaKernel read = planted(context, "gx_planted_misaligned", new Grid(32), 0, P, P);
            assertFinds(
                finding(context, () -> read.launch(context.stream(), new Grid(1), 0, x, y)),
                "CUDA_ERROR_MISALIGNED_ADDRESS",
                "planted.cu:");
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "right"})
  void aCopyThatNobodyWaitedForInTheKernel(String which) {
    String found = foundIn("gx_planted_copy_" + which, 256, 1024);
    assertEquals(which.equals("right"), found.isEmpty(), found);
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing", "right"})
  void aCopyIntoWhatOthersStillRead(String which) {
    String found = foundIn("gx_planted_copy_over_" + which, 64, 256);
    assertEquals(which.equals("right"), found.isEmpty(), found);
    assertEquals(which.equals("missing"), found.contains("race"), found);
  }

  /** The last, partial column of tiles is left out: the result has a hole. */
  @Test
  void aWrongTileEdgeThatLeavesAHole() {
    int n = 10;
    int m = 33;
    on(
        context -> {
          try (Arena arena = Arena.ofConfined();
              DeviceBuffer x = ones(context, n * m);
              DeviceBuffer whole = context.allocate(4L * n * m);
              DeviceBuffer holed = context.allocate(4L * n * m)) {
            CudaKernel add =
                planted(context, "gx_planted_tile_edge", new Grid(32, 8), 0, P, P, I, I, I);
            MemorySegment host = arena.allocate(JAVA_FLOAT, n * m);
            add.launch(context.stream(), new Grid(2, 2), 0, x, whole, n, m, 2);
            context.copyToHost(whole, 0, host);
            context.stream().synchronize();
            assertEquals(2f, host.getAtIndex(JAVA_FLOAT, n * m - 1));

            add.launch(context.stream(), new Grid(2, 2), 0, x, holed, n, m, 1);
            String found = finding(context, () -> context.copyToHost(holed, 0, host));
            assertFinds(
                found, "CUDA_ERROR_LAUNCH_FAILED", "reads what nobody wrote", "byte 128 of");
          }
        });
  }

  /** Rows run on into the next one; in the last row that is outside. */
  @Test
  void aWrongTileEdgeThatRunsOver() {
    on(
        context -> {
          try (DeviceBuffer x = ones(context, 330);
              DeviceBuffer y = context.allocate(4L * 330)) {
            CudaKernel add =
                planted(context, "gx_planted_tile_row", new Grid(32, 8), 0, P, P, I, I);
            assertFinds(
                finding(
                    context, () -> add.launch(context.stream(), new Grid(2, 2), 0, x, y, 10, 33)),
                "CUDA_ERROR_ILLEGAL_ADDRESS",
                "outside");
          }
        });
  }

  /** A result that is read before its stream was waited for is not there yet. */
  @Test
  void aMissingStreamSynchronization() {
    on(
        context -> {
          try (PinnedBuffer host = context.allocatePinned(4 * 64);
              DeviceBuffer x = ones(context, 64)) {
            host.segment().fill((byte) 0);
            context.copyToHost(x, 0, host.segment());
            assertTrue(Float.isNaN(host.segment().getAtIndex(JAVA_FLOAT, 63)));
            context.stream().synchronize();
            assertEquals(1f, host.segment().getAtIndex(JAVA_FLOAT, 63));
          }
        });
  }

  /** The source of a copy that is changed before it was waited for: the new value arrives. */
  @Test
  void aPinnedBufferThatIsReusedTooEarly() {
    on(
        context -> {
          try (Arena arena = Arena.ofConfined();
              PinnedBuffer host = context.allocatePinned(4);
              DeviceBuffer x = context.allocate(4)) {
            host.segment().set(JAVA_FLOAT, 0, 1f);
            context.copyToDevice(host.segment(), x, 0);
            host.segment().set(JAVA_FLOAT, 0, 2f);
            MemorySegment back = arena.allocate(JAVA_FLOAT);
            context.copyToHost(x, 0, back);
            context.stream().synchronize();
            assertEquals(2f, back.get(JAVA_FLOAT, 0));
          }
        });
  }

  /** The second stream does not wait for the first one's event: its input is not there. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aStreamThatDoesNotWaitForAnother(boolean waits) {
    on(
        context -> {
          try (DeviceBuffer x = context.allocate(4 * 64);
              DeviceBuffer y = context.allocate(4 * 64);
              CudaStream second = context.createStream();
              CudaEvent filled = context.createEvent()) {
            context.fill(x, 0, 0, 64, context.stream());
            filled.record(context.stream());
            if (waits) {
              second.waitFor(filled);
            }
            context.kernel("gx_probe_copy_f32").launch(second, new Grid(1), 0, x, y, 64L);
            String found = finding(context, second::synchronize);
            assertEquals(waits, found.isEmpty(), found);
            if (!waits) {
              assertFinds(found, "CUDA_ERROR_LAUNCH_FAILED", "that nobody wrote");
            }
          }
        });
  }

  @Test
  void eagerStreamsRunAtOnce() {
    Emulator.lateStreams(false);
    on(
        context -> {
          try (PinnedBuffer host = context.allocatePinned(4 * 64);
              DeviceBuffer x = ones(context, 64)) {
            context.copyToHost(x, 0, host.segment());
            assertEquals(1f, host.segment().getAtIndex(JAVA_FLOAT, 63));
          }
        });
  }

  /** After a fault every call fails with it; a new context works. */
  @Test
  void aFaultStaysUntilTheContextIsClosed() {
    on(
        context -> {
          DeviceBuffer y = context.allocate(400);
          CudaKernel write = planted(context, "gx_planted_write_outside", new Grid(128), 0, P, I);
          finding(context, () -> write.launch(context.stream(), new Grid(1), 0, y, 100));
          var e = assertThrows(DeviceLostException.class, () -> context.allocate(4));
          assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", e.error());
          assertEquals("cuMemAlloc", e.call());
          y.close(); // nothing is left to free
        });
    on(context -> ones(context, 4).close());
  }

  /** Votes, shuffles, atomics, match, early return: the right values in any order of threads. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 77})
  void warpCollectivesAndAtomics(long seed) {
    Emulator.seed(seed);
    int n = 300;
    int[] x = new int[384];
    for (int i = 0; i < n; i++) {
      x[i] = (i * 7919 + 13) % 23;
    }
    on(
        context -> {
          try (Arena arena = Arena.ofConfined();
              DeviceBuffer dx = context.allocate(4L * n);
              DeviceBuffer dy = context.allocate(4L * 8 * n);
              DeviceBuffer bins = context.allocate(4 * 8)) {
            context.copyToDevice(arena.allocateFrom(JAVA_INT, Arrays.copyOf(x, n)), dx, 0);
            context.fill(bins, 0, 0, 8, context.stream());
            planted(context, "gx_emulated_collectives", new Grid(128), 0, P, P, P, I)
                .launch(context.stream(), new Grid(3), 0, dx, dy, bins, n);
            MemorySegment y = arena.allocate(JAVA_INT, 8 * n);
            MemorySegment histogram = arena.allocate(JAVA_INT, 8);
            context.copyToHost(dy, 0, y);
            context.copyToHost(bins, 0, histogram);
            context.stream().synchronize();
            int[] expectedBins = new int[8];
            for (int i = 0; i < 384; i++) {
              expectedBins[x[i] & 7]++;
            }
            assertArrayEquals(expectedBins, histogram.toArray(JAVA_INT));
            for (int i = 0; i < n; i++) {
              int[] got = y.asSlice(32L * i, 32).toArray(JAVA_INT);
              assertArrayEquals(collectives(x, i), got, "element " + i);
            }
          }
        });
  }

  /** What thread {@code i} of gx_emulated_collectives must write. */
  private static int[] collectives(int[] x, int i) {
    int warp = i / 32 * 32;
    int sum = 0;
    int scan = 0;
    int odd = 0;
    int same = 0;
    int most = Integer.MIN_VALUE;
    for (int lane = 0; lane < 32; lane++) {
      int v = x[warp + lane];
      sum += v;
      scan += warp + lane <= i ? v : 0;
      odd |= (v & 1) << lane;
      same |= ((v & 3) == (x[i] & 3) ? 1 : 0) << lane;
      most = Math.max(most, v);
    }
    int block = i / 128 * 128;
    int sevens = 0;
    for (int t = block; t < block + 128; t++) {
      sevens += x[t] == 7 ? 1 : 0;
    }
    int half = x[i / 16 * 16];
    return new int[] {sum, scan, odd, same, half, most, sevens, Math.min(x[i] + 3, 9)};
  }

  @Test
  void aProductOfUnwrittenMatricesIsRefused() {
    on(
        context -> {
          try (DeviceBuffer a = context.allocate(16);
              DeviceBuffer c = context.allocate(16)) {
            String found =
                finding(
                    context,
                    () ->
                        context
                            .blas()
                            .sgemm(
                                false,
                                false,
                                2,
                                2,
                                2,
                                1,
                                a.address(),
                                2,
                                a.address(),
                                2,
                                0,
                                c.address(),
                                2));
            assertFinds(found, "cublasSgemm reads what nobody wrote");
          }
        });
  }
}
