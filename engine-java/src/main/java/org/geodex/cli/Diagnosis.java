package org.geodex.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.MachineMemory;
import org.geodex.blas.OpenBlas;
import org.geodex.cuda.Cuda;
import org.geodex.cuda.CudaOptions;

/** The findings of {@code doctor}: one method a part of the machine, none of them fails. */
final class Diagnosis {
  /** The instruction sets that decide which loops run. */
  private static final Set<String> FLAGS =
      Set.of(
          "sse4_2",
          "avx",
          "avx2",
          "fma",
          "f16c",
          "avx512f",
          "avx512bw",
          "avx512dq",
          "avx512vl",
          "avx512_vnni",
          "avx512_bf16",
          "avx512_fp16",
          "amx_bf16",
          "asimd",
          "sve");

  private Diagnosis() {}

  static Map<String, Object> java() {
    return ordered(
        "version", System.getProperty("java.runtime.version"),
        "vendor", System.getProperty("java.vendor"),
        "home", System.getProperty("java.home"),
        "heap_max_bytes", Runtime.getRuntime().maxMemory());
  }

  static Map<String, Object> system() {
    return ordered(
        "name", System.getProperty("os.name"),
        "version", System.getProperty("os.version"),
        "architecture", System.getProperty("os.arch"));
  }

  static Map<String, Object> processor() {
    return ordered(
        "name", cpuInfo("model name"),
        "cores", Runtime.getRuntime().availableProcessors(),
        "features", features(),
        "vector_bits_float", FloatVector.SPECIES_PREFERRED.vectorBitSize(),
        "vector_bits_double", DoubleVector.SPECIES_PREFERRED.vectorBitSize());
  }

  static Map<String, Object> memory() {
    var system =
        (com.sun.management.OperatingSystemMXBean)
            java.lang.management.ManagementFactory.getOperatingSystemMXBean();
    return ordered(
        "total_bytes", system.getTotalMemorySize(), "available_bytes", MachineMemory.available());
  }

  static Map<String, Object> openBlas() {
    try {
      return ordered("available", true, "config", OpenBlas.config());
    } catch (RuntimeException | LinkageError e) {
      return unavailable(Failure.of(e).sentence());
    }
  }

  /** Driver, devices, cuBLAS and what the build made of the kernels, or why not. */
  static Map<String, Object> cuda() {
    try {
      return Cuda.describe();
    } catch (RuntimeException | LinkageError e) {
      return unavailable(Failure.of(e).sentence());
    }
  }

  /** The card that these options name, or why there is none. */
  static String card(BackendOptions options) {
    CudaOptions cuda = new CudaOptions(options.cudaBinding(), options.cudaDriver(), 0);
    return switch (Cuda.availability(cuda)) {
      case Cuda.Availability.Available card -> card.device();
      case Cuda.Availability.Unavailable none -> "unavailable - " + none.reason();
    };
  }

  /** Of the first core, at this moment. */
  static String clockMegahertz() {
    return cpuInfo("cpu MHz");
  }

  /** All that times depend on, as flat keys and words; no names of folders. */
  static Map<String, String> environment() {
    Map<String, String> flat = new LinkedHashMap<>();
    flat.put("geodex", Version.text());
    flat.put("java", System.getProperty("java.runtime.version"));
    flatten("processor", processor(), flat);
    flatten("system", system(), flat);
    flatten("openblas", openBlas(), flat);
    flatten("cuda", cuda(), flat);
    flat.put("threads", String.valueOf(Runtime.getRuntime().availableProcessors()));
    flat.put("clock_mhz", clockMegahertz());
    flat.put("memory_total_bytes", String.valueOf(memory().get("total_bytes")));
    return flat;
  }

  private static void flatten(String prefix, Map<String, Object> values, Map<String, String> flat) {
    values.forEach((key, value) -> flat.put(prefix + "_" + key, String.valueOf(value)));
  }

  private static Map<String, Object> unavailable(String reason) {
    return ordered("available", false, "reason", reason);
  }

  private static List<String> features() {
    Set<String> found = new TreeSet<>(Arrays.asList(cpuInfo("flags").split(" ")));
    found.retainAll(FLAGS);
    return List.copyOf(found);
  }

  private static String cpuInfo(String key) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith(key))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }

  private static Map<String, Object> ordered(Object... keysAndValues) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      map.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return map;
  }
}
