package org.geodex.backend.cuda;

import java.util.List;
import java.util.TreeSet;

/** The names of operations that ran on the host, so that a result can say so. */
final class HostWork {
  private final TreeSet<String> operations = new TreeSet<>();

  /** Notes an operation; {@code name} is family, dot, method. */
  synchronized void note(String name) {
    operations.add(name);
  }

  synchronized List<String> operations() {
    return List.copyOf(operations);
  }
}
