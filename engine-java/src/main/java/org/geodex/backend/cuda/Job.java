package org.geodex.backend.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.geodex.backend.Parallel;
import org.geodex.cuda.CudaBlas;
import org.geodex.cuda.CudaContext;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.CudaEvent;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;
import org.geodex.matrix.StoredMatrix;

/**
 * One operation on the device: buffers that end with it, launches in order on the context's stream,
 * results fetched. It lives on the context's thread, and closing it waits for the device.
 */
final class Job implements AutoCloseable {
  /** Rows and columns of a pair tile of the f32 kernels. */
  static final int TILE = 128;

  /** Rows and columns of a pair tile of the f64 kernels. */
  static final int WIDE_TILE = 64;

  /** Threads of every kernel but the shortest paths. */
  static final int THREADS = 256;

  private static final int ROWS_A_BLOCK = 8;
  private static final int COLUMNS_A_WARP = 128;
  private static final int ROWS_A_THREAD = 4;
  private static final int ELEMENTS_A_BLOCK = 1024;
  private static final int MIRROR_TILE = 32;
  private static final int MAX_GRID_Y = 65535;

  /** A strip of a result; two are under way. */
  private static final long STRIP_BYTES = 64L << 20;

  private final Device device;
  private final CudaContext context;
  private final Arena arena = Arena.ofConfined();
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private boolean copying;

  Job(Device device) {
    this.device = device;
    this.context = device.context();
  }

  // ---- memory

  DeviceBuffer allocate(long bytes) {
    DeviceBuffer buffer = device.residency().take(bytes);
    open.push(new Temporary(device.residency(), buffer));
    return buffer;
  }

  /** A buffer that goes back when the job ends; what is enqueued may still use it. */
  private record Temporary(Residency residency, DeviceBuffer buffer) implements AutoCloseable {
    @Override
    public void close() {
      residency.give(buffer);
    }
  }

  /** Gives a buffer back before the job ends. */
  void release(DeviceBuffer buffer) {
    Temporary temporary = new Temporary(device.residency(), buffer);
    open.remove(temporary);
    temporary.close();
  }

  DeviceBuffer floats(long count) {
    return allocate(4 * count);
  }

  DeviceBuffer ints(long count) {
    return allocate(4 * count);
  }

  DeviceBuffer doubles(long count) {
    return allocate(8 * count);
  }

  /** The matrix on the device: where it lies already, or a copy for this operation. */
  DeviceBuffer upload(Matrix x) {
    DeviceMemory memory = DeviceMemory.of(device, x);
    return memory == null ? upload(x.reading()) : memory.forReading(x.start(), x.bytes());
  }

  /** Little is copied by the driver from where it lies, much through pinned memory. */
  DeviceBuffer upload(MemorySegment host) {
    DeviceBuffer buffer = allocate(host.byteSize());
    if (host.byteSize() > Residency.PART) {
      device.residency().copyToDevice(host, buffer);
    } else {
      context.copyToDevice(host.isNative() ? host : offHeap(host), buffer, 0);
      copying = true;
    }
    return buffer;
  }

  private MemorySegment offHeap(MemorySegment heap) {
    return arena.allocate(heap.byteSize(), Double.BYTES).copyFrom(heap);
  }

  /** The copy of stored weights, in the type they are stored in. */
  DeviceBuffer weights(StoredMatrix stored) {
    return DeviceWeights.of(device, stored);
  }

  /**
   * Where a result is to be written: the matrix itself on the device, or a buffer; null for null.
   */
  DeviceBuffer target(Matrix out) {
    if (out == null) {
      return null;
    }
    DeviceMemory memory = DeviceMemory.of(device, out);
    return memory == null
        ? floats(out.rows() * out.columns())
        : memory.forWriting(out.start(), out.bytes());
  }

  /**
   * Makes what a buffer holds the matrix's values: on the host fetched, and waited for; on the
   * device true from now on, also where the buffer was uploaded to be changed in place. Nothing
   * where nobody wants it: null.
   */
  void deliver(DeviceBuffer result, Matrix out) {
    if (out == null) {
      return;
    }
    if (DeviceMemory.of(device, out) == null) {
      download(result, out.segment());
    } else {
      target(out);
    }
  }

  /** Enqueues a copy between buffers. */
  void copy(DeviceBuffer source, long from, DeviceBuffer target, long to, long bytes) {
    context.copyOnDevice(source, from, target, to, bytes, context.stream());
  }

  DeviceBuffer upload(double[] values) {
    return upload(MemorySegment.ofArray(values));
  }

  DeviceBuffer upload(float[] values) {
    return upload(MemorySegment.ofArray(values));
  }

