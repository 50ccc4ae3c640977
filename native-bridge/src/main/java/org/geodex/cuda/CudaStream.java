package org.geodex.cuda;

/** Work in order. Two streams have no order between them unless one waits for the other's event. */
public final class CudaStream implements AutoCloseable {
  private final CudaContext context;
  private final long handle;

  CudaStream(CudaContext context, long handle) {
    this.context = context;
    this.handle = handle;
  }

  long handle() {
    return handle;
  }

  /** Waits until everything enqueued has run; a fault of an earlier kernel is reported here. */
  public void synchronize() {
    context.driver().synchronizeStream(handle);
  }

  /** What is enqueued from now on runs after the event. */
  public void waitFor(CudaEvent event) {
    context.driver().waitEvent(handle, event.handle());
  }

  @Override
  public void close() {
    context.release(this, () -> context.driver().destroyStream(handle));
  }
}
