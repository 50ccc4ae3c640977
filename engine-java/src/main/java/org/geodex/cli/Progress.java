package org.geodex.cli;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.geodex.analysis.Analysis;

/**
 * Progress of one long loop, with the time left, on stderr. It shows only where stderr is a
 * terminal and only after a second. Any thread may step.
 */
public final class Progress implements Analysis.Task {
  private static final long DELAY = TimeUnit.SECONDS.toNanos(1);

  private final String task;
  private final long total;
  private volatile boolean shown;
  private final long start = System.nanoTime();
  private final AtomicLong done = new AtomicLong();
  private ProgressBar bar;

  private Progress(String task, long total, boolean shown) {
    this.task = task;
    this.total = total;
    this.shown = shown;
  }

  /** Progress on the terminal, if there is one. */
  public static Progress onTerminal(String task, long total) {
    return new Progress(task, total, true);
  }

  public static Progress silent() {
    return new Progress("", 0, false);
  }

  /** Adds {@code n} steps of the total. */
  @Override
  public void step(long n) {
    long now = done.addAndGet(n);
    if (shown && System.nanoTime() - start > DELAY) {
      show(now);
    }
  }

  private synchronized void show(long now) {
    shown = bar != null || Terminal.stderr();
    if (bar == null && shown) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .startsFrom(0, java.time.Duration.ofNanos(System.nanoTime() - start))
              .build();
    }
    if (bar != null) {
      bar.stepTo(Math.max(now, bar.getCurrent()));
    }
  }

  @Override
  public synchronized void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
