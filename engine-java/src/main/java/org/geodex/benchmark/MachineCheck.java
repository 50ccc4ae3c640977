package org.geodex.benchmark;

import java.util.List;
import org.geodex.error.InputException;

/** Times of two machines say nothing about two versions of a program. */
public final class MachineCheck {
  /** What may differ between base and new without making the times incomparable. */
  private static final List<String> FREE =
      List.of("commit", "date", "memory_available_bytes", "clock_mhz");

  private MachineCheck() {}

  /**
   * Refuses files whose environments name different values for the same key.
   *
   * @throws InputException with the first difference
   */
  public static void sameMachine(BenchmarkResults base, BenchmarkResults changed) {
    base.environment()
        .forEach(
            (key, before) -> {
              String after = changed.environment().get(key);
              if (after != null && !FREE.contains(key) && !after.equals(before)) {
                throw new InputException(
                    "%s and %s: measured on different machines (%s: %s and %s), times cannot be"
                        + " compared (--any-machine to insist)",
                    base.path(), changed.path(), key, before, after);
              }
            });
  }
}
