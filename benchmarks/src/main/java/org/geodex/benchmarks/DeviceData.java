package org.geodex.benchmarks;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.SplittableRandom;
import org.geodex.cuda.CudaContext;
import org.geodex.cuda.DeviceBuffer;

/** Random data on the device for what is timed there; all of it is freed together. */
final class DeviceData implements AutoCloseable {
  private static final int PERIOD = 1_000_003; // a prime: no two rows are the same

  private final CudaContext context;
  private final SplittableRandom random = new SplittableRandom(1);
  private final Deque<DeviceBuffer> open = new ArrayDeque<>();

  DeviceData(CudaContext context) {
    this.context = context;
  }

  DeviceBuffer allocate(long bytes) {
    DeviceBuffer buffer = context.allocate(bytes);
    open.push(buffer);
    return buffer;
  }

  /** Positive f32 values. */
  DeviceBuffer values(long count) {
    return repeated(
        count, 4, (segment, i, value) -> segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, value));
  }

  DeviceBuffer doubles(long count) {
    return repeated(
        count, 8, (segment, i, value) -> segment.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value));
  }

  /** 0, 1, .. as f32. */
  DeviceBuffer ordinals(int count) {
    int[] bits = new int[count];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(i));
    return integers(bits);
  }

  private interface Put {
    void at(MemorySegment segment, long i, float value);
  }

  /** A period of random values, and copies of what is there already, on the device. */
  private DeviceBuffer repeated(long count, int bytes, Put put) {
    DeviceBuffer buffer = allocate(count * bytes);
    long filled = Math.min(count, PERIOD);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment host = arena.allocate(filled * bytes, 64);
      for (long i = 0; i < filled; i++) {
        put.at(host, i, 0.1f + random.nextFloat());
      }
      context.copyToDevice(host, buffer, 0);
      context.stream().synchronize();
    }
    for (; filled < count; filled = Math.min(2 * filled, count)) {
      long more = Math.min(filled, count - filled);
      context.copyOnDevice(buffer, 0, buffer, filled * bytes, more * bytes, context.stream());
    }
    return buffer;
  }

  DeviceBuffer integers(int[] values) {
    DeviceBuffer buffer = allocate(4L * values.length);
    try (Arena arena = Arena.ofConfined()) {
      context.copyToDevice(arena.allocateFrom(ValueLayout.JAVA_INT, values), buffer, 0);
      context.stream().synchronize();
    }
    return buffer;
  }

  /** Waits for what uses them, and frees them all. */
  @Override
  public void close() {
    context.stream().synchronize();
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }
}
