package org.geodex.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.geodex.error.DeviceLostException;
import org.geodex.error.GeodexException;
import org.geodex.error.NativeCallException;

/**
 * One device with its memory, streams and kernels, and the one platform thread that talks to it:
 * CUDA's current context belongs to a native thread. Work goes through {@link #call}, which runs it
 * on that thread; everything that belongs to the context may be used there only.
 *
 * <pre>{@code
 * try (CudaContext context = CudaContext.open(new CudaOptions("panama", "system", 0))) {
 *   context.call(() -> {
 *     try (DeviceBuffer x = context.allocate(4 * n)) {
 *       context.copyToDevice(host, x, 0);
 *       context.kernel("gx_probe_copy_f32").launch(context.stream(), grid, 0, x, y, n);
 *       …
 *     }
 *     return null;
 *   });
 * }
 * }</pre>
 *
 * <p>Copies and launches enqueue on a stream and return; {@link CudaStream#synchronize} waits. With
 * {@code -Dgeodex.cuda.sync=true} every launch waits, so that a fault is reported at its kernel.
 *
 * <p>Closing frees what is still open. With {@code -Dgeodex.leaks=fail} an open buffer is an error
 * that names where it was allocated.
 */
public final class CudaContext implements AutoCloseable {
  static final boolean SYNCHRONIZE = Boolean.getBoolean("geodex.cuda.sync");
  private static final boolean REPORT_LEAKS = "fail".equals(System.getProperty("geodex.leaks"));

  private static final int MULTIPROCESSORS = 16;
  private static final int MAJOR = 75;
  private static final int MINOR = 76;

  /**
   * Devices whose primary context the process holds beside its {@code CudaContext}s, so that the
   * driver does not take it down and build it again, a good part of a second, between two of them.
   */
  private static final Set<String> HELD = ConcurrentHashMap.newKeySet();

  /**
   * How long a thread looks for what it waits for before it sleeps. To wake it takes as long as
   * several launches, and a step of a model hands over more than a hundred pieces of work. Two
   * processors are left to those who work.
   */
  private static final long LOOK_NANOS =
      Runtime.getRuntime().availableProcessors() > 2 ? 20_000 : 0;

  private final CudaDriver driver;
  private final int device;
  private final ExecutorService executor;
  private final Map<String, Long> modules = new HashMap<>();
  private final Map<String, CudaKernel> kernels = new HashMap<>();
  private final Map<AutoCloseable, Throwable> open = new java.util.LinkedHashMap<>();
  private final Traffic.Counter traffic = new Traffic.Counter();

  private volatile Thread owner;
  private long handle;
  private CudaStream stream;
  private CudaBlas blas;
  private boolean capturing;
  private boolean closed;

