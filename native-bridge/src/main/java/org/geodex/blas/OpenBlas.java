package org.geodex.blas;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;

/**
 * OpenBLAS and LAPACKE through Panama, row-major. The library always runs on the calling thread
 * alone; callers split the work into pieces that do not depend on the number of threads and call
 * from several threads, so the same input gives the same bits on one core and on many.
 *
 * <p>Matrices are segments, off heap or on; leading dimensions are in elements. Sizes are 32-bit,
 * as in this build of OpenBLAS. A LAPACK routine's {@code info} is returned as it is: 0 done, &lt;
 * 0 a wrong argument, &gt; 0 see the routine.
 */
public final class OpenBlas {
  private static final int ROW_MAJOR = 101;
  private static final int COLUMN_MAJOR = 102;
  private static final int NO_TRANS = 111;
  private static final int TRANS = 112;
  private static final int LOWER = 122;

  private static final Path FOLDER =
      NativeLibraries.unpack(
          "openblas",
          "/org/bytedeco/openblas/linux-x86_64/",
          List.of("libquadmath.so.0", "libgfortran.so.5", "libopenblas.so.0"));
  private static final SymbolLookup LIBRARY =
      SymbolLookup.libraryLookup(FOLDER.resolve("libopenblas.so.0"), Arena.global());
  private static final Linker LINKER = Linker.nativeLinker();

