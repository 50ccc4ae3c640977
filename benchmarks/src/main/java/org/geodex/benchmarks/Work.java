package org.geodex.benchmarks;

/**
 * What one call of the running benchmark does, said in its set-up and read by {@link
 * CeilingProfiler}.
 *
 * @param flops additions and multiplications, 0 where none are counted
 * @param bytes that must be read from memory at least
 * @param items rows, tokens or files
 */
record Work(double flops, double bytes, double items) {
  private static volatile Work current;

  /** Declares the work of a call. */
  static void perCall(double flops, double bytes, double items) {
    current = new Work(flops, bytes, items);
  }

  /** Forgets what another benchmark of this JVM declared. */
  static void clear() {
    current = null;
  }

  /** What was declared last, or null. */
  static Work current() {
    return current;
  }
}