  private CudaContext(CudaDriver driver, int device) {
    this.driver = driver;
    this.device = device;
    ThreadFactory factory = Thread.ofPlatform().daemon().name("cuda-" + device).factory();
    this.executor = new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new Tasks(), factory);
  }

  /** Work for the context's thread, which looks for it for a while before it sleeps. */
  private static final class Tasks extends LinkedBlockingQueue<Runnable> {
    private static final long serialVersionUID = 1L;

    @Override
    public Runnable take() throws InterruptedException {
      lookFor(() -> !isEmpty());
      return super.take();
    }
  }

  private static void lookFor(BooleanSupplier event) {
    long start = System.nanoTime();
    while (!event.getAsBoolean() && System.nanoTime() - start < LOOK_NANOS) {
      Thread.onSpinWait();
    }
  }

  /**
   * Opens the device's primary context.
   *
   * @throws org.geodex.error.UnavailableException with the reason
   */
  public static CudaContext open(CudaOptions options) {
    CudaContext context = new CudaContext(Cuda.driver(options), options.device());
    try {
      context.call(
          () -> {
            context.start();
            return null;
          });
    } catch (Throwable e) {
      context.executor.shutdown();
      throw e;
    }
    return context;
  }

  private void start() {
    owner = Thread.currentThread();
    handle = driver.retainContext(device);
    if (HELD.add(key())) {
      driver.retainContext(device);
    }
    driver.setCurrent(handle);
    stream = createStream();
  }

  private String key() {
    return driver.library() + " " + device;
  }

  /** Work for the context's thread. */
  @FunctionalInterface
  public interface Work<T> {
    T run();
  }

  /** Runs work on the context's thread and waits for it. From that thread it runs at once. */
  public <T> T call(Work<T> work) {
    if (Thread.currentThread() == owner) {
      return work.run();
    }
    try {
      Future<T> future = executor.submit(work::run);
      return get(future);
    } catch (RejectedExecutionException e) {
      throw new IllegalStateException("the CUDA context is closed", e);
    }
  }

  private static <T> T get(Future<T> future) {
    lookFor(future::isDone);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get();
        } catch (InterruptedException e) {
          interrupted = true; // the device cannot be interrupted: wait, and say it afterwards
        }
      }
    } catch (ExecutionException e) {
      throw rethrow(e.getCause());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException rethrow(Throwable e) {
    return switch (e) {
      case RuntimeException runtime -> runtime;
      case Error error -> throw error;
      default -> new IllegalStateException(e);
    };
  }

  /** The driver, for what this class does not offer; on the context's thread. */
  public CudaDriver driver() {
    check();
    return driver;
  }

  void check() {
    if (closed) {
      throw new IllegalStateException("the CUDA context is closed");
    }
    if (Thread.currentThread() != owner) {
      throw new IllegalStateException(
          "a CUDA context is used by its own thread only: CudaContext.call");
    }
  }

  // ---- what the device is; these may be asked from any thread

  /** {@code panama} or {@code jcuda}. */
  public String binding() {
    return driver.binding();
  }

  /** Whether the device is the emulator. */
  public boolean emulated() {
    return driver.library().equals("emulator");
  }

  public String deviceName() {
    return driver.deviceName(device);
  }

  public int multiprocessors() {
    return attribute(MULTIPROCESSORS);
  }

  /** 90 for compute capability 9.0. */
  public int computeCapability() {
    return attribute(MAJOR) * 10 + attribute(MINOR);
  }

  /** A {@code CUdevice_attribute}. */
  public int attribute(int attribute) {
    return driver.attribute(attribute, device);
  }

  public long totalMemory() {
    return driver.totalMemory(device);
  }

  /** Bytes and launches since the context was opened. */
  public Traffic traffic() {
    return traffic.snapshot();
  }

  Traffic.Counter trafficCounter() {
    return traffic;
  }

  // ---- memory

  public long freeMemory() {
    check();
    return driver.freeMemory();
  }

  /**
   * Device memory; its content is undefined.
   *
   * @throws org.geodex.error.DeviceOutOfMemoryException with the bytes wanted and free
   */
  public DeviceBuffer allocate(long bytes) {
    check();
    return enter(new DeviceBuffer(this, driver.allocate(Math.max(1, bytes)), bytes));
  }

  /** Page-locked host memory: copies from and to it run beside kernels. */
  public PinnedBuffer allocatePinned(long bytes) {
    check();
    return enter(new PinnedBuffer(this, driver.allocatePinned(Math.max(1, bytes)), bytes));
  }

  /** Page-locks native memory that exists, an Arrow buffer for example, until it is closed. */
  public RegisteredMemory register(MemorySegment memory) {
    check();
    requireNative(memory);
    driver.register(memory.address(), memory.byteSize());
    return enter(new RegisteredMemory(this, memory));
  }

  /** Enqueues a copy of all of {@code host} to {@code target} from {@code offset} on. */
  public void copyToDevice(MemorySegment host, DeviceBuffer target, long offset, CudaStream on) {
    check();
    requireNative(host);
    target.require(offset, host.byteSize());
    if (host.byteSize() > 0) {
      driver.copyToDeviceAsync(
          target.address() + offset, host.address(), host.byteSize(), on.handle());
      traffic.toDevice(host.byteSize());
    }
  }

  /** The same on the context's stream. */
  public void copyToDevice(MemorySegment host, DeviceBuffer target, long offset) {
    copyToDevice(host, target, offset, stream);
  }

  /**
   * Enqueues a copy from {@code source}, from {@code offset} on, that fills {@code host}. The host
   * memory holds the result only after the stream was synchronized.
   */
  public void copyToHost(DeviceBuffer source, long offset, MemorySegment host, CudaStream on) {
    check();
    requireNative(host);
    source.require(offset, host.byteSize());
    if (host.byteSize() > 0) {
      driver.copyToHostAsync(
          host.address(), source.address() + offset, host.byteSize(), on.handle());
      traffic.toHost(host.byteSize());
    }
  }

  /** The same on the context's stream. */
  public void copyToHost(DeviceBuffer source, long offset, MemorySegment host) {
    copyToHost(source, offset, host, stream);
  }

  /** Enqueues a copy between buffers. */
  public void copyOnDevice(
      DeviceBuffer source, long from, DeviceBuffer target, long to, long bytes, CudaStream on) {
    check();
    source.require(from, bytes);
    target.require(to, bytes);
    if (bytes > 0) {
      driver.copyOnDeviceAsync(target.address() + to, source.address() + from, bytes, on.handle());
    }
  }

  /** Enqueues setting {@code count} 32-bit words from byte {@code offset} on. */
  public void fill(DeviceBuffer target, long offset, int word, long count, CudaStream on) {
    check();
    target.require(offset, 4 * count);
    if (count > 0) {
      driver.fillAsync(target.address() + offset, word, count, on.handle());
    }
  }

  private static void requireNative(MemorySegment memory) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("host memory must be off heap");
    }
  }

  // ---- streams, events, kernels, products

  /** The context's own stream. */
  public CudaStream stream() {
    check();
    return stream;
  }

  /** Another stream, for work beside the first. */
  public CudaStream createStream() {
    check();
    return enter(new CudaStream(this, driver.createStream()));
  }

  public CudaEvent createEvent() {
    check();
    return enter(new CudaEvent(this, driver.createEvent()));
  }

  /**
   * Records what work enqueues on the context's stream, instead of running it, as one graph. The
   * work may not wait for the device or copy from or to the host; buffers that it uses must live as
   * long as the graph.
   */
  public CudaGraph capture(Runnable work) {
    check();
    Traffic before = traffic.snapshot();
    driver.beginCapture(stream.handle());
    capturing = true;
    try {
      work.run();
    } catch (Throwable e) {
      endCapture(before);
      try {
        driver.destroyGraph(driver.endCapture(stream.handle()));
      } catch (NativeCallException invalidated) {
        e.addSuppressed(invalidated);
      }
      throw e;
    }
    endCapture(before);
    return enter(new CudaGraph(this, driver.endCapture(stream.handle())));
  }

  /** Nothing has run or moved yet. */
  private void endCapture(Traffic before) {
    capturing = false;
    traffic.reset(before);
  }

  /** Whether launches are recorded and not run. */
  boolean capturing() {
    return capturing;
  }

  /** Waits for all streams. */
  public void synchronize() {
    check();
    driver.synchronizeContext();
  }

  /**
   * A kernel of kernels.def; its file's image is loaded at first use.
   *
   * @throws IllegalArgumentException when kernels.def does not list it
   */
  public CudaKernel kernel(String name) {
    check();
    return kernels.computeIfAbsent(name, this::load);
  }

  private CudaKernel load(String name) {
    KernelTable.Entry entry = KernelTable.of(name);
    long module =
        modules.computeIfAbsent(
            KernelImages.moduleKey(entry.file(), driver), key -> loadModule(entry.file()));
    return new CudaKernel(this, entry, driver.function(module, name));
  }

  private long loadModule(String file) {
    try (Arena arena = Arena.ofConfined()) {
      return driver.loadModule(KernelImages.of(file, driver, device, arena));
    }
  }

  /** Loads kernels that kernels.def does not list: tests only. */
  CudaKernel kernel(String library, MemorySegment image, KernelTable.Entry entry) {
    check();
    long module = modules.computeIfAbsent(library, key -> driver.loadModule(image));
    return new CudaKernel(this, entry, driver.function(module, entry.name()));
  }

  /**
   * Matrix products on the context's stream.
   *
   * @throws org.geodex.error.UnavailableException with the paths tried, where cuBLAS is missing
   */
  public CudaBlas blas() {
    check();
    if (blas == null) {
      blas = new CudaBlas(this, driver.createBlas());
    }
    return blas;
  }

  // ---- what is open

  private <T extends AutoCloseable> T enter(T resource) {
    open.put(resource, REPORT_LEAKS ? new Throwable("allocated here") : null);
    return resource;
  }

  /** Frees a resource, the first time; on a lost context there is nothing to free. */
  void release(AutoCloseable resource, Runnable free) {
    check();
    boolean first = open.containsKey(resource);
    open.remove(resource);
    if (first && !driver.lost()) {
      free.run();
    }
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    try {
      call(
          () -> {
            shutDown();
            return null;
          });
    } finally {
      closed = true;
      executor.shutdown();
    }
  }

  private void shutDown() {
    open.remove(stream);
    boolean lost = isLost();
    Throwable leak = null;
    for (Map.Entry<AutoCloseable, Throwable> entry : Map.copyOf(wrapped(open)).entrySet()) {
      leak = entry.getValue() == NO_SITE ? leak : entry.getValue();
      closeQuietly(entry.getKey());
    }
    if (blas != null) {
      quietly(() -> driver.destroyBlas(blas.handle()));
    }
    quietly(() -> driver.destroyStream(stream.handle()));
    modules.values().forEach(module -> quietly(() -> driver.unloadModule(module)));
    quietly(() -> driver.setCurrent(0));
    if (lost && HELD.remove(key())) {
      quietly(() -> driver.releaseContext(device)); // the next one starts afresh
    }
    quietly(() -> driver.releaseContext(device));
    if (leak != null) {
      throw new IllegalStateException("a CUDA resource was not closed", leak);
    }
  }

  /** Whether a fault has ended the context: every call then says so. */
  private boolean isLost() {
    try {
      stream.synchronize();
      return false;
    } catch (DeviceLostException e) {
      return true;
    } catch (NativeCallException e) {
      return false; // closed in the middle of something: a recording, say
    }
  }

  private static final Throwable NO_SITE = new Throwable();

  private static Map<AutoCloseable, Throwable> wrapped(Map<AutoCloseable, Throwable> open) {
    Map<AutoCloseable, Throwable> map = new HashMap<>();
    open.forEach((resource, site) -> map.put(resource, site == null ? NO_SITE : site));
    return map;
  }

  private static void closeQuietly(AutoCloseable resource) {
    quietly(
        () -> {
          try {
            resource.close();
          } catch (GeodexException e) {
            throw e;
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  /** What cannot be freed one by one goes with the context. */
  private static void quietly(Runnable call) {
    try {
      call.run();
    } catch (NativeCallException | DeviceLostException e) {
      // The release of the context, which follows, frees what this could not.
    }
  }
}
