package org.geodex.cuda;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What crossed the boundary: bytes to the device, bytes back, launches.
 *
 * @param toDevice bytes copied from the host
 * @param toHost bytes copied to the host
 * @param launches kernels, matrix products, and graphs of many of them
 */
public record Traffic(long toDevice, long toHost, long launches) {

  /** What has crossed since an earlier count. */
  public Traffic since(Traffic earlier) {
    return new Traffic(
        toDevice - earlier.toDevice, toHost - earlier.toHost, launches - earlier.launches);
  }

  static final class Counter {
    private final AtomicLong toDevice = new AtomicLong();
    private final AtomicLong toHost = new AtomicLong();
    private final AtomicLong launches = new AtomicLong();

    void toDevice(long bytes) {
      toDevice.addAndGet(bytes);
    }

    void toHost(long bytes) {
      toHost.addAndGet(bytes);
    }

    void launch() {
      launches.incrementAndGet();
    }

    /** Takes back what was counted since a snapshot and did not happen. */
    void reset(Traffic earlier) {
      toDevice.set(earlier.toDevice);
      toHost.set(earlier.toHost);
      launches.set(earlier.launches);
    }

    Traffic snapshot() {
      return new Traffic(toDevice.get(), toHost.get(), launches.get());
    }
  }
}
