package org.geodex.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.function.Supplier;
import org.geodex.blas.OpenBlas;
import org.geodex.error.GeodexException;
import org.geodex.error.UnavailableException;

/**
 * The driver and cuBLAS through {@code java.lang.foreign}. Pointers travel as 64-bit integers;
 * out-parameters live in a confined arena for one call.
 */
final class PanamaDriver implements CudaDriver {
  private static final Linker LINKER = Linker.nativeLinker();

  /** {@code CU_STREAM_CAPTURE_MODE_RELAXED}: memory may be allocated while a stream captures. */
  static final int CAPTURE_RELAXED = 2;

  private final String which;
  private final SymbolLookup library;
  private final int version;

  private final MethodHandle cuDeviceGetCount = call("cuDeviceGetCount", ADDRESS);
  private final MethodHandle cuDeviceGetName = call("cuDeviceGetName", ADDRESS, JAVA_INT, JAVA_INT);
  private final MethodHandle cuDeviceTotalMem = call("cuDeviceTotalMem_v2", ADDRESS, JAVA_INT);
  private final MethodHandle cuDeviceGetAttribute =
      call("cuDeviceGetAttribute", ADDRESS, JAVA_INT, JAVA_INT);
  private final MethodHandle cuDevicePrimaryCtxRetain =
      call("cuDevicePrimaryCtxRetain", ADDRESS, JAVA_INT);
  private final MethodHandle cuDevicePrimaryCtxRelease =
      call("cuDevicePrimaryCtxRelease_v2", JAVA_INT);
  private final MethodHandle cuCtxSetCurrent = call("cuCtxSetCurrent", JAVA_LONG);
  private final MethodHandle cuCtxSynchronize = call("cuCtxSynchronize");
  private final MethodHandle cuMemGetInfo = call("cuMemGetInfo_v2", ADDRESS, ADDRESS);
  private final MethodHandle cuMemAlloc = call("cuMemAlloc_v2", ADDRESS, JAVA_LONG);
  private final MethodHandle cuMemFree = call("cuMemFree_v2", JAVA_LONG);
  private final MethodHandle cuMemHostAlloc = call("cuMemHostAlloc", ADDRESS, JAVA_LONG, JAVA_INT);
  private final MethodHandle cuMemFreeHost = call("cuMemFreeHost", JAVA_LONG);
  private final MethodHandle cuMemHostRegister =
      call("cuMemHostRegister_v2", JAVA_LONG, JAVA_LONG, JAVA_INT);
  private final MethodHandle cuMemHostUnregister = call("cuMemHostUnregister", JAVA_LONG);
  private final MethodHandle cuMemcpyHtoD =
      call("cuMemcpyHtoD_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private final MethodHandle cuMemcpyDtoH =
      call("cuMemcpyDtoH_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private final MethodHandle cuMemcpyHtoDAsync =
      call("cuMemcpyHtoDAsync_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private final MethodHandle cuMemcpyDtoHAsync =
      call("cuMemcpyDtoHAsync_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private final MethodHandle cuMemcpyDtoDAsync =
      call("cuMemcpyDtoDAsync_v2", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private final MethodHandle cuMemsetD32Async =
      call("cuMemsetD32Async", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private final MethodHandle cuStreamCreate = call("cuStreamCreate", ADDRESS, JAVA_INT);
  private final MethodHandle cuStreamDestroy = call("cuStreamDestroy_v2", JAVA_LONG);
  private final MethodHandle cuStreamSynchronize = call("cuStreamSynchronize", JAVA_LONG);
  private final MethodHandle cuStreamWaitEvent =
      call("cuStreamWaitEvent", JAVA_LONG, JAVA_LONG, JAVA_INT);
  private final MethodHandle cuEventCreate = call("cuEventCreate", ADDRESS, JAVA_INT);
  private final MethodHandle cuEventDestroy = call("cuEventDestroy_v2", JAVA_LONG);
  private final MethodHandle cuEventRecord = call("cuEventRecord", JAVA_LONG, JAVA_LONG);
  private final MethodHandle cuEventSynchronize = call("cuEventSynchronize", JAVA_LONG);
  private final MethodHandle cuEventQuery = call("cuEventQuery", JAVA_LONG);
  private final MethodHandle cuEventElapsedTime =
      call("cuEventElapsedTime", ADDRESS, JAVA_LONG, JAVA_LONG);
  private final MethodHandle cuModuleLoadData = call("cuModuleLoadData", ADDRESS, ADDRESS);
  private final MethodHandle cuModuleUnload = call("cuModuleUnload", JAVA_LONG);
  private final MethodHandle cuModuleGetFunction =
      call("cuModuleGetFunction", ADDRESS, JAVA_LONG, ADDRESS);
  private final MethodHandle cuFuncSetAttribute =
      call("cuFuncSetAttribute", JAVA_LONG, JAVA_INT, JAVA_INT);
  private final MethodHandle cuFuncGetAttribute =
      call("cuFuncGetAttribute", ADDRESS, JAVA_INT, JAVA_LONG);
  private final MethodHandle cuOccupancy =
      call("cuOccupancyMaxActiveBlocksPerMultiprocessor", ADDRESS, JAVA_LONG, JAVA_INT, JAVA_LONG);
  private final MethodHandle cuLaunchKernel =
      call(
          "cuLaunchKernel",
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_LONG,
          ADDRESS,
          ADDRESS);
  private final MethodHandle cuStreamBeginCapture =
      call("cuStreamBeginCapture_v2", JAVA_LONG, JAVA_INT);
  private final MethodHandle cuStreamEndCapture = call("cuStreamEndCapture", JAVA_LONG, ADDRESS);
  private final MethodHandle cuGraphInstantiate =
      call("cuGraphInstantiateWithFlags", ADDRESS, JAVA_LONG, JAVA_LONG);
  private final MethodHandle cuGraphDestroy = call("cuGraphDestroy", JAVA_LONG);
  private final MethodHandle cuGraphLaunch = call("cuGraphLaunch", JAVA_LONG, JAVA_LONG);
  private final MethodHandle cuGraphExecDestroy = call("cuGraphExecDestroy", JAVA_LONG);
  private final MethodHandle cuGetErrorName = call("cuGetErrorName", JAVA_INT, ADDRESS);
  private final MethodHandle gxEmulatorReport;

  private Blas blas;
  private boolean lost;

  /** Looks the symbols up and initializes the driver. */
  PanamaDriver(String which, SymbolLookup library) {
    this.library = library; // before super(): the field initializers look their symbols up in it
    super();
    this.which = which;
    this.version = initialize(which, library);
    this.gxEmulatorReport =
        library
            .find("gxEmulatorReport")
            .map(s -> LINKER.downcallHandle(s, FunctionDescriptor.of(ADDRESS)))
            .orElse(null);
  }

  /** {@code cuInit} and the version, with the reason when there is no device. */
  private static int initialize(String which, SymbolLookup library) {
    MethodHandle init = handle(library, "cuInit", JAVA_INT);
    MethodHandle getVersion = handle(library, "cuDriverGetVersion", ADDRESS);
    try (Arena arena = Arena.ofConfined()) {
      int code = (int) init.invokeExact(0);
      if (code != CudaErrors.SUCCESS) {
        throw new UnavailableException(
            "the %s CUDA driver finds no device it can use: cuInit gives %s",
            which, initError(code));
      }
      MemorySegment out = arena.allocate(JAVA_INT);
      code = (int) getVersion.invokeExact(out);
      if (code != CudaErrors.SUCCESS) {
        throw new UnavailableException("cuDriverGetVersion: CUDA error %d", code);
      }
      return out.get(JAVA_INT, 0);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  private static String initError(int code) {
    return switch (code) {
      case 100 -> "CUDA_ERROR_NO_DEVICE (100)";
      case 101 -> "CUDA_ERROR_INVALID_DEVICE (101)";
      case 34 -> "CUDA_ERROR_STUB_LIBRARY (34): libcuda.so.1 is the toolkit's stub";
      case 803 ->
          "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803): the kernel module has another version than"
              + " libcuda.so.1";
      case 999 -> "CUDA_ERROR_UNKNOWN (999)";
      default -> "CUDA error " + code;
    };
  }

  @Override
  public String binding() {
    return "panama";
  }

  @Override
  public String library() {
    return which;
  }

  @Override
  public int version() {
    return version;
  }

  @Override
  public int deviceCount() {
    return readInt("cuDeviceGetCount", out -> (int) cuDeviceGetCount.invokeExact(out));
  }

  @Override
  public String deviceName(int device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(256);
      check("cuDeviceGetName", (int) cuDeviceGetName.invokeExact(name, 256, device));
      return name.getString(0);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  @Override
  public long totalMemory(int device) {
    return readLong("cuDeviceTotalMem", out -> (int) cuDeviceTotalMem.invokeExact(out, device));
  }

  @Override
  public int attribute(int attribute, int device) {
    return readInt(
        "cuDeviceGetAttribute",
        out -> (int) cuDeviceGetAttribute.invokeExact(out, attribute, device));
  }

  @Override
  public long retainContext(int device) {
    return readLong(
        "cuDevicePrimaryCtxRetain", out -> (int) cuDevicePrimaryCtxRetain.invokeExact(out, device));
  }

  @Override
  public void releaseContext(int device) {
    run("cuDevicePrimaryCtxRelease", () -> (int) cuDevicePrimaryCtxRelease.invokeExact(device));
  }

  @Override
  public void setCurrent(long context) {
    run("cuCtxSetCurrent", () -> (int) cuCtxSetCurrent.invokeExact(context));
  }

  @Override
  public void synchronizeContext() {
    run("cuCtxSynchronize", () -> (int) cuCtxSynchronize.invokeExact());
  }

  @Override
  public long freeMemory() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG, 2);
      check("cuMemGetInfo", (int) cuMemGetInfo.invokeExact(out, out.asSlice(8)));
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  @Override
  public long allocate(long bytes) {
    return allocate("cuMemAlloc", bytes, out -> (int) cuMemAlloc.invokeExact(out, bytes));
  }

  @Override
  public void free(long address) {
    run("cuMemFree", () -> (int) cuMemFree.invokeExact(address));
  }

  @Override
  public long allocatePinned(long bytes) {
    return allocate(
        "cuMemHostAlloc", bytes, out -> (int) cuMemHostAlloc.invokeExact(out, bytes, 0));
  }

  @Override
  public void freePinned(long address) {
    run("cuMemFreeHost", () -> (int) cuMemFreeHost.invokeExact(address));
  }

  @Override
  public void register(long address, long bytes) {
    run(
        "cuMemHostRegister",
        () -> (int) cuMemHostRegister.invokeExact(address, bytes, 0),
        () -> bytes(bytes));
  }

  @Override
  public void unregister(long address) {
    run("cuMemHostUnregister", () -> (int) cuMemHostUnregister.invokeExact(address));
  }

  @Override
  public void copyToDevice(long device, long host, long bytes) {
    run(
        "cuMemcpyHtoD",
        () -> (int) cuMemcpyHtoD.invokeExact(device, host, bytes),
        () -> bytes(bytes));
  }

  @Override
  public void copyToHost(long host, long device, long bytes) {
    run(
        "cuMemcpyDtoH",
        () -> (int) cuMemcpyDtoH.invokeExact(host, device, bytes),
        () -> bytes(bytes));
  }

  @Override
  public void copyToDeviceAsync(long device, long host, long bytes, long stream) {
    run(
        "cuMemcpyHtoDAsync",
        () -> (int) cuMemcpyHtoDAsync.invokeExact(device, host, bytes, stream),
        () -> bytes(bytes));
  }

  @Override
  public void copyToHostAsync(long host, long device, long bytes, long stream) {
    run(
        "cuMemcpyDtoHAsync",
        () -> (int) cuMemcpyDtoHAsync.invokeExact(host, device, bytes, stream),
        () -> bytes(bytes));
  }

  @Override
  public void copyOnDeviceAsync(long target, long source, long bytes, long stream) {
    run(
        "cuMemcpyDtoDAsync",
        () -> (int) cuMemcpyDtoDAsync.invokeExact(target, source, bytes, stream),
        () -> bytes(bytes));
  }

  @Override
  public void fillAsync(long device, int value, long count, long stream) {
    run(
        "cuMemsetD32Async",
        () -> (int) cuMemsetD32Async.invokeExact(device, value, count, stream),
        () -> bytes(4 * count));
  }

  @Override
  public long createStream() {
    int nonBlocking = 1;
    return readLong("cuStreamCreate", out -> (int) cuStreamCreate.invokeExact(out, nonBlocking));
  }

  @Override
  public void destroyStream(long stream) {
    run("cuStreamDestroy", () -> (int) cuStreamDestroy.invokeExact(stream));
  }

  @Override
  public void synchronizeStream(long stream) {
    run("cuStreamSynchronize", () -> (int) cuStreamSynchronize.invokeExact(stream));
  }

  @Override
  public void waitEvent(long stream, long event) {
    run("cuStreamWaitEvent", () -> (int) cuStreamWaitEvent.invokeExact(stream, event, 0));
  }

  @Override
  public long createEvent() {
    return readLong("cuEventCreate", out -> (int) cuEventCreate.invokeExact(out, 0));
  }

  @Override
  public void destroyEvent(long event) {
    run("cuEventDestroy", () -> (int) cuEventDestroy.invokeExact(event));
  }

  @Override
  public void recordEvent(long event, long stream) {
    run("cuEventRecord", () -> (int) cuEventRecord.invokeExact(event, stream));
  }

  @Override
  public void synchronizeEvent(long event) {
    run("cuEventSynchronize", () -> (int) cuEventSynchronize.invokeExact(event));
  }

  @Override
  public boolean isDone(long event) {
    try {
      int code = (int) cuEventQuery.invokeExact(event);
      if (code != CudaErrors.NOT_READY) {
        check("cuEventQuery", code);
      }
      return code == CudaErrors.SUCCESS;
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  @Override
  public float elapsedMillis(long start, long end) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_FLOAT);
      check("cuEventElapsedTime", (int) cuEventElapsedTime.invokeExact(out, start, end));
      return out.get(JAVA_FLOAT, 0);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  @Override
  public long loadModule(MemorySegment image) {
    return readLong("cuModuleLoadData", out -> (int) cuModuleLoadData.invokeExact(out, image));
  }

  @Override
  public void unloadModule(long module) {
    run("cuModuleUnload", () -> (int) cuModuleUnload.invokeExact(module));
  }

  @Override
  public long function(long module, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      int code = (int) cuModuleGetFunction.invokeExact(out, module, arena.allocateFrom(name));
      check("cuModuleGetFunction", code, () -> "kernel " + name);
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  @Override
  public void setFunctionAttribute(long function, int attribute, int value) {
    run(
        "cuFuncSetAttribute",
        () -> (int) cuFuncSetAttribute.invokeExact(function, attribute, value),
        () -> "attribute %d = %d".formatted(attribute, value));
  }

  @Override
  public int functionAttribute(long function, int attribute) {
    return readInt(
        "cuFuncGetAttribute",
        out -> (int) cuFuncGetAttribute.invokeExact(out, attribute, function));
  }

  @Override
  public int occupancy(long function, int threads, long dynamicShared) {
    return readInt(
        "cuOccupancyMaxActiveBlocksPerMultiprocessor",
        out -> (int) cuOccupancy.invokeExact(out, function, threads, dynamicShared));
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
    try {
      int code =
          (int)
              cuLaunchKernel.invokeExact(
                  function,
                  grid.x(),
                  grid.y(),
                  grid.z(),
                  block.x(),
                  block.y(),
                  block.z(),
                  dynamicShared,
                  stream,
                  parameters,
                  MemorySegment.NULL);
      check("cuLaunchKernel", code, description::text);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  @Override
  public void beginCapture(long stream) {
    run(
        "cuStreamBeginCapture",
        () -> (int) cuStreamBeginCapture.invokeExact(stream, CAPTURE_RELAXED));
  }

  @Override
  public long endCapture(long stream) {
    long graph =
        readLong("cuStreamEndCapture", out -> (int) cuStreamEndCapture.invokeExact(stream, out));
    try {
      return readLong(
          "cuGraphInstantiate", out -> (int) cuGraphInstantiate.invokeExact(out, graph, 0L));
    } finally {
      run("cuGraphDestroy", () -> (int) cuGraphDestroy.invokeExact(graph));
    }
  }

  @Override
  public void launchGraph(long graph, long stream) {
    run("cuGraphLaunch", () -> (int) cuGraphLaunch.invokeExact(graph, stream));
  }

  @Override
  public void destroyGraph(long graph) {
    run("cuGraphExecDestroy", () -> (int) cuGraphExecDestroy.invokeExact(graph));
  }

  @Override
  public boolean lost() {
    return lost;
  }

  @Override
  public String report() {
    if (gxEmulatorReport == null) {
      return "";
    }
    try {
      return ((MemorySegment) gxEmulatorReport.invokeExact()).reinterpret(1 << 16).getString(0);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  // ---- cuBLAS

  /** The handles of cuBLAS, looked up when the first product is asked for. */
  private static final class Blas {
    final MethodHandle create;
    final MethodHandle destroy;
    final MethodHandle setStream;
    final MethodHandle setMathMode;
    final MethodHandle sgemm;
    final MethodHandle dgemm;

    Blas(SymbolLookup library) {
      create = handle(library, "cublasCreate_v2", ADDRESS);
      destroy = handle(library, "cublasDestroy_v2", JAVA_LONG);
      setStream = handle(library, "cublasSetStream_v2", JAVA_LONG, JAVA_LONG);
      setMathMode = handle(library, "cublasSetMathMode", JAVA_LONG, JAVA_INT);
      sgemm = gemm(library, "cublasSgemmStridedBatched");
      dgemm = gemm(library, "cublasDgemmStridedBatched");
    }

    private static MethodHandle gemm(SymbolLookup library, String name) {
      return handle(
          library, name, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS,
          JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, ADDRESS, JAVA_LONG,
          JAVA_INT, JAVA_LONG, JAVA_INT);
    }
  }

  @Override
  public long createBlas() {
    if (blas == null) {
      SymbolLookup symbols = CudaLibraries.blas(which, version());
      if (which.equals("emulator")) {
        useOpenBlas(symbols);
      }
      blas = new Blas(symbols);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      checkBlas("cublasCreate", (int) blas.create.invokeExact(out), () -> "");
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  /** Lets the emulator's cuBLAS compute with our OpenBLAS; without it a plain loop does. */
  static void useOpenBlas(SymbolLookup emulatorBlas) {
    MethodHandle use = handle(emulatorBlas, "gxEmulatorBlas", ADDRESS);
    try (Arena arena = Arena.ofConfined()) {
      int ignored = (int) use.invokeExact(arena.allocateFrom(OpenBlas.libraryPath().toString()));
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  @Override
  public void destroyBlas(long handle) {
    runBlas("cublasDestroy", () -> (int) blas.destroy.invokeExact(handle), () -> "");
  }

  @Override
  public void setBlasStream(long handle, long stream) {
    runBlas("cublasSetStream", () -> (int) blas.setStream.invokeExact(handle, stream), () -> "");
  }

  @Override
  public void setBlasMathMode(long handle, int mode) {
    runBlas(
        "cublasSetMathMode",
        () -> (int) blas.setMathMode.invokeExact(handle, mode),
        () -> "mode " + mode);
  }

  @Override
  public void sgemm(long handle, GemmCall<Float> g) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment alpha = arena.allocateFrom(JAVA_FLOAT, g.alpha());
      MemorySegment beta = arena.allocateFrom(JAVA_FLOAT, g.beta());
      gemm("cublasSgemmStridedBatched", blas.sgemm, handle, g, alpha, beta);
    }
  }

  @Override
  public void dgemm(long handle, GemmCall<Double> g) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment alpha =
          arena.allocateFrom(java.lang.foreign.ValueLayout.JAVA_DOUBLE, g.alpha());
      MemorySegment beta = arena.allocateFrom(java.lang.foreign.ValueLayout.JAVA_DOUBLE, g.beta());
      gemm("cublasDgemmStridedBatched", blas.dgemm, handle, g, alpha, beta);
    }
  }

  private void gemm(
      String name,
      MethodHandle function,
      long handle,
      GemmCall<?> g,
      MemorySegment alpha,
      MemorySegment beta) {
    runBlas(
        name,
        () ->
            (int)
                function.invokeExact(
                    handle,
                    g.transposeA() ? 1 : 0,
                    g.transposeB() ? 1 : 0,
                    g.m(),
                    g.n(),
                    g.k(),
                    alpha,
                    g.a(),
                    g.lda(),
                    g.strideA(),
                    g.b(),
                    g.ldb(),
                    g.strideB(),
                    beta,
                    g.c(),
                    g.ldc(),
                    g.strideC(),
                    g.count()),
        g::shapes);
  }

  // ---- calls and their checks

  @FunctionalInterface
  private interface Call {
    int run() throws Throwable;
  }

  @FunctionalInterface
  private interface OutCall {
    int run(MemorySegment out) throws Throwable;
  }

  private MethodHandle call(String name, MemoryLayout... parameters) {
    return handle(library, name, parameters);
  }

  private static MethodHandle handle(
      SymbolLookup library, String name, MemoryLayout... parameters) {
    return LINKER.downcallHandle(
        library
            .find(name)
            .orElseThrow(
                () ->
                    new UnavailableException(
                        "the CUDA library has no symbol %s: it is too old for this build", name)),
        FunctionDescriptor.of(JAVA_INT, parameters));
  }

  private void run(String name, Call call) {
    run(name, call, () -> "");
  }

  private void run(String name, Call call, Supplier<String> with) {
    try {
      check(name, call.run(), with);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  private void runBlas(String name, Call call, Supplier<String> with) {
    try {
      checkBlas(name, call.run(), with);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  private int readInt(String name, OutCall call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_INT);
      check(name, call.run(out));
      return out.get(JAVA_INT, 0);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  private long readLong(String name, OutCall call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      check(name, call.run(out));
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  private long allocate(String name, long bytes, OutCall call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      int code = call.run(out);
      if (code == CudaErrors.OUT_OF_MEMORY) {
        throw CudaErrors.outOfMemory(name, bytes, freeMemory());
      }
      check(name, code, () -> bytes(bytes));
      return out.get(JAVA_LONG, 0);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  private static String bytes(long bytes) {
    return "%,d bytes".formatted(bytes);
  }

  private void check(String call, int code) {
    check(call, code, () -> "");
  }

  private void check(String call, int code, Supplier<String> with) {
    if (code != CudaErrors.SUCCESS) {
      lost |= CudaErrors.losesContext(code);
      throw CudaErrors.driver(call, code, errorName(code), with.get(), report());
    }
  }

  private void checkBlas(String call, int status, Supplier<String> with) {
    if (status != CudaErrors.SUCCESS) {
      throw CudaErrors.blas(call, status, with.get(), report());
    }
  }

  private String errorName(int code) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ADDRESS);
      int status = (int) cuGetErrorName.invokeExact(code, out);
      MemorySegment text = out.get(ADDRESS, 0);
      return status != 0 || text.address() == 0 ? "CUDA_ERROR" : text.reinterpret(256).getString(0);
    } catch (Throwable e) {
      throw rethrow(e);
    }
  }

  static RuntimeException rethrow(Throwable e) {
    return switch (e) {
      case GeodexException known -> known;
      case RuntimeException runtime -> runtime;
      case Error error -> throw error;
      default -> new IllegalStateException("a native call threw a checked exception", e);
    };
  }
}
