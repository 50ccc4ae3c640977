package org.geodex.cuda;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What crossed the boundary: bytes to the device, bytes back, kernels and products launched.
 *
 * @param toDevice bytes copied from the host
 * @param toHost bytes copied to the host
 * @param launches kernels and matrix products
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

    Traffic snapshot() {
      return new Traffic(toDevice.get(), toHost.get(), launches.get());
    }
  }
}