  DeviceBuffer upload(int[] values) {
    return upload(MemorySegment.ofArray(values));
  }

  /** Null becomes the address 0, which the kernels read as "none". */
  static Object orNone(DeviceBuffer buffer) {
    return buffer == null ? (Object) 0L : buffer;
  }

  Object uploadOrNone(double[] values) {
    return values == null ? (Object) 0L : upload(values);
  }

  Object uploadOrNone(Matrix x) {
    return x == null ? (Object) 0L : upload(x);
  }

  /** Fills host memory from the start of a buffer and waits. */
  void download(DeviceBuffer source, MemorySegment host) {
    if (host.byteSize() > Residency.PART) {
      device.residency().copyToHost(source, host);
      return;
    }
    boolean heap = !host.isNative();
    MemorySegment arrived = heap ? arena.allocate(host.byteSize(), Double.BYTES) : host;
    context.copyToHost(source, 0, arrived);
    context.stream().synchronize();
    if (heap) {
      host.copyFrom(arrived);
    }
  }

  double[] downloadDoubles(DeviceBuffer source, int count) {
    double[] values = new double[count];
    download(source, MemorySegment.ofArray(values));
    return values;
  }

  float[] downloadFloats(DeviceBuffer source, int count) {
    float[] values = new float[count];
    download(source, MemorySegment.ofArray(values));
    return values;
  }

  int[] downloadInts(DeviceBuffer source, int count) {
    int[] values = new int[count];
    download(source, MemorySegment.ofArray(values));
    return values;
  }

  Matrix64 downloadMatrix(DeviceBuffer source, int rows, int columns) {
    Matrix64 result = Matrix64.allocate(rows, columns);
    try {
      download(source, result.segment());
      return result;
    } catch (Throwable e) {
      result.close();
      throw e;
    }
  }

  /** Bytes that buffers may still take: what is free, with a tenth left for the driver. */
  long freeMemory() {
    return device.residency().available();
  }

  /** Those of the host. */
  Parallel cores() {
    return device.cores();
  }

  int multiprocessors() {
    return context.multiprocessors();
  }

  // ---- launches

  /** Enqueues a kernel without dynamic shared memory. */
  void launch(String kernel, Grid grid, Object... arguments) {
    launchShared(kernel, grid, 0, arguments);
  }

  void launchShared(String kernel, Grid grid, int dynamicShared, Object... arguments) {
    context.kernel(kernel).launch(context.stream(), grid, dynamicShared, arguments);
  }

  /** Blocks for n things, {@code each} to a block. */
  static int blocks(long n, int each) {
    return Math.toIntExact(Math.max(1, Math.ceilDiv(n, (long) each)));
  }

  /** One block for every tile of an n x m result. */
  static Grid tiles(long n, long m, int tile) {
    return new Grid(blocks(m, tile), blocks(n, tile));
  }

  /** One warp a row. */
  static Grid warpARow(long n) {
    return new Grid(blocks(n, ROWS_A_BLOCK));
  }

  /** One warp for every 128 columns of a row. */
  static Grid partsOfRows(long n, int d) {
    return new Grid(blocks(n, ROWS_A_BLOCK), blocks(d, COLUMNS_A_WARP));
  }

  /** Four rows of a column a thread, as far as the grid reaches. */
  static Grid columnsOfRows(long n, int d) {
    return new Grid(blocks(d, THREADS), Math.min(blocks(n, ROWS_A_THREAD), MAX_GRID_Y));
  }

  /** For kernels that know no rows. */
  static Grid elements(long count) {
    return new Grid(blocks(count, ELEMENTS_A_BLOCK));
  }

  /** One block for every tile on and above the diagonal of an n x n matrix. */
  static Grid mirror(int n) {
    int tiles = blocks(n, MIRROR_TILE);
    return new Grid(Math.toIntExact(tiles * (tiles + 1L) / 2));
  }

  /** The address of row {@code i} of a row-major f32 matrix with {@code d} columns. */
  static long row(DeviceBuffer x, long i, long d) {
    return x.address() + 4 * i * d;
  }

  /**
   * C[m,n] = op(A)·op(B), f32: cuBLAS, or our own kernel where cuBLAS is missing. Leading
   * dimensions are the lengths of the stored rows.
   */
  void product(
      boolean transposeA,
      boolean transposeB,
      int m,
      int n,
      int k,
      long a,
      int lda,
      long b,
      int ldb,
      DeviceBuffer c) {
    if (device.products() == Products.OWN) {
      launch(
          "gx_gemm_f32",
          tiles(m, n, TILE),
          (long) m,
          (long) n,
          (long) k,
          a,
          transposeA ? 1L : (long) lda,
          transposeA ? (long) lda : 1L,
          b,
          transposeB ? (long) ldb : 1L,
          transposeB ? 1L : (long) ldb,
          c);
      return;
    }
    CudaBlas blas = context.blas();
    blas.sgemm(transposeA, transposeB, m, n, k, 1, a, lda, b, ldb, 0, c.address(), n);
  }

