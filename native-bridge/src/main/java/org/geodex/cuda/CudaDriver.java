package org.geodex.cuda;

import java.lang.foreign.MemorySegment;

/**
 * The calls of the CUDA driver API and of cuBLAS that Geodex makes, with plain values: addresses
 * and handles are {@code long}, sizes are bytes. Two bindings implement it, {@link PanamaDriver}
 * and {@link JcudaDriver}; both run on the system's driver and on the emulator.
 *
 * <p>Every method raises the exception that {@link CudaErrors} makes of a status that is not 0.
 * Calls that end in {@code Async} only enqueue. {@link CudaContext} is the safe way to use this.
 */
public interface CudaDriver {

  /** {@code panama} or {@code jcuda}. */
  String binding();

  /** {@code system} or {@code emulator}. */
  String library();

  /** Newest CUDA that the driver knows: 12040 is 12.4. */
  int version();

  int deviceCount();

  String deviceName(int device);

  long totalMemory(int device);

  /** A {@code CUdevice_attribute}. */
  int attribute(int attribute, int device);

  /** The device's primary context, counted; give it back with {@link #releaseContext}. */
  long retainContext(int device);

  void releaseContext(int device);

  /** Makes a context the calling thread's; 0 for none. */
  void setCurrent(long context);

  void synchronizeContext();

  /** Bytes of the device that nobody has taken. */
  long freeMemory();

  long allocate(long bytes);

  void free(long address);

  /** Page-locked host memory. */
  long allocatePinned(long bytes);

  void freePinned(long address);

  /** Page-locks memory that exists; the device can then copy from and to it by itself. */
  void register(long address, long bytes);

  void unregister(long address);

  void copyToDevice(long device, long host, long bytes);

  void copyToHost(long host, long device, long bytes);

  void copyToDeviceAsync(long device, long host, long bytes, long stream);

  void copyToHostAsync(long host, long device, long bytes, long stream);

  void copyOnDeviceAsync(long target, long source, long bytes, long stream);

  /** Sets {@code count} 32-bit words. */
  void fillAsync(long device, int value, long count, long stream);

  /** A stream that does not wait for the default stream. */
  long createStream();

  void destroyStream(long stream);

  void synchronizeStream(long stream);

  void waitEvent(long stream, long event);

  /** An event that takes the time. */
  long createEvent();

  void destroyEvent(long event);

  void recordEvent(long event, long stream);

  void synchronizeEvent(long event);

  /** Whether the work before the event has run. */
  boolean isDone(long event);

  float elapsedMillis(long start, long end);

  long loadModule(MemorySegment image);

  void unloadModule(long module);

  long function(long module, String name);

  void setFunctionAttribute(long function, int attribute, int value);

  int functionAttribute(long function, int attribute);

  /** Blocks of a kernel that one multiprocessor holds at a time. */
  int occupancy(long function, int threads, long dynamicShared);

  /**
   * Enqueues a kernel.
   *
   * @param parameters native array of addresses, one for each parameter's value
   */
  void launch(
      long function,
      Grid grid,
      Grid block,
      int dynamicShared,
      long stream,
      MemorySegment parameters,
      LaunchDescription description);

  /**
   * Records what is enqueued on a stream from now on instead of running it. Calls that wait are
   * errors until {@link #endCapture}.
   */
  void beginCapture(long stream);

  /** Ends the recording; the graph can be launched. */
  long endCapture(long stream);

  /** Enqueues all of a graph with one call. */
  void launchGraph(long graph, long stream);

  void destroyGraph(long graph);

  /** A cuBLAS handle; raises UnavailableException with the paths tried where it is missing. */
  long createBlas();

  void destroyBlas(long blas);

  void setBlasStream(long blas, long stream);

  /** A {@code cublasMath_t}: 0 is full f32, 3 allows TF32. */
  void setBlasMathMode(long blas, int mode);

  /** {@code cublasSgemmStridedBatched}, column-major as cuBLAS has it. */
  void sgemm(long blas, GemmCall<Float> call);

  /** {@code cublasDgemmStridedBatched}. */
  void dgemm(long blas, GemmCall<Double> call);

  /** Whether a call has reported a fault that ended the context: nothing is left to free. */
  boolean lost();

  /** What the emulator found wrong, or an empty string; always empty on a card. */
  String report();

  /** Extent in blocks or threads. */
  record Grid(int x, int y, int z) {
    public Grid {
      if (x < 1 || y < 1 || z < 1) {
        throw new IllegalArgumentException("grid (%d,%d,%d)".formatted(x, y, z));
      }
    }

    public Grid(int x) {
      this(x, 1, 1);
    }

    public Grid(int x, int y) {
      this(x, y, 1);
    }

    public long count() {
      return (long) x * y * z;
    }

    @Override
    public String toString() {
      return "(%d,%d,%d)".formatted(x, y, z);
    }
  }

  /** A launch in words, made only when it failed. */
  @FunctionalInterface
  interface LaunchDescription {
    String text();
  }

  /**
   * Arguments of a column-major product C = alpha·op(A)·op(B) + beta·C, {@code count} times with
   * the matrices {@code stride} elements apart. Matrices are device addresses.
   */
  record GemmCall<T extends Number>(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      T alpha,
      long a,
      int lda,
      long strideA,
      long b,
      int ldb,
      long strideB,
      T beta,
      long c,
      int ldc,
      long strideC,
      int count) {

    String shapes() {
      return "m=%d n=%d k=%d lda=%d ldb=%d ldc=%d count=%d"
          .formatted(m, n, k, lda, ldb, ldc, count);
    }
  }
}
