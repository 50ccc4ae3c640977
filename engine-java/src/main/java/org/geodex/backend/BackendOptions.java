package org.geodex.backend;

/**
 * What a user may choose about where the work runs.
 *
 * @param backend {@code auto}, {@code cpu}, {@code cuda} or {@code scalar}
 * @param cudaBinding {@code panama} or {@code jcuda}
 * @param cudaDriver {@code system} or {@code emulator}
 * @param threads at least 1
 * @param memoryBudget bytes that an operation may take
 */
public record BackendOptions(
    String backend, String cudaBinding, String cudaDriver, int threads, long memoryBudget) {

  /** The default backend with every core and three quarters of the machine's free memory. */
  public static BackendOptions defaults() {
    return new BackendOptions(
        "auto",
        "panama",
        "system",
        Runtime.getRuntime().availableProcessors(),
        MachineMemory.available() / 4 * 3);
  }

  public BackendOptions withBackend(String name) {
    return new BackendOptions(name, cudaBinding, cudaDriver, threads, memoryBudget);
  }

  public BackendOptions withThreads(int count) {
    return new BackendOptions(backend, cudaBinding, cudaDriver, count, memoryBudget);
  }
}
