package org.geodex.cuda;

import org.geodex.error.DeviceLostException;
import org.geodex.error.DeviceOutOfMemoryException;
import org.geodex.error.GeodexException;
import org.geodex.error.NativeCallException;

/** Status codes of the driver and of cuBLAS as exceptions: the one place where they are read. */
final class CudaErrors {
  static final int SUCCESS = 0;
  static final int OUT_OF_MEMORY = 2;
  static final int NOT_READY = 600;

  private CudaErrors() {}

  /** Errors after which every further call on the context fails. */
  static boolean losesContext(int code) {
    return switch (code) {
      case 214, 226, 700, 702, 710, 714, 715, 716, 717, 718, 719, 721 -> true;
      default -> false;
    };
  }

  /**
   * The exception for a failed driver call.
   *
   * @param call function of the driver API
   * @param name CUDA's name for the error
   * @param with what it was called with: sizes, or kernel, grid, block and parameters
   * @param report the emulator's finding, or empty
   */
  static GeodexException driver(String call, int code, String name, String with, String report) {
    String text = "%s: %s (%d)".formatted(call, name, code);
    if (!with.isEmpty()) {
      text += ", " + with;
    }
    if (!report.isEmpty()) {
      text += "; " + report;
    }
    return losesContext(code)
        ? new DeviceLostException(
            text + "; what was on the device is lost: run it again in a new process", call, name)
        : new NativeCallException(text, call, name, code);
  }

  /** The exception for an allocation that did not fit. */
  static DeviceOutOfMemoryException outOfMemory(String call, long wanted, long free) {
    String text =
        "%s: CUDA_ERROR_OUT_OF_MEMORY (%d), needed %,d bytes, free %s; lower --memory-budget"
            .formatted(call, OUT_OF_MEMORY, wanted, free < 0 ? "unknown" : "%,d".formatted(free));
    return new DeviceOutOfMemoryException(text, wanted, free);
  }

  /** The exception for a failed cuBLAS call. */
  static NativeCallException blas(String call, int status, String with, String report) {
    String name =
        switch (status) {
          case 1 -> "CUBLAS_STATUS_NOT_INITIALIZED";
          case 3 -> "CUBLAS_STATUS_ALLOC_FAILED";
          case 7 -> "CUBLAS_STATUS_INVALID_VALUE";
          case 8 -> "CUBLAS_STATUS_ARCH_MISMATCH";
          case 11 -> "CUBLAS_STATUS_MAPPING_ERROR";
          case 13 -> "CUBLAS_STATUS_EXECUTION_FAILED";
          case 14 -> "CUBLAS_STATUS_INTERNAL_ERROR";
          case 15 -> "CUBLAS_STATUS_NOT_SUPPORTED";
          default -> "CUBLAS_STATUS";
        };
    String text = "%s: %s (%d), %s".formatted(call, name, status, with);
    if (!report.isEmpty()) {
      text += "; " + report;
    }
    return new NativeCallException(text, call, name, status);
  }
}
