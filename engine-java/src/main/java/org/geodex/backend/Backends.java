package org.geodex.backend;

import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.cuda.CudaBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.cuda.CudaOptions;
import org.geodex.error.UnavailableException;
import org.geodex.error.UsageException;

/** Opens the backend that the options name. Nothing falls back silently. */
public final class Backends {
  private Backends() {}

  /**
   * Opens a backend; the caller closes it. {@code auto} is the CPU.
   *
   * @throws UnavailableException with the reason and the remedy
   */
  public static Backend open(BackendOptions options) {
    return switch (options.backend()) {
      case "auto", "cpu" -> new CpuBackend(options.threads(), options.memoryBudget());
      case "scalar" -> new ScalarBackend(options.memoryBudget());
      case "cuda" -> cuda(options);
      default ->
          throw new UsageException(
              "--backend %s: expected auto, cpu, cuda or scalar", options.backend());
    };
  }

  private static Backend cuda(BackendOptions options) {
    try {
      return new CudaBackend(
          new CudaOptions(options.cudaBinding(), options.cudaDriver(), 0),
          options.threads(),
          options.memoryBudget());
    } catch (UnavailableException e) {
      throw new UnavailableException(
          e, "--backend cuda: %s; use --backend cpu, or --cuda-driver emulator", e.getMessage());
    }
  }
}
