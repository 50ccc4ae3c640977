package org.geodex.cuda;

/**
 * Kernels, products and copies on the device that were recorded together; see {@link
 * CudaContext#capture}.
 */
public final class CudaGraph implements AutoCloseable {
  private final CudaContext context;
  private final long handle;

  CudaGraph(CudaContext context, long handle) {
    this.context = context;
    this.handle = handle;
  }

  /** Enqueues all of it on the context's stream with one call. */
  public void launch() {
    context.driver().launchGraph(handle, context.stream().handle());
    context.trafficCounter().launch();
    if (CudaContext.SYNCHRONIZE) {
      context.stream().synchronize();
    }
  }

  @Override
  public void close() {
    context.release(this, () -> context.driver().destroyGraph(handle));
  }
}