  /**
   * C[m,n] = A·op(B) of a model's layer by cuBLAS: the one product that TF32 may be asked for.
   *
   * @param transpose B is stored [n,k]
   */
  void linearProduct(boolean transpose, int m, int n, int k, long a, long b, DeviceBuffer c) {
    boolean tf32 = device.products() == Products.TF32;
    if (tf32) {
      context.blas().allowTf32(true);
    }
    try {
      product(false, transpose, m, n, k, a, k, b, transpose ? k : n, c);
    } finally {
      if (tf32) {
        context.blas().allowTf32(false);
      }
    }
  }

  // ---- results that are larger than the device's memory

  /** Enqueues the rows [from, from + rows) of a result into a buffer. */
  @FunctionalInterface
  interface RowMaker {
    void make(long from, int rows, DeviceBuffer into);
  }

  /**
   * Room for one strip of a result: {@value #STRIP_BYTES} bytes, or the system property {@code
   * geodex.cuda.strip}.
   */
  static long stripBytes() {
    return stripBytes(STRIP_BYTES);
  }

  private static long stripBytes(long otherwise) {
    return Long.getLong("geodex.cuda.strip", otherwise);
  }

  /**
   * Rows that an operation makes at once of what it keeps for itself: all of them, so that of a
   * symmetric matrix half is computed, or as many as half of the free memory (the system property
   * {@code geodex.cuda.strip}) holds.
   */
  int rowsAtOnce(int n, long rowBytes) {
    return fitting(n, rowBytes, stripBytes(freeMemory() / 2));
  }

  /** Whether a matrix lies on the device. */
  boolean isResident(Matrix x) {
    return DeviceMemory.of(device, x) != null;
  }

  /** Whether a result is made as a whole: on the device, or in one strip. */
  boolean isWhole(Matrix out) {
    return isResident(out) || stripRows(out, 4L * out.columns()) >= out.rows();
  }

  /**
   * Makes a result [n,m] of f32: where it stays on the device at once, else in strips of rows. Two
   * strips are under way: while one is copied to pinned memory and from there to {@code out}, the
   * next is computed.
   */
  void stream(Matrix out, RowMaker maker) {
    if (isResident(out)) {
      maker.make(0, out.intRows(), target(out));
      return;
    }
    long rowBytes = 4L * out.columns();
    int atOnce = stripRows(out, rowBytes);
    Strips strips = new Strips(out, rowBytes, null, atOnce);
    DeviceBuffer[] made = new DeviceBuffer[strips.count()];
    for (int s = 0; s < made.length; s++) {
      made[s] = allocate(atOnce * rowBytes);
    }
    for (long from = 0; from < out.rows(); from += atOnce) {
      int count = (int) Math.min(atOnce, out.rows() - from);
      int turn = strips.next();
      maker.make(from, count, made[turn]);
      strips.fetch(turn, made[turn], 0, from, count, device.residency().now());
    }
    strips.finish();
  }

  /**
   * Copies a result to the host that lies on the device: rows [first, first + count) of {@code out}
   * at the start of {@code all}. They come in waves, and what one wave made is copied while the
   * next is computed.
   *
   * @param pitch values from one row of {@code all} to the next
   * @param rows rows[i] is where row i of what is made belongs; null for i
   * @param wave rows of a wave
   * @param maker enqueues the rows from one on, counted from 0, into {@code all}
   */
  void fetch(
      DeviceBuffer all,
      long first,
      long count,
      Matrix out,
      int pitch,
      int[] rows,
      int wave,
      RowMaker maker) {
    long rowBytes = 4L * pitch;
    List<CudaEvent> made = new ArrayList<>();
    for (long from = 0; from < count; from += wave) {
      int some = (int) Math.min(wave, count - from);
      maker.make(from, some, all.slice(from * rowBytes, some * rowBytes));
      CudaEvent event = context.createEvent();
      open.push(event);
      event.record(context.stream());
      made.add(event);
    }
    int atOnce = Math.min(wave, stripRows(out, rowBytes));
    Strips strips = new Strips(out, rowBytes, rows, atOnce);
    for (int w = 0; w < made.size(); w++) {
      long end = Math.min(count, (w + 1L) * wave);
      for (long from = (long) w * wave; from < end; from += atOnce) {
        int some = (int) Math.min(atOnce, end - from);
        strips.fetch(strips.next(), all, from * rowBytes, first + from, some, made.get(w));
      }
    }
    strips.finish();
  }

