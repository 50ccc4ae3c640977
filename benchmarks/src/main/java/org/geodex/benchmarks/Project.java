package org.geodex.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;

/** The checkout that the benchmarks run in: the current folder or one above it. */
final class Project {
  private Project() {}

  static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("jvm.options"))) {
      folder = folder.getParent();
      if (folder == null) {
        throw new IllegalStateException("no folder above this one holds jvm.options");
      }
    }
    return folder;
  }
}
