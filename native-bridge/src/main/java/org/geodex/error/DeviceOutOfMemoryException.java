package org.geodex.error;

/** The device has no block of this size: wanted and free (exit code 5). */
public final class DeviceOutOfMemoryException extends GeodexException {
  private static final long serialVersionUID = 1L;

  private final long wanted;
  private final long free;

  /**
   * @param wanted bytes asked for
   * @param free bytes that the device had left, or -1 when it could not say
   */
  public DeviceOutOfMemoryException(String message, long wanted, long free) {
    super(5, message, null);
    this.wanted = wanted;
    this.free = free;
  }

  public long wanted() {
    return wanted;
  }

  public long free() {
    return free;
  }
}