  private static final MethodHandle SGEMM = gemm("cblas_sgemm", JAVA_FLOAT);
  private static final MethodHandle DGEMM = gemm("cblas_dgemm", JAVA_DOUBLE);
  private static final MethodHandle SSYRK = syrk("cblas_ssyrk", JAVA_FLOAT);
  private static final MethodHandle DSYRK = syrk("cblas_dsyrk", JAVA_DOUBLE);
  private static final MethodHandle DPOTRF =
      handle(
          "LAPACKE_dpotrf",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_BYTE, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle DSYEVD =
      handle(
          "LAPACKE_dsyevd",
          FunctionDescriptor.of(
              JAVA_INT, JAVA_INT, JAVA_BYTE, JAVA_BYTE, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));
  private static final MethodHandle DGESDD =
      handle(
          "LAPACKE_dgesdd",
          FunctionDescriptor.of(
              JAVA_INT, JAVA_INT, JAVA_BYTE, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS,
              ADDRESS, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle DGEQRF =
      handle(
          "LAPACKE_dgeqrf",
          FunctionDescriptor.of(
              JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));
  private static final MethodHandle DTRSM =
      handle(
          "cblas_dtrsm",
          FunctionDescriptor.ofVoid(
              JAVA_INT,
              JAVA_INT,
              JAVA_INT,
              JAVA_INT,
              JAVA_INT,
              JAVA_INT,
              JAVA_INT,
              JAVA_DOUBLE,
              ADDRESS,
              JAVA_INT,
              ADDRESS,
              JAVA_INT));
  private static final String CONFIG = start();

  private OpenBlas() {}

  private static String start() {
    MethodHandle setThreads =
        handle("openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT));
    MethodHandle config = handle("openblas_get_config", FunctionDescriptor.of(ADDRESS));
    try {
      setThreads.invokeExact(1);
      return ((MemorySegment) config.invokeExact()).reinterpret(1024).getString(0).strip();
    } catch (Throwable e) {
      throw failed("openblas_set_num_threads", e);
    }
  }

  /** The unpacked library. */
  public static Path libraryPath() {
    return FOLDER.resolve("libopenblas.so.0");
  }

  /** Version, build options and the kernels that were picked for this processor. */
  public static String config() {
    return CONFIG;
  }

  /** C[m,n] = alpha·op(A)[m,k]·op(B)[k,n] + beta·C in f32. */
  public static void sgemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      float alpha,
      MemorySegment a,
      int lda,
      MemorySegment b,
      int ldb,
      float beta,
      MemorySegment c,
      int ldc) {
    try {
      SGEMM.invokeExact(
          ROW_MAJOR,
          trans(transposeA),
          trans(transposeB),
          m,
          n,
          k,
          alpha,
          a,
          lda,
          b,
          ldb,
          beta,
          c,
          ldc);
    } catch (Throwable e) {
      throw failed("cblas_sgemm", e);
    }
  }

  /** C[m,n] = alpha·op(A)[m,k]·op(B)[k,n] + beta·C in f64. */
  public static void dgemm(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      double alpha,
      MemorySegment a,
      int lda,
      MemorySegment b,
      int ldb,
      double beta,
      MemorySegment c,
      int ldc) {
    try {
      DGEMM.invokeExact(
          ROW_MAJOR,
          trans(transposeA),
          trans(transposeB),
          m,
          n,
          k,
          alpha,
          a,
          lda,
          b,
          ldb,
          beta,
          c,
          ldc);
    } catch (Throwable e) {
      throw failed("cblas_dgemm", e);
    }
  }

  /**
   * Lower triangle of C[n,n] = alpha·A·Aᵀ + beta·C for A[n,k], or alpha·Aᵀ·A for A[k,n] when {@code
   * transpose}, in f32.
   */
  public static void ssyrk(
      boolean transpose,
      int n,
      int k,
      float alpha,
      MemorySegment a,
      int lda,
      float beta,
      MemorySegment c,
      int ldc) {
    try {
      SSYRK.invokeExact(ROW_MAJOR, LOWER, trans(transpose), n, k, alpha, a, lda, beta, c, ldc);
    } catch (Throwable e) {
      throw failed("cblas_ssyrk", e);
    }
  }

  /** As {@link #ssyrk}, in f64. */
  public static void dsyrk(
      boolean transpose,
      int n,
      int k,
      double alpha,
      MemorySegment a,
      int lda,
      double beta,
      MemorySegment c,
      int ldc) {
    try {
      DSYRK.invokeExact(ROW_MAJOR, LOWER, trans(transpose), n, k, alpha, a, lda, beta, c, ldc);
    } catch (Throwable e) {
      throw failed("cblas_dsyrk", e);
    }
  }

  /**
   * Cholesky A = L·Lᵀ in place, lower triangle; info i &gt; 0: minor i is not positive. It is asked
   * for as the upper triangle in column-major order, which is the same memory: LAPACKE would copy a
   * row-major matrix into that order and back.
   */
  public static int dpotrf(int n, MemorySegment a, int lda) {
    try {
      return (int) DPOTRF.invokeExact(COLUMN_MAJOR, (byte) 'U', n, a, lda);
    } catch (Throwable e) {
      throw failed("LAPACKE_dpotrf", e);
    }
  }

  /**
   * Eigenvalues of a symmetric matrix (its lower triangle), ascending, into {@code w[n]}; with
   * {@code vectors}, A is overwritten by the eigenvectors, one in each column.
   */
  public static int dsyevd(boolean vectors, int n, MemorySegment a, int lda, MemorySegment w) {
    try {
      return (int)
          DSYEVD.invokeExact(ROW_MAJOR, (byte) (vectors ? 'V' : 'N'), (byte) 'L', n, a, lda, w);
    } catch (Throwable e) {
      throw failed("LAPACKE_dsyevd", e);
    }
  }

  /**
   * Thin singular value decomposition A[m,n] = U[m,r]·diag(s[r])·Vᵀ[r,n], r = min(m,n), s
   * descending; A is destroyed. With NULL for {@code u} and {@code vt} only s is computed.
   */
  public static int dgesdd(
      int m, int n, MemorySegment a, MemorySegment s, MemorySegment u, MemorySegment vt) {
    boolean vectors = u.address() != 0;
    try {
      return (int)
          DGESDD.invokeExact(
              ROW_MAJOR, (byte) (vectors ? 'S' : 'N'), m, n, a, n, s, u, Math.min(m, n), vt, n);
    } catch (Throwable e) {
      throw failed("LAPACKE_dgesdd", e);
    }
  }

  /**
   * QR decomposition of A[m,n] in place in <em>column-major</em> order: the upper triangle becomes
   * R, the rest and {@code tau[min(m,n)]} describe Q.
   */
  public static int dgeqrf(int m, int n, MemorySegment a, int lda, MemorySegment tau) {
    try {
      return (int) DGEQRF.invokeExact(COLUMN_MAJOR, m, n, a, lda, tau);
    } catch (Throwable e) {
      throw failed("LAPACKE_dgeqrf", e);
    }
  }

  /** Solves L·X = B (or Lᵀ·X = B) in place of B[m,n], L[m,m] lower triangular. */
  public static void dtrsm(
      boolean transpose, int m, int n, MemorySegment l, int ldl, MemorySegment b, int ldb) {
    int left = 141;
    int nonUnit = 131;
    try {
      DTRSM.invokeExact(
          ROW_MAJOR, left, LOWER, trans(transpose), nonUnit, m, n, 1.0, l, ldl, b, ldb);
    } catch (Throwable e) {
      throw failed("cblas_dtrsm", e);
    }
  }

  private static int trans(boolean transpose) {
    return transpose ? TRANS : NO_TRANS;
  }

  private static MethodHandle gemm(String name, MemoryLayout element) {
    return handle(
        name,
        FunctionDescriptor.ofVoid(
            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, element, ADDRESS, JAVA_INT,
            ADDRESS, JAVA_INT, element, ADDRESS, JAVA_INT));
  }

  private static MethodHandle syrk(String name, MemoryLayout element) {
    return handle(
        name,
        FunctionDescriptor.ofVoid(
            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, element, ADDRESS, JAVA_INT, element,
            ADDRESS, JAVA_INT));
  }

  private static MethodHandle handle(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(LIBRARY.findOrThrow(name), descriptor);
  }

  private static RuntimeException failed(String call, Throwable e) {
    if (e instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(call + ": " + e.getMessage(), e);
  }
}
