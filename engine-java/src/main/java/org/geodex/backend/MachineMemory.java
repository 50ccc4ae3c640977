package org.geodex.backend;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** How much memory this machine has to give. */
public final class MachineMemory {
  private MachineMemory() {}

  /** Bytes available without swapping, as Linux counts it; elsewhere the free physical memory. */
  public static long available() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
              .filter(line -> line.startsWith("MemAvailable:"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
              .findFirst()
              .orElseThrow(IOException::new)
          << 10;
    } catch (IOException e) {
      var system =
          (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      return system.getFreeMemorySize();
    }
  }
}
