package org.geodex.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a machine's own driver may be like: missing, without a device, too old, CUDA 13 only. */
class SystemDriverTest {
  @TempDir Path folder;

  /** Asked in a process of its own: in this one another test may have loaded the emulator's. */
  @BeforeAll
  static void needsStandIns(@TempDir Path empty) throws Exception {
    assumeTrue(Emulator.isAvailable(), "this build has no emulator: no g++");
    assumeTrue(
        CudaProcess.run(empty, CudaProcess.DRIVER, Map.of()).equals("none"),
        "this machine has a CUDA driver of its own");
  }

  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void noDriverNamesThePathsTried(String binding) throws Exception {
    String out = CudaProcess.run(folder, binding, Map.of());
    assertTrue(out.startsWith("exit 4: no CUDA driver: libcuda.so.1 was not found (tried"), out);
    assertTrue(out.contains(folder.resolve("libcuda.so.1").toString()), out);
  }

  @Test
  void aDriverWithoutADevice() throws Exception {
    CudaProcess.library(folder, "libcuda.so.1");
    String out = CudaProcess.run(folder, "panama", Map.of("GEODEX_EMULATOR_DEVICES", "0"));
    assertEquals(
        "exit 4: the system CUDA driver finds no device it can use: cuInit gives"
            + " CUDA_ERROR_NO_DEVICE (100)",
        out);
  }

  @Test
  void aDriverTooOldForTheFatbinWithoutACompiler() throws Exception {
    if (KernelImages.buildProperty("fatbin", "").equals("built")) {
      String why = KernelImages.whyNoFatbin(11040);
      assertTrue(why.startsWith("driver supports CUDA 11.4, kernels built with "), why);
    }
    CudaProcess.library(folder, "libcuda.so.1");
    CudaProcess.library(folder, "libnvrtc.so.13"); // which that driver cannot serve
    String out = CudaProcess.run(folder, "jcuda", Map.of("GEODEX_EMULATOR_VERSION", "11040"));
    assertTrue(out.startsWith("exit 4: no kernels for device 0, Geodex emulator (CPU): "), out);
    assertTrue(out.contains("NVRTC was not found (tried "), out);
  }

  /** Before its fatbins are refused one by one: NVRTC could not help. */
  @Test
  void aCardTooOldForTheKernels() throws Exception {
    CudaProcess.library(folder, "libcuda.so.1");
    String out = CudaProcess.run(folder, "panama", Map.of("GEODEX_EMULATOR_CAPABILITY", "75"));
    assertTrue(out.startsWith("exit 4: no kernels for device 0"), out);
    assertTrue(out.contains("compute capability 7.5, the kernels need 8.0"), out);
  }

  /** The sources are compiled at first use, once; JCublas runs over libcublas.so.13. */
  @ParameterizedTest
  @CsvSource({"panama,12", "jcuda,12", "panama,13", "jcuda,13"})
  void sourcesAreCompiledAtFirstUse(String binding, String major) throws Exception {
    for (String name : new String[] {"libcuda.so.1", "kernels.so"}) {
      CudaProcess.library(folder, name);
    }
    CudaProcess.library(folder, "libcublas.so." + major);
    CudaProcess.library(folder, "libnvrtc.so.13", "libnvrtc.so." + major);
    Map<String, String> environment =
        Map.of(
            "GEODEX_EMULATOR_VERSION",
            major + "000",
            "GEODEX_TEST_KERNELS",
            folder.resolve("kernels.so").toString());
    String expected = binding + " [7.0, 10.0, 15.0, 22.0]";
    assertEquals(expected, CudaProcess.run(folder, binding, environment));
    assertEquals(1, cubins());
    // The second process finds the cubin: without the compiler's input it would fail.
    assertEquals(
        expected,
        CudaProcess.run(folder, binding, Map.of("GEODEX_EMULATOR_VERSION", major + "000")));
  }

  /** cuBLAS of CUDA 13 wants the driver of CUDA 13: with an older one it would not even open. */
  @ParameterizedTest
  @ValueSource(strings = {"panama", "jcuda"})
  void anOlderDriverLeavesNewerLibrariesAlone(String binding) throws Exception {
    for (String name : new String[] {"libcuda.so.1", "libcublas.so.13", "kernels.so"}) {
      CudaProcess.library(folder, name);
    }
    CudaProcess.library(folder, "libnvrtc.so.13", "libnvrtc.so.12");
    Map<String, String> environment = Map.of("GEODEX_EMULATOR_VERSION", "12080");
    String out = CudaProcess.run(folder, binding, environment);
    assertTrue(out.startsWith("exit 4: "), out);
    assertTrue(out.contains("libcublas.so.12"), out);
  }

  @Test
  void aCompileErrorIsShown() throws Exception {
    for (String name : new String[] {"libcuda.so.1", "libcublas.so.13", "libnvrtc.so.13"}) {
      CudaProcess.library(folder, name);
    }
    String out = CudaProcess.run(folder, "panama", Map.of("GEODEX_EMULATOR_VERSION", "13000"));
    assertTrue(out.contains("exit 4: NVRTC could not compile probe.cu for sm_90"), out);
    assertTrue(out.contains("planted compile error"), out);
  }

  private long cubins() throws IOException {
    try (var files = Files.walk(folder.resolve("cache"))) {
      return files.filter(f -> f.toString().endsWith("probe-sm_90.cubin")).count();
    }
  }
}
