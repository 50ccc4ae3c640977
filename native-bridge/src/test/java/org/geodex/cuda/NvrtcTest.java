package org.geodex.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** NVIDIA's own NVRTC, where there is one: {@code -Dgeodex.cuda.path=DIR} of its wheel, say. */
class NvrtcTest {
  private static final int DRIVER = 13000;
  private static final byte[] ELF = {0x7f, 'E', 'L', 'F'};

  /** Without CUDA's headers, as a machine with a driver and a wheel alone has it. */
  @Test
  void everyFileCompiles() {
    String unavailable = Nvrtc.whyUnavailable(DRIVER);
    assumeTrue(unavailable == null, unavailable);
    List<String> files =
        KernelTable.all().stream().map(KernelTable.Entry::file).distinct().toList();
    files.parallelStream()
        .forEach(
            file -> {
              for (String architecture : List.of("sm_80", "sm_90", "sm_100")) {
                byte[] cubin = Nvrtc.compile(file, architecture, DRIVER, "asked by the test");
                byte[] start = Arrays.copyOf(cubin, ELF.length);
                assertArrayEquals(ELF, start, file + " for " + architecture);
              }
            });
  }

  @Test
  void aDriverGetsWhatItCanServe() {
    assertEquals(
        List.of("libcublas.so.13", "libcublas.so.12", "libcublas.so.11"),
        CudaLibraries.names("libcublas", 13020));
    assertEquals(
        List.of("libnvrtc.so.12", "libnvrtc.so.11"), CudaLibraries.names("libnvrtc", 12080));
  }

  /** A virtual environment's python3 that another folder of the search path links to. */
  @Test
  void pythonsAreFoundBehindLinks(@TempDir Path folder) throws IOException {
    Path home = folder.toRealPath();
    Path bin = Files.createDirectories(home.resolve("venv/bin"));
    Path python = Files.createFile(bin.resolve("python3"));
    Path links = Files.createDirectories(home.resolve("links/bin"));
    Files.createSymbolicLink(links.resolve("python3"), Path.of("../../venv/bin/python3"));
    assertTrue(Files.isRegularFile(python));
    var prefixes = CudaLibraries.pythonPrefixes("/nowhere:" + links);
    assertTrue(prefixes.contains(home.resolve("links")), prefixes.toString());
    assertTrue(prefixes.contains(home.resolve("venv")), prefixes.toString());
    assertTrue(prefixes.contains(Path.of("/usr")), prefixes.toString());
  }
}
