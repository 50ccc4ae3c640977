package org.geodex.cuda;

/** Memory on the device. Closing it twice does nothing. */
public final class DeviceBuffer implements AutoCloseable {
  private final CudaContext context;
  private final long address;
  private final long bytes;

  DeviceBuffer(CudaContext context, long address, long bytes) {
    this.context = context;
    this.address = address;
    this.bytes = bytes;
  }

  /** Device address, 256-byte aligned. */
  public long address() {
    return address;
  }

  public long bytes() {
    return bytes;
  }

  /** A part of this memory; closing the part does nothing. */
  public DeviceBuffer slice(long offset, long length) {
    require(offset, length);
    return new DeviceBuffer(context, address + offset, length);
  }

  void require(long offset, long length) {
    if (offset < 0 || length < 0 || offset > bytes - length) {
      throw new IndexOutOfBoundsException(
          "bytes [%,d, %,d) of a device buffer of %,d".formatted(offset, offset + length, bytes));
    }
  }

  @Override
  public void close() {
    context.release(this, () -> context.driver().free(address));
  }
}
