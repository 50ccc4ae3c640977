package org.geodex.analysis;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/**
 * Makes things one after the other; where there is a device, the next one while the host looks at
 * the last. One thread takes them.
 */
final class Ahead<T extends AutoCloseable> implements AutoCloseable {
  private final int count;
  private final IntFunction<T> make;
  private final ExecutorService executor;
  private Future<T> next;
  private int taken;

  /**
   * Makes {@code count} things, each when it is asked for.
   *
   * @param ahead make the one after it too
   */
  Ahead(boolean ahead, int count, IntFunction<T> make) {
    this.count = count;
    this.make = make;
    this.executor =
        ahead
            ? Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("ahead").factory())
            : null;
  }

  /** The next one; the caller closes it. */
  T take() {
    int index = taken++;
    T made = next == null ? make.apply(index) : get(next);
    next = executor != null && taken < count ? executor.submit(() -> make.apply(index + 1)) : null;
    return made;
  }

  private static <T> T get(Future<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    }
  }

  /** Closes what was made and not taken. */
  @Override
  public void close() {
    if (executor == null) {
      return;
    }
    try {
      if (next != null) {
        get(next).close();
      }
    } catch (RuntimeException e) {
      // What was made ahead failed, and nobody asked for it.
    } catch (Exception e) {
      throw new IllegalStateException(e);
    } finally {
      executor.shutdown();
    }
  }
}
