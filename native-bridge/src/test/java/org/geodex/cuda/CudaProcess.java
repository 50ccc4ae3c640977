package org.geodex.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.error.GeodexException;

/**
 * A process of its own whose "system" libraries are stand-ins in a folder: what a machine with
 * another driver, with CUDA 13 only, or without a compiler would do.
 */
final class CudaProcess {
  /** In place of a binding: say only whether the linker finds a driver. */
  static final String DRIVER = "driver";

  private static final String EMULATOR = "/org/geodex/kernels/emulator/";

  private CudaProcess() {}

  /** {@code main} of the child: opens a context, multiplies, launches, and says what came out. */
  public static void main(String[] args) {
    if (args[0].equals(DRIVER)) {
      boolean none = CudaLibraries.search(List.of("libcuda.so.1")).library() == null;
      System.out.println(none ? "none" : "found");
      return;
    }
    try (CudaContext context = CudaContext.open(new CudaOptions(args[0], "system", 0))) {
      context.call(() -> work(context));
    } catch (GeodexException e) {
      System.out.println("exit " + e.exitCode() + ": " + e.getMessage());
    }
  }

  private static Void work(CudaContext context) {
    try (Arena arena = Arena.ofConfined();
        DeviceBuffer a = context.allocate(16);
        DeviceBuffer c = context.allocate(16)) {
      context.copyToDevice(arena.allocateFrom(JAVA_FLOAT, 1, 2, 3, 4), a, 0);
      context
          .blas()
          .sgemm(false, false, 2, 2, 2, 1, a.address(), 2, a.address(), 2, 0, c.address(), 2);
      context.kernel("gx_probe_copy_f32").launch(context.stream(), new Grid(1), 0, c, a, 4L);
      MemorySegment out = arena.allocate(JAVA_FLOAT, 4);
      context.copyToHost(a, 0, out);
      context.stream().synchronize();
      System.out.println(
          context.binding() + " " + java.util.Arrays.toString(out.toArray(JAVA_FLOAT)));
      return null;
    }
  }

  /** Puts a library of the build's emulator into the folder, under the same name. */
  static void library(Path folder, String name) throws IOException {
    library(folder, name, name);
  }

  /** The same under another name: of another version, say. */
  static void library(Path folder, String name, String as) throws IOException {
    try (InputStream in = CudaProcess.class.getResourceAsStream(EMULATOR + name)) {
      Files.write(folder.resolve(as), in.readAllBytes());
    }
  }

  /** Runs the child and returns what it printed. */
  static String run(Path folder, String binding, Map<String, String> environment)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Xmx256m");
    command.add("-Dgeodex.cuda.path=" + folder);
    command.add("-Dgeodex.cache=" + folder.resolve("cache"));
    // The emulator cannot load what nvcc made for a card.
    command.add("-Dgeodex.cuda.images=sources");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(CudaProcess.class.getName());
    command.add(binding);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return out.strip();
  }
}
