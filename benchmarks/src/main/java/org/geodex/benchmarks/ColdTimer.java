package org.geodex.benchmarks;

import java.util.Arrays;
import org.geodex.cuda.CudaContext;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.CudaEvent;
import org.geodex.cuda.DeviceBuffer;

/**
 * Times launches between two events: the card's time alone, at its working clock and with cold
 * caches.
 *
 * <p>Cold: before each launch a kernel reads four times the second-level cache, so that none of the
 * launch's data and instructions is left there, nor a line whose writing back would take bandwidth
 * from it; a fill would leave the cache full of such lines. Behind it a kernel of some 300 µs keeps
 * the stream busy while the host enqueues the rest, so that no wait for the host lies between the
 * events.
 */
final class ColdTimer implements AutoCloseable {
  private static final int REPEATS = 5;
  private static final int CLOCK_LAUNCHES = 2000;
  private static final int DELAY_STEPS = 1 << 15; // of some 18 cycles for a block
  private static final int L2_BYTES = 38; // a CUdevice_attribute
  private static final int CHUNK = 4096; // elements of a block that only reads

  private final CudaContext context;
  private final boolean small;
  private final long words;
  private final DeviceBuffer other;
  private final DeviceBuffer sums;
  private final DeviceBuffer delayed;
  private final CudaEvent start;
  private final CudaEvent end;

  /**
   * Raises the clock too: a card that has idled needs some tenths of a second of work for it.
   *
   * @param small one launch of each kind and nothing cold, for a run whose times nobody reads
   */
  ColdTimer(CudaContext context, boolean small) {
    this.context = context;
    this.small = small;
    words = small ? 1 : 4L * context.attribute(L2_BYTES) / Float.BYTES;
    other = context.allocate(Float.BYTES * words);
    sums = context.allocate(Double.BYTES * Math.ceilDiv(words, CHUNK));
    delayed = context.allocate(Float.BYTES * 256);
    start = context.createEvent();
    end = context.createEvent();
    context.fill(other, 0, 0, words, context.stream());
    for (int i = 0; i < (small ? 1 : CLOCK_LAUNCHES); i++) {
      delay();
    }
    context.synchronize();
  }

  /** The median of some launches, after a first one. */
  double millis(Runnable launch) {
    double[] times = new double[small ? 1 : REPEATS];
    if (times.length > 1) {
      launch.run();
    }
    for (int i = 0; i < times.length; i++) {
      times[i] = once(launch);
    }
    Arrays.sort(times);
    return times[times.length / 2];
  }

  private double once(Runnable launch) {
    Grid chunks = new Grid(KernelTimes.blocks(words, CHUNK));
    context
        .kernel("gx_network_squares_f64")
        .launch(context.stream(), chunks, 0, other, words, sums);
    delay();
    start.record(context.stream());
    launch.run();
    end.record(context.stream());
    end.synchronize();
    return end.millisSince(start);
  }

  private void delay() {
    int steps = small ? 1 : DELAY_STEPS;
    context
        .kernel("gx_probe_fadd_f32")
        .launch(context.stream(), new Grid(1), 0, delayed, 1f, steps);
  }

  @Override
  public void close() {
    end.close();
    start.close();
    delayed.close();
    sums.close();
    other.close();
  }
}
