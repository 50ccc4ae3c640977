package org.geodex.cuda;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.runtime.cudaStream_t;
import org.geodex.error.UnavailableException;

/**
 * The driver and cuBLAS through JCuda 12.6 and JCublas2. JCuda wraps every handle in an object;
 * they are kept here under a number. Its natives need {@code libcuda.so.1} and {@code
 * libcublas.so.12}, which {@link CudaLibraries} has loaded or found before any JCuda class is
 * touched.
 */
final class JcudaDriver implements CudaDriver {
  private final PanamaDriver probe;
  private final Map<Long, Object> objects = new ConcurrentHashMap<>();
  private final AtomicLong next = new AtomicLong(1);
  private boolean lost;

  /** {@code probe} has shown that the library is there and that the device answers. */
  JcudaDriver(PanamaDriver probe) {
    this.probe = probe;
    JCudaDriver.setExceptionsEnabled(false);
    check("cuInit", JCudaDriver.cuInit(0));
  }

  /** A device address as JCuda's pointer. */
  private static final class Address extends CUdeviceptr {
    Address(long address) {
      super(new CUdeviceptr(), address);
    }

    Address() {}

    long address() {
      return getNativePointer() + getByteOffset();
    }
  }

  /** A host address as JCuda's pointer. */
  private static final class HostAddress extends Pointer {
    HostAddress(long address) {
      super(address);
    }

    HostAddress() {}

    long address() {
      return getNativePointer();
    }
  }

  private static final CUstream DEFAULT_STREAM = new CUstream();

  private long keep(Object handle) {
    long number = next.getAndIncrement();
    objects.put(number, handle);
    return number;
  }

  private <T> T get(long number, Class<T> type) {
    Object handle = objects.get(number);
    if (!type.isInstance(handle)) {
      throw new IllegalStateException(type.getSimpleName() + " " + number + " is not open");
    }
    return type.cast(handle);
  }

  private CUstream stream(long number) {
    return number == 0 ? DEFAULT_STREAM : get(number, CUstream.class);
  }

  private static CUdevice device(int ordinal) {
    CUdevice device = new CUdevice();
    JCudaDriver.cuDeviceGet(device, ordinal);
    return device;
  }

  @Override
  public String binding() {
    return "jcuda";
  }

  @Override
  public String library() {
    return probe.library();
  }

  @Override
  public int version() {
    int[] version = new int[1];
    check("cuDriverGetVersion", JCudaDriver.cuDriverGetVersion(version));
    return version[0];
  }

  @Override
  public int deviceCount() {
    int[] count = new int[1];
    check("cuDeviceGetCount", JCudaDriver.cuDeviceGetCount(count));
    return count[0];
  }

  @Override
  public String deviceName(int device) {
    byte[] name = new byte[256];
    check("cuDeviceGetName", JCudaDriver.cuDeviceGetName(name, name.length, device(device)));
    int length = 0;
    while (length < name.length && name[length] != 0) {
      length++;
    }
    return new String(name, 0, length, StandardCharsets.UTF_8);
  }

  @Override
  public long totalMemory(int device) {
    long[] bytes = new long[1];
    check("cuDeviceTotalMem", JCudaDriver.cuDeviceTotalMem(bytes, device(device)));
    return bytes[0];
  }

  @Override
  public int attribute(int attribute, int device) {
    int[] value = new int[1];
    check(
        "cuDeviceGetAttribute", JCudaDriver.cuDeviceGetAttribute(value, attribute, device(device)));
    return value[0];
  }

  @Override
  public long retainContext(int device) {
    CUcontext context = new CUcontext();
    check(
        "cuDevicePrimaryCtxRetain", JCudaDriver.cuDevicePrimaryCtxRetain(context, device(device)));
    return keep(context);
  }

  @Override
  public void releaseContext(int device) {
    check("cuDevicePrimaryCtxRelease", JCudaDriver.cuDevicePrimaryCtxRelease(device(device)));
  }

