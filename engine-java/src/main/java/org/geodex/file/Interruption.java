package org.geodex.file;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Discards the open outputs when the process ends early: Ctrl-C, SIGTERM, {@code exit}. */
final class Interruption {
  private static final Set<AtomicOutputs> OPEN = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(Interruption::discard, "geodex-discard"));
  }

  private static volatile boolean ending;

  private Interruption() {}

  static void register(AtomicOutputs outputs) {
    OPEN.add(outputs);
    if (ending) {
      outputs.close();
    }
  }

  static void forget(AtomicOutputs outputs) {
    OPEN.remove(outputs);
  }

  private static void discard() {
    ending = true;
    OPEN.forEach(AtomicOutputs::close);
  }
}
