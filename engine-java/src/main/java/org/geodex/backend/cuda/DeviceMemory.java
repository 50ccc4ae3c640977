package org.geodex.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.RemoteMemory;
import org.geodex.memory.NativeMemory;

/**
 * Memory of a matrix on the device, and its twin on the host once it was asked for. All that
 * changes happens on the context's thread; any thread may read the state.
 */
final class DeviceMemory implements RemoteMemory, Residency.Resident {
  /** Where the values are. */
  private enum State {
    NOWHERE,
    HOST,
    DEVICE,
    BOTH,
    CLOSED
  }

  private final Device device;
  private final long bytes;
  private volatile State state = State.NOWHERE;
  private Arena arena;
  private MemorySegment host;
  private DeviceBuffer buffer;
  private Residency.Arrival arrival;

  private DeviceMemory(Device device, long bytes) {
    this.device = device;
    this.bytes = bytes;
  }

  static Matrix.Owned matrix(Device device, long rows, int columns) {
    return Matrix.on(
        new DeviceMemory(device, Math.multiplyExact(rows, 4L * columns)), rows, columns);
  }

  /** The device's memory of a matrix of this device, or null. */
  static DeviceMemory of(Device device, Matrix x) {
    return x.remote() instanceof DeviceMemory memory && memory.device == device ? memory : null;
  }

  // ---- on the host

  @Override
  public MemorySegment host() {
    if (state != State.HOST) {
      device
          .context()
          .call(
              () -> {
                fetch();
                state = State.HOST;
                return null;
              });
    }
    return host;
  }

  @Override
  public MemorySegment reading() {
    if (state != State.HOST && state != State.BOTH) {
      device
          .context()
          .call(
              () -> {
                boolean anywhere = state != State.NOWHERE;
                fetch();
                state = anywhere && buffer != null ? State.BOTH : State.HOST;
                return null;
              });
    }
    return host;
  }

  @Override
  public void prefetch() {
    device
        .context()
        .call(
            () -> {
              if (state == State.DEVICE && host == null && arrival == null) {
                arrival = device.residency().fetch(buffer);
              }
              return null;
            });
  }

  /** Brings the values to the host where only the device has them. */
  private void fetch() {
    checkOpen();
    if (arrival != null && host == null) {
      host = arrival.await();
      return;
    }
    if (host == null) {
      arena = Arena.ofShared();
      host = NativeMemory.allocate(bytes, arena);
    }
    if (state == State.DEVICE) {
      device.residency().copyToHost(buffer, host);
    }
  }

  /** What is under way is of old values from now on. */
  private void dropArrival() {
    if (arrival != null && host == null) {
      arrival.release();
      arrival = null;
    }
  }

  private void checkOpen() {
    if (state == State.CLOSED) {
      throw new IllegalStateException("the matrix on the device is closed");
    }
  }

  // ---- on the device, on the context's thread

  /** A part for an operation that reads it. */
  DeviceBuffer forReading(long offset, long length) {
    use(false);
    return buffer.slice(offset, length);
  }

  /** A part for an operation that overwrites it, all or some of it. */
  DeviceBuffer forWriting(long offset, long length) {
    use(true);
    return buffer.slice(offset, length);
  }

  /** Has the values on the device, where there are any; before writing they are its own. */
  private void use(boolean writing) {
    checkOpen();
    if (buffer == null) {
      buffer = device.residency().take(bytes);
    }
    device.residency().touch(this, buffer, writing);
    if (state == State.HOST) {
      device.residency().copyToDevice(host, buffer);
      state = State.BOTH;
    }
    if (writing) {
      dropArrival();
      state = State.DEVICE;
    }
  }

  @Override
  public DeviceBuffer recall(boolean writing) {
    if (state == State.CLOSED) {
      return null;
    }
    use(writing);
    return buffer;
  }

  @Override
  public boolean copyFrom(long to, RemoteMemory source, long from, long length) {
    if (!(source instanceof DeviceMemory memory) || memory.device != device) {
      return false;
    }
    device
        .context()
        .call(
            () -> {
              device.residency().beginJob();
              DeviceBuffer left = memory.forReading(from, length);
              DeviceBuffer right = forWriting(to, length);
              device.context().copyOnDevice(left, 0, right, 0, length, device.context().stream());
              return null;
            });
    return true;
  }

  @Override
  public Matrix.Owned gather(long start, int columns, int[] rows) {
    Matrix.Owned chosen = matrix(device, rows.length, columns);
    try {
      device.enqueue(
          job -> {
            DeviceBuffer from = forReading(start, bytes - start);
            job.copyRows(from, job.upload(rows), false, columns, job.target(chosen), rows.length);
          });
      return chosen;
    } catch (Throwable e) {
      chosen.close();
      throw e;
    }
  }

  @Override
  public void leave() {
    if (state == State.DEVICE) {
      fetch();
    }
    state = state == State.NOWHERE ? State.NOWHERE : State.HOST;
    device.residency().give(buffer);
    buffer = null;
  }

  @Override
  public boolean canReturn() {
    return false;
  }

  @Override
  public void close() {
    if (state == State.CLOSED) {
      return;
    }
    device
        .context()
        .call(
            () -> {
              state = State.CLOSED;
              if (arrival != null) {
                arrival.release();
              }
              device.residency().forget(this);
              if (buffer != null) {
                device.residency().give(buffer);
                buffer = null;
              }
              return null;
            });
    if (arena != null) {
      arena.close();
    }
  }
}