  @Override
  public void setCurrent(long context) {
    CUcontext c = context == 0 ? new CUcontext() : get(context, CUcontext.class);
    check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(c));
  }

  @Override
  public void synchronizeContext() {
    check("cuCtxSynchronize", JCudaDriver.cuCtxSynchronize());
  }

  @Override
  public long freeMemory() {
    long[] free = new long[1];
    long[] total = new long[1];
    check("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, total));
    return free[0];
  }

  @Override
  public long allocate(long bytes) {
    Address address = new Address();
    checkAllocation("cuMemAlloc", JCudaDriver.cuMemAlloc(address, bytes), bytes);
    return address.address();
  }

  @Override
  public void free(long address) {
    check("cuMemFree", JCudaDriver.cuMemFree(new Address(address)));
  }

  @Override
  public long allocatePinned(long bytes) {
    HostAddress address = new HostAddress();
    checkAllocation("cuMemHostAlloc", JCudaDriver.cuMemHostAlloc(address, bytes, 0), bytes);
    return address.address();
  }

  @Override
  public void freePinned(long address) {
    check("cuMemFreeHost", JCudaDriver.cuMemFreeHost(new HostAddress(address)));
  }

  @Override
  public void register(long address, long bytes) {
    checkBytes(
        "cuMemHostRegister",
        JCudaDriver.cuMemHostRegister(new HostAddress(address), bytes, 0),
        bytes);
  }

  @Override
  public void unregister(long address) {
    check("cuMemHostUnregister", JCudaDriver.cuMemHostUnregister(new HostAddress(address)));
  }

  @Override
  public void copyToDevice(long device, long host, long bytes) {
    checkBytes(
        "cuMemcpyHtoD",
        JCudaDriver.cuMemcpyHtoD(new Address(device), new HostAddress(host), bytes),
        bytes);
  }

  @Override
  public void copyToHost(long host, long device, long bytes) {
    checkBytes(
        "cuMemcpyDtoH",
        JCudaDriver.cuMemcpyDtoH(new HostAddress(host), new Address(device), bytes),
        bytes);
  }

  @Override
  public void copyToDeviceAsync(long device, long host, long bytes, long stream) {
    checkBytes(
        "cuMemcpyHtoDAsync",
        JCudaDriver.cuMemcpyHtoDAsync(
            new Address(device), new HostAddress(host), bytes, stream(stream)),
        bytes);
  }

  @Override
  public void copyToHostAsync(long host, long device, long bytes, long stream) {
    checkBytes(
        "cuMemcpyDtoHAsync",
        JCudaDriver.cuMemcpyDtoHAsync(
            new HostAddress(host), new Address(device), bytes, stream(stream)),
        bytes);
  }

  @Override
  public void copyOnDeviceAsync(long target, long source, long bytes, long stream) {
    checkBytes(
        "cuMemcpyDtoDAsync",
        JCudaDriver.cuMemcpyDtoDAsync(
            new Address(target), new Address(source), bytes, stream(stream)),
        bytes);
  }

  @Override
  public void fillAsync(long device, int value, long count, long stream) {
    checkBytes(
        "cuMemsetD32Async",
        JCudaDriver.cuMemsetD32Async(new Address(device), value, count, stream(stream)),
        4 * count);
  }

  @Override
  public long createStream() {
    int nonBlocking = 1;
    CUstream stream = new CUstream();
    check("cuStreamCreate", JCudaDriver.cuStreamCreate(stream, nonBlocking));
    return keep(stream);
  }

  @Override
  public void destroyStream(long stream) {
    check("cuStreamDestroy", JCudaDriver.cuStreamDestroy(stream(stream)));
    objects.remove(stream);
  }

  @Override
  public void synchronizeStream(long stream) {
    check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(stream(stream)));
  }

  @Override
  public void waitEvent(long stream, long event) {
    check(
        "cuStreamWaitEvent",
        JCudaDriver.cuStreamWaitEvent(stream(stream), get(event, CUevent.class), 0));
  }

  @Override
  public long createEvent() {
    CUevent event = new CUevent();
    check("cuEventCreate", JCudaDriver.cuEventCreate(event, 0));
    return keep(event);
  }

  @Override
  public void destroyEvent(long event) {
    check("cuEventDestroy", JCudaDriver.cuEventDestroy(get(event, CUevent.class)));
    objects.remove(event);
  }

  @Override
  public void recordEvent(long event, long stream) {
    check("cuEventRecord", JCudaDriver.cuEventRecord(get(event, CUevent.class), stream(stream)));
  }

  @Override
  public void synchronizeEvent(long event) {
    check("cuEventSynchronize", JCudaDriver.cuEventSynchronize(get(event, CUevent.class)));
  }

  @Override
  public boolean isDone(long event) {
    int code = JCudaDriver.cuEventQuery(get(event, CUevent.class));
    if (code != CudaErrors.NOT_READY) {
      check("cuEventQuery", code);
    }
    return code == CudaErrors.SUCCESS;
  }

  @Override
  public float elapsedMillis(long start, long end) {
    float[] millis = new float[1];
    check(
        "cuEventElapsedTime",
        JCudaDriver.cuEventElapsedTime(millis, get(start, CUevent.class), get(end, CUevent.class)));
    return millis[0];
  }

  @Override
  public long loadModule(MemorySegment image) {
    CUmodule module = new CUmodule();
    check(
        "cuModuleLoadData",
        JCudaDriver.cuModuleLoadDataEx(
            module, new HostAddress(image.address()), 0, new int[0], Pointer.to(new int[0])));
    return keep(module);
  }

  @Override
  public void unloadModule(long module) {
    check("cuModuleUnload", JCudaDriver.cuModuleUnload(get(module, CUmodule.class)));
    objects.remove(module);
  }

  @Override
  public long function(long module, String name) {
    CUfunction function = new CUfunction();
    check(
        "cuModuleGetFunction",
        JCudaDriver.cuModuleGetFunction(function, get(module, CUmodule.class), name),
        () -> "kernel " + name);
    return keep(function);
  }

  @Override
  public void setFunctionAttribute(long function, int attribute, int value) {
    check(
        "cuFuncSetAttribute",
        JCudaDriver.cuFuncSetAttribute(get(function, CUfunction.class), attribute, value),
        () -> "attribute %d = %d".formatted(attribute, value));
  }

  @Override
  public int functionAttribute(long function, int attribute) {
    int[] value = new int[1];
    check(
        "cuFuncGetAttribute",
        JCudaDriver.cuFuncGetAttribute(value, attribute, get(function, CUfunction.class)));
    return value[0];
  }

  @Override
  public int occupancy(long function, int threads, long dynamicShared) {
    int[] blocks = new int[1];
    check(
        "cuOccupancyMaxActiveBlocksPerMultiprocessor",
        JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(
            blocks, get(function, CUfunction.class), threads, dynamicShared));
    return blocks[0];
  }

  @Override
  public void launch(
      long function,
      Grid grid,
      Grid block,
      int dynamicShared,
      long stream,
      MemorySegment parameters,
      LaunchDescription description) {
    int code =
        JCudaDriver.cuLaunchKernel(
            get(function, CUfunction.class),
            grid.x(),
            grid.y(),
            grid.z(),
            block.x(),
            block.y(),
            block.z(),
            dynamicShared,
            stream(stream),
            new HostAddress(parameters.address()),
            null);
    check("cuLaunchKernel", code, description::text);
  }

  @Override
  public void beginCapture(long stream) {
    check(
        "cuStreamBeginCapture",
        JCudaDriver.cuStreamBeginCapture(stream(stream), PanamaDriver.CAPTURE_RELAXED));
  }

  @Override
  public long endCapture(long stream) {
    CUgraph graph = new CUgraph();
    check("cuStreamEndCapture", JCudaDriver.cuStreamEndCapture(stream(stream), graph));
    CUgraphExec instance = new CUgraphExec();
    try {
      check("cuGraphInstantiate", JCudaDriver.cuGraphInstantiate(instance, graph, 0));
      return keep(instance);
    } finally {
      check("cuGraphDestroy", JCudaDriver.cuGraphDestroy(graph));
    }
  }

  @Override
  public void launchGraph(long graph, long stream) {
    check(
        "cuGraphLaunch", JCudaDriver.cuGraphLaunch(get(graph, CUgraphExec.class), stream(stream)));
  }

  @Override
  public void destroyGraph(long graph) {
    check("cuGraphExecDestroy", JCudaDriver.cuGraphExecDestroy(get(graph, CUgraphExec.class)));
    objects.remove(graph);
  }

  @Override
  public boolean lost() {
    return lost;
  }

  @Override
  public String report() {
    return probe.report();
  }

  // ---- cuBLAS

  @Override
  public long createBlas() {
    CudaLibraries.blasForJcuda(library(), version());
    if (library().equals("emulator")) {
      PanamaDriver.useOpenBlas(CudaLibraries.blas("emulator", version()));
    }
    try {
      JCublas2.setExceptionsEnabled(false);
    } catch (LinkageError e) {
      throw new UnavailableException(
          e, "JCublas's native library cannot be loaded (%s)", e.getMessage());
    }
    cublasHandle handle = new cublasHandle();
    checkBlas("cublasCreate", JCublas2.cublasCreate(handle), () -> "");
    return keep(handle);
  }

  @Override
  public void destroyBlas(long blas) {
    checkBlas("cublasDestroy", JCublas2.cublasDestroy(get(blas, cublasHandle.class)), () -> "");
    objects.remove(blas);
  }

  @Override
  public void setBlasStream(long blas, long stream) {
    checkBlas(
        "cublasSetStream",
        JCublas2.cublasSetStream(get(blas, cublasHandle.class), new cudaStream_t(stream(stream))),
        () -> "");
  }

  @Override
  public void setBlasMathMode(long blas, int mode) {
    checkBlas(
        "cublasSetMathMode",
        JCublas2.cublasSetMathMode(get(blas, cublasHandle.class), mode),
        () -> "mode " + mode);
  }

  @Override
  public void sgemm(long blas, GemmCall<Float> g) {
    int status =
        JCublas2.cublasSgemmStridedBatched(
            get(blas, cublasHandle.class),
            g.transposeA() ? 1 : 0,
            g.transposeB() ? 1 : 0,
            g.m(),
            g.n(),
            g.k(),
            Pointer.to(new float[] {g.alpha()}),
            new Address(g.a()),
            g.lda(),
            g.strideA(),
            new Address(g.b()),
            g.ldb(),
            g.strideB(),
            Pointer.to(new float[] {g.beta()}),
            new Address(g.c()),
            g.ldc(),
            g.strideC(),
            g.count());
    checkBlas("cublasSgemmStridedBatched", status, g::shapes);
  }

  @Override
  public void dgemm(long blas, GemmCall<Double> g) {
    int status =
        JCublas2.cublasDgemmStridedBatched(
            get(blas, cublasHandle.class),
            g.transposeA() ? 1 : 0,
            g.transposeB() ? 1 : 0,
            g.m(),
            g.n(),
            g.k(),
            Pointer.to(new double[] {g.alpha()}),
            new Address(g.a()),
            g.lda(),
            g.strideA(),
            new Address(g.b()),
            g.ldb(),
            g.strideB(),
            Pointer.to(new double[] {g.beta()}),
            new Address(g.c()),
            g.ldc(),
            g.strideC(),
            g.count());
    checkBlas("cublasDgemmStridedBatched", status, g::shapes);
  }

  // ---- checks

  private void checkAllocation(String call, int code, long bytes) {
    if (code == CudaErrors.OUT_OF_MEMORY) {
      throw CudaErrors.outOfMemory(call, bytes, freeMemory());
    }
    checkBytes(call, code, bytes);
  }

  private void checkBytes(String call, int code, long bytes) {
    check(call, code, () -> "%,d bytes".formatted(bytes));
  }

  private void check(String call, int code) {
    check(call, code, () -> "");
  }

  private void check(String call, int code, Supplier<String> with) {
    if (code != CudaErrors.SUCCESS) {
      String[] name = new String[1];
      JCudaDriver.cuGetErrorName(code, name);
      String known = name[0] == null ? "CUDA_ERROR" : name[0];
      lost |= CudaErrors.losesContext(code);
      throw CudaErrors.driver(call, code, known, with.get(), report());
    }
  }

  private void checkBlas(String call, int status, Supplier<String> with) {
    if (status != CudaErrors.SUCCESS) {
      throw CudaErrors.blas(call, status, with.get(), report());
    }
  }
}