  private static int stripRows(Matrix out, long rowBytes) {
    return fitting(out.rows(), rowBytes, stripBytes());
  }

  /** All rows, or whole tiles of them. */
  private static int fitting(long rows, long rowBytes, long bytes) {
    long fitting = Math.max(TILE, bytes / Math.max(1, rowBytes) / TILE * TILE);
    return (int) Math.min(Math.max(1, rows), fitting);
  }

  /** Strips of rows on their way to a result on the host: one arrives while one is put in place. */
  private final class Strips {
    private final Matrix out;
    private final long pitchBytes;
    private final int[] rows;
    private final List<Strip> strips = new ArrayList<>();
    private int turn;

    /**
     * @param rows rows[i] is where row i of what is made belongs; null for i
     * @param atOnce most rows of a strip
     */
    Strips(Matrix out, long pitchBytes, int[] rows, int atOnce) {
      this.out = out;
      this.pitchBytes = pitchBytes;
      this.rows = rows;
      for (int s = 0; s < (atOnce < out.rows() ? 2 : 1); s++) {
        Strip strip = new Strip(device.residency().arrival(atOnce * pitchBytes));
        open.push(strip.arrival::release);
        strips.add(strip);
      }
    }

    int count() {
      return strips.size();
    }

    /** The strip that is to be filled next; what it held is put in place first. */
    int next() {
      int free = turn;
      turn = (turn + 1) % strips.size();
      deliver(strips.get(free));
      return free;
    }

    void fetch(int strip, DeviceBuffer source, long at, long first, int count, CudaEvent after) {
      Strip next = strips.get(strip);
      next.from = first;
      next.count = count;
      next.arrival.begin(source, at, count * pitchBytes, after);
    }

    void finish() {
      for (int s = 0; s < strips.size(); s++) {
        next();
      }
    }

    private void deliver(Strip strip) {
      if (strip.count == 0) {
        return;
      }
      MemorySegment arrived = strip.arrival.await();
      MemorySegment values = out.segment();
      long width = 4L * out.columns();
      if (pitchBytes == width && rows == null) {
        device
            .residency()
            .copy(arrived, values.asSlice(out.offset(strip.from), arrived.byteSize()));
      } else {
        device
            .cores()
            .forEach(
                strip.count,
                row -> {
                  long to = strip.from + row;
                  long place = out.offset(rows == null ? to : rows[(int) to]);
                  MemorySegment.copy(arrived, row * pitchBytes, values, place, width);
                });
      }
      strip.count = 0;
    }
  }

  /** Rows in pinned memory, or on their way there. */
  private static final class Strip {
    private final Residency.Arrival arrival;
    private long from;
    private int count;

    Strip(Residency.Arrival arrival) {
      this.arrival = arrival;
    }
  }

  /** Row i lies at i / group * stride + first + i % group. */
  record Places(long group, long stride, long first) {
    static final Places SAME = new Places(1, 1, 0);
  }

  /**
   * Enqueues copies of {@code count} rows.
   *
   * @param x address of the source, {@code ldx} elements a row
   * @param y the target, without gaps between its rows of {@code d}
   */
  void copyRows(long x, long ldx, Places source, int d, DeviceBuffer y, Places target, long count) {
    copyRows(x, ldx, 0L, 0, source, d, y, target, count);
  }

  /**
   * Enqueues y[i] = x[index[i]] for rows of {@code d} values.
   *
   * @param index f32 values where {@code floats}, else ints
   */
  void copyRows(
      DeviceBuffer x, DeviceBuffer index, boolean floats, int d, DeviceBuffer y, long count) {
    copyRows(x.address(), d, index, floats ? 1 : 0, Places.SAME, d, y, Places.SAME, count);
  }

  private void copyRows(
      long x,
      long ldx,
      Object index,
      int type,
      Places source,
      int d,
      DeviceBuffer y,
      Places target,
      long count) {
    launch(
        "gx_copy_rows_f32",
        partsOfRows(count, d),
        count,
        d,
        x,
        ldx,
        index,
        type,
        source.group(),
        source.stride(),
        source.first(),
        y,
        (long) d,
        target.group(),
        target.stride(),
        target.first());
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    if (copying) {
      try {
        context.stream().synchronize(); // the host's memory is free to change from here on
      } catch (RuntimeException e) {
        failure = e;
      }
    }
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (RuntimeException e) {
        failure = e;
      } catch (Exception e) {
        failure = new IllegalStateException(e);
      }
    }
    arena.close();
    if (failure != null) {
      throw failure;
    }
  }
}
