package org.geodex.memory;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The open native allocations and mapped files with the place that made each one. On only with
 * {@code -Dgeodex.leaks=fail}, as in every test run, where a test that leaves an entry behind
 * fails.
 */
public final class LeakLedger {
  static final boolean ON = "fail".equals(System.getProperty("geodex.leaks"));

  /** A tree takes the same memory whatever the addresses; a hash table does not. */
  private static final Map<Long, Entry> OPEN = Collections.synchronizedMap(new TreeMap<>());

  private static final AtomicLong BLOCKS = new AtomicLong();
  private static final AtomicLong BYTES = new AtomicLong();

  private record Entry(long bytes, Throwable site) {}

  /** What was taken since the start, whether it is open or not. */
  public record Taken(long blocks, long bytes) {
    /** What was taken since an earlier count. */
    public Taken since(Taken earlier) {
      return new Taken(blocks - earlier.blocks, bytes - earlier.bytes);
    }
  }

  private LeakLedger() {}

  static void enter(long address, long bytes) {
    OPEN.put(address, new Entry(bytes, new Throwable("taken here")));
    BLOCKS.incrementAndGet();
    BYTES.addAndGet(bytes);
  }

  static void leave(long address) {
    if (OPEN.remove(address) == null) {
      throw new IllegalStateException("freed twice, or never allocated: 0x%x".formatted(address));
    }
  }

  /** Everything that was taken so far; nothing while the ledger is off. */
  public static Taken taken() {
    return new Taken(BLOCKS.get(), BYTES.get());
  }

  /** Addresses of the allocations that are open now. */
  public static List<Long> open() {
    return List.copyOf(OPEN.keySet());
  }

  /** A sentence about one open allocation, with the calls that led to it. */
  public static String describe(long address) {
    Entry entry = OPEN.get(address);
    if (entry == null) {
      return "0x%x is not open".formatted(address);
    }
    StringBuilder text =
        new StringBuilder("%,d bytes not freed or unmapped, taken at".formatted(entry.bytes));
    for (StackTraceElement frame : entry.site.getStackTrace()) {
      if (!frame.getClassName().startsWith("org.geodex.memory.")) {
        text.append("\n    ").append(frame);
      }
    }
    return text.toString();
  }
}
