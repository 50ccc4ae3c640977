package org.geodex.cli;

import org.geodex.backend.BackendOptions;
import org.geodex.error.UsageException;
import picocli.CommandLine.Option;

/** The options that every command has. */
final class CommonOptions extends OutputOptions {
  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = "auto",
      description = "auto, cpu, cuda or scalar (default ${DEFAULT-VALUE}).")
  String backend;

  @Option(
      names = "--cuda-binding",
      paramLabel = "NAME",
      defaultValue = "panama",
      description = "panama or jcuda (default ${DEFAULT-VALUE}).")
  String cudaBinding;

  @Option(
      names = "--cuda-driver",
      paramLabel = "NAME",
      defaultValue = "system",
      description = "system or emulator (default ${DEFAULT-VALUE}).")
  String cudaDriver;

  @Option(names = "--threads", paramLabel = "N", description = "CPU threads (default: all cores).")
  Integer threads;

  @Option(
      names = "--memory-budget",
      paramLabel = "SIZE",
      description =
          "Memory for temporaries and results, such as 8G (default: 3/4 of what is free).")
  String memoryBudget;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Seed of everything random (default ${DEFAULT-VALUE}).")
  long seed;

  BackendOptions backendOptions() {
    BackendOptions defaults = BackendOptions.defaults();
    check("--backend", backend, "auto", "cpu", "cuda", "scalar");
    check("--cuda-binding", cudaBinding, "panama", "jcuda");
    check("--cuda-driver", cudaDriver, "system", "emulator");
    if (threads != null && threads < 1) {
      throw new UsageException("--threads %d: expected at least 1", threads);
    }
    return new BackendOptions(
        backend,
        cudaBinding,
        cudaDriver,
        threads == null ? defaults.threads() : threads,
        memoryBudget == null ? defaults.memoryBudget() : bytes(memoryBudget));
  }

  private static void check(String option, String value, String... allowed) {
    if (!java.util.List.of(allowed).contains(value)) {
      throw new UsageException("%s %s: expected %s", option, value, String.join(", ", allowed));
    }
  }

  /** Bytes of a size such as {@code 8G}, {@code 512M}, {@code 4096}. */
  static long bytes(String size) {
    var match =
        java.util.regex.Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([KMGT]?)i?B?")
            .matcher(size.strip().toUpperCase(java.util.Locale.ROOT));
    if (!match.matches()) {
      throw new UsageException("--memory-budget %s: expected a size such as 8G or 512M", size);
    }
    int shift = 10 * ("KMGT".indexOf(match.group(2)) + 1) * (match.group(2).isEmpty() ? 0 : 1);
    double bytes = Double.parseDouble(match.group(1)) * (1L << shift);
    if (bytes < 1) {
      throw new UsageException("--memory-budget %s: expected more than nothing", size);
    }
    return (long) bytes;
  }
}
