package org.geodex.backend.cuda;

import org.geodex.cuda.DeviceBuffer;
import org.geodex.matrix.StoredMatrix;

/**
 * A stored matrix on the device, in the type it is stored in. It may leave at any time, because it
 * can be read again.
 */
final class DeviceWeights implements Residency.Resident, AutoCloseable {
  private final StoredMatrix stored;
  private Device device;
  private volatile DeviceBuffer buffer;

  private DeviceWeights(StoredMatrix stored) {
    this.stored = stored;
  }

  /** The copy of a stored matrix, made at first use; on the context's thread. */
  static DeviceBuffer of(Device device, StoredMatrix stored) {
    return stored.attached(DeviceWeights.class, () -> new DeviceWeights(stored)).forReading(device);
  }

  private DeviceBuffer forReading(Device on) {
    if (device != on) {
      close(); // another backend read these weights before
      device = on;
    }
    boolean fresh = buffer == null;
    if (fresh) {
      buffer = device.residency().take(stored.segment().byteSize());
    }
    device.residency().touch(this, buffer, false);
    if (fresh) {
      device.residency().copyToDevice(stored.segment(), buffer);
    }
    return buffer;
  }

  @Override
  public DeviceBuffer recall(boolean writing) {
    return device == null ? null : forReading(device);
  }

  @Override
  public boolean canReturn() {
    return true;
  }

  @Override
  public void leave() {
    device.residency().give(buffer);
    buffer = null;
  }

  @Override
  public void close() {
    if (buffer == null) {
      return;
    }
    device
        .context()
        .call(
            () -> {
              device.residency().forget(this);
              leave();
              return null;
            });
  }
}
