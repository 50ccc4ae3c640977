package org.geodex.cuda;

import org.geodex.cuda.CudaDriver.GemmCall;

/**
 * Matrix products by cuBLAS, row-major, in full f32 or f64. They are enqueued on the stream last
 * given to {@link #on}, at first the context's.
 */
public final class CudaBlas {
  private final CudaContext context;
  private final long handle;

  CudaBlas(CudaContext context, long handle) {
    this.context = context;
    this.handle = handle;
    on(context.stream());
  }

  long handle() {
    return handle;
  }

  /** The stream for the products that follow. */
  public void on(CudaStream stream) {
    context.driver().setBlasStream(handle, stream.handle());
  }

  /** Allows TF32 tensor cores for f32 (11 bits of mantissa), or forbids it, as at first. */
  public void allowTf32(boolean allow) {
    int full = 0;
    int tf32 = 3;
    context.driver().setBlasMathMode(handle, allow ? tf32 : full);
  }

  /**
   * C[m,n] = alpha·op(A)[m,k]·op(B)[k,n] + beta·C, row-major, f32. Matrices are device addresses,
   * leading dimensions the lengths of their rows in elements.
   */
  public void sgemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      float alpha,
      long a,
      int lda,
      long b,
      int ldb,
      float beta,
      long c,
      int ldc) {
    sgemmBatched(transposeA, transposeB, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0, 1);
  }

  /** {@code count} products, matrices {@code stride} elements apart. */
  public void sgemmBatched(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      float alpha,
      long a,
      int lda,
      long strideA,
      long b,
      int ldb,
      long strideB,
      float beta,
      long c,
      int ldc,
      long strideC,
      int count) {
    // Row-major C = A·B is column-major Cᵀ = Bᵀ·Aᵀ over the same memory.
    context
        .driver()
        .sgemm(
            handle,
            new GemmCall<>(
                transposeB,
                transposeA,
                n,
                m,
                k,
                alpha,
                b,
                ldb,
                strideB,
                a,
                lda,
                strideA,
                beta,
                c,
                ldc,
                strideC,
                count));
    context.trafficCounter().launch();
  }

  /** As {@link #sgemm}, in f64. */
  public void dgemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      long a,
      int lda,
      long b,
      int ldb,
      double beta,
      long c,
      int ldc) {
    context
        .driver()
        .dgemm(
            handle,
            new GemmCall<>(
                transposeB, transposeA, n, m, k, alpha, b, ldb, 0, a, lda, 0, beta, c, ldc, 0, 1));
    context.trafficCounter().launch();
  }
}
