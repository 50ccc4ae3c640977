package org.geodex.cuda;

/** A mark in a stream, with its time on the device. */
public final class CudaEvent implements AutoCloseable {
  private final CudaContext context;
  private final long handle;

  CudaEvent(CudaContext context, long handle) {
    this.context = context;
    this.handle = handle;
  }

  long handle() {
    return handle;
  }

  /** Enqueues the mark. */
  public void record(CudaStream stream) {
    context.driver().recordEvent(handle, stream.handle());
  }

  /** Waits until the work before the mark has run. */
  public void synchronize() {
    context.driver().synchronizeEvent(handle);
  }

  public boolean isDone() {
    return context.driver().isDone(handle);
  }

  /** Milliseconds from an earlier mark to this one; both must be done. */
  public float millisSince(CudaEvent start) {
    return context.driver().elapsedMillis(start.handle, handle);
  }

  @Override
  public void close() {
    context.release(this, () -> context.driver().destroyEvent(handle));
  }
}
