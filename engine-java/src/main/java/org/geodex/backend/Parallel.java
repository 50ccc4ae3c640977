package org.geodex.backend;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;

/**
 * Runs independent tasks on a fixed number of threads. The caller cuts the work into tasks by its
 * shape alone, never by the number of threads, and a task writes only its own output; so the result
 * has the same bits whatever that number is.
 */
public final class Parallel implements AutoCloseable {
  private final int threads;
  private final ExecutorService pool;

  /** Whether this thread is in a task: another loop would wait for threads that wait for it. */
  private final ThreadLocal<Boolean> inside = ThreadLocal.withInitial(() -> false);

  public Parallel(int threads) {
    this.threads = threads;
    ThreadFactory factory = Thread.ofPlatform().daemon().name("geodex-", 1).factory();
    this.pool = threads > 1 ? Executors.newFixedThreadPool(threads - 1, factory) : null;
  }

  public int threads() {
    return threads;
  }

  /**
   * Calls {@code task} with 0 … count−1, each once, in no promised order, and returns when all are
   * done. The first exception stops the tasks not yet begun and is thrown here. Inside of a task
   * another loop runs on the task's own thread. Nobody waits for threads that are busy elsewhere:
   * the caller does what they do not come to.
   */
  public void forEach(long count, LongConsumer task) {
    int helpers = (int) Math.min(threads, count) - 1;
    if (helpers <= 0 || inside.get()) {
      for (long i = 0; i < count; i++) {
        task.accept(i);
      }
      return;
    }
    AtomicLong next = new AtomicLong();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Phaser crew = new Phaser(1);
    Runnable worker =
        () -> {
          inside.set(true);
          try {
            for (long i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
              task.accept(i);
            }
          } catch (Throwable e) {
            next.set(count);
            failure.compareAndSet(null, e);
          } finally {
            inside.set(false);
          }
        };
    for (int h = 0; h < helpers; h++) {
      pool.execute(
          () -> {
            if (crew.register() >= 0) { // else all has been done
              try {
                worker.run();
              } finally {
                crew.arriveAndDeregister();
              }
            }
          });
    }
    worker.run();
    crew.awaitAdvance(crew.arriveAndDeregister()); // also through an interrupt
    switch (failure.get()) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    if (pool != null) {
      pool.shutdown();
    }
  }
}
