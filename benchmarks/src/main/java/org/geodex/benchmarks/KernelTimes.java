package org.geodex.benchmarks;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.geodex.cuda.CudaContext;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;

/**
 * Each kernel alone on data that lies on the device, by a {@link ColdTimer}, and what part of the
 * card's measured ceiling it reaches. Work is that of the kernels' headers. The f32 relaxations
 * need 1.5 instructions, the probe's pair 2.
 */
final class KernelTimes implements AutoCloseable {
  private static final int TILE = 128;
  private static final int WIDE = 64;
  private static final int ROWS_A_BLOCK = 8;
  private static final int COLUMNS_A_WARP = 128;
  private static final int ROWS_A_THREAD = 4;
  private static final int ELEMENTS_A_BLOCK = 1024;

  /** What limits a kernel. */
  enum Ceiling {
    COPY("B/s"),
    ADD("instructions/s"),
    ADD_MIN("add and minimum/s"),
    ADD_MIN_FUSED("fused add and minimum/s"),
    SGEMM("FLOP/s"),
    DGEMM("FLOP/s"),
    NONE("");

    final String unit;

    Ceiling(String unit) {
      this.unit = unit;
    }
  }

  /** Takes a kernel's figures: milliseconds, rate, its unit and what part it is of the ceiling. */
  @FunctionalInterface
  interface Sink {
    void accept(String kernel, Map<String, Object> figures);
  }

  /** What the kernels work on. */
  final DeviceData data;

  private final CudaContext context;
  private final ColdTimer timer;
  private final Map<Ceiling, Double> ceilings;
  private final Sink sink;
  private final boolean small;

  KernelTimes(
      CudaContext context,
      ColdTimer timer,
      Map<Ceiling, Double> ceilings,
      Sink sink,
      boolean small) {
    this.data = new DeviceData(context);
    this.context = context;
    this.timer = timer;
    this.ceilings = ceilings;
    this.sink = sink;
    this.small = small;
  }

  void run() {
    rows(small ? 130 : 65_536, small ? 24 : 768);
    pairs(small ? 130 : 8192, small ? 24 : 768);
    selection(small ? 16 : 2048, small ? 130 : 3072, small ? 24 : 768);
    floydWarshall(small ? 256 : 16_384);
    shortestPaths(small ? 200 : 20_000);
    counts(small ? 120 : 10_000);
    categorical(small ? 65 : 4096, small ? 17 : 1024);
    new LayerTimes(this, small).run();
  }

  // ---- measuring

  static int blocks(long n, int each) {
    return Math.toIntExact(Math.ceilDiv(n, (long) each));
  }

  /** Four elements a thread. */
  static Grid elements(long count) {
    return new Grid(blocks(count, ELEMENTS_A_BLOCK));
  }

  /** Four rows of a column a thread. */
  static Grid columnsOfRows(long n, int d) {
    return new Grid(blocks(d, 256), Math.min(blocks(n, ROWS_A_THREAD), 65_535));
  }

  /** 128 columns of a row a warp. */
  static Grid partsOfRows(long n, int d) {
    return new Grid(blocks(n, ROWS_A_BLOCK), blocks(d, COLUMNS_A_WARP));
  }

  /** Every tile on and above the diagonal. */
  private static Grid mirror(int n) {
    int tiles = blocks(n, 32);
    return new Grid(tiles * (tiles + 1) / 2);
  }

  /** Times a kernel and says what part of its ceiling it reaches. */
  void time(
      String kernel, Ceiling ceiling, double work, Grid grid, int shared, Object... arguments) {
    double millis =
        timer.millis(
            () -> context.kernel(kernel).launch(context.stream(), grid, shared, arguments));
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("ms", millis);
    if (ceiling == Ceiling.NONE) {
      System.out.printf(Locale.ROOT, "%-36s %10.4f ms%n", kernel, millis);
    } else {
      double rate = work / millis * 1e3;
      double part = 100 * rate / ceilings.get(ceiling);
      entry.put("rate", rate);
      entry.put("unit", ceiling.unit);
      entry.put("percent_of_ceiling", part);
      System.out.printf(
          Locale.ROOT,
          "%-36s %10.4f ms %10.3e %s, %.0f %%%n",
          kernel,
          millis,
          rate,
          ceiling.unit,
          part);
    }
    sink.accept(kernel, entry);
  }

  // ---- families

  private void rows(int n, int d) {
    DeviceBuffer x = data.values((long) n * d);
    DeviceBuffer z = data.allocate(4L * n * d);
    DeviceBuffer centre = data.doubles(d);
    DeviceBuffer first = data.allocate(8L * n);
    DeviceBuffer second = data.allocate(8L * n);
    int chunks = blocks(n, 1024);
    DeviceBuffer sums = data.allocate(8L * chunks * d);
    Grid warpARow = new Grid(blocks(n, ROWS_A_BLOCK));
    double once = 4.0 * n * d;
    long rows = n;
    time("gx_row_scales_f64", Ceiling.COPY, once, warpARow, 0, x, rows, d, 0, first);
    time(
        "gx_rows_prepare_f32",
        Ceiling.COPY,
        2 * once,
        warpARow,
        0,
        x,
        rows,
        d,
        0,
        centre,
        z,
        first);
    time("gx_row_lengths_f64", Ceiling.COPY, once, warpARow, 0, x, rows, d, centre, first, second);
    time("gx_row_longest_f32", Ceiling.COPY, once, warpARow, 0, x, rows, d, (long) d, first);
    Grid columns = new Grid(blocks(d, 32), chunks);
    time("gx_column_sums_f64", Ceiling.COPY, once, columns, 0, x, rows, d, 1024L, centre, 1, sums);
    Grid total = new Grid(blocks(d, 256));
    double partial = 8.0 * chunks * d;
    time("gx_column_total_f64", Ceiling.COPY, partial, total, 0, sums, chunks, d, 1.0, 0L, centre);
    long count = (long) n * d;
    Grid stream = new Grid(blocks(count, 1024));
    time("gx_probe_axpy_f32", Ceiling.COPY, 12.0 * count, stream, 0, 2f, x, z, count);
    data.close();
  }

  private void pairs(int n, int d) {
    DeviceBuffer x = data.values((long) n * d);
    DeviceBuffer out = data.allocate(8L * n * n);
    context.fill(out, 0, Float.floatToRawIntBits(1f), 2L * n * n, context.stream());
    DeviceBuffer xx = data.values(n);
    double work = 2.0 * n * n * d;
    long all = n;
    Grid tiles = new Grid(blocks(n, TILE), blocks(n, TILE));
    time(
        "gx_pairwise_sqeuclidean_f32",
        Ceiling.ADD,
        work,
        tiles,
        0,
        x,
        all,
        x,
        all,
        d,
        out,
        all,
        1,
        0);
    time(
        "gx_pairwise_chebyshev_f32",
        Ceiling.ADD_MIN,
        work / 2,
        tiles,
        0,
        x,
        all,
        x,
        all,
        d,
        out,
        all,
        0,
        0);
    time(
        "gx_gemm_f32",
        Ceiling.SGEMM,
        work,
        tiles,
        0,
        all,
        all,
        (long) d,
        x,
        (long) d,
        1L,
        x,
        (long) d,
        1L,
        out);
    Grid lines = new Grid(blocks(n, 1024), n);
    time(
        "gx_pairwise_expand_f32", Ceiling.COPY, 8.0 * n * n, lines, 0, out, all, all, xx, xx, 1, 0);
    // f64: 1/64 of the pairs, so that it stays short on cards with few f64 units
    long part = Math.max(1, n / 8);
    double pairs = (double) part * part * d;
    Grid wide = new Grid(blocks(part, WIDE), blocks(part, WIDE));
    time("gx_pairwise_fisher_f32", Ceiling.NONE, 0, wide, 0, x, part, x, part, d, out, part);
    for (String type : new String[] {"f32", "f64"}) {
      String kernel = "gx_pairwise_exact_" + type;
      time(kernel, Ceiling.DGEMM, 4 * pairs, wide, 0, 0, x, part, 0L, x, part, 0L, d, out, part, 0);
    }
    time(
        "gx_product_f64",
        Ceiling.DGEMM,
        2 * pairs,
        wide,
        0,
        part,
        part,
        (long) d,
        x,
        (long) d,
        1L,
        0L,
        0,
        x,
        (long) d,
        1L,
        0L,
        0,
        0L,
        0L,
        (long) d,
        out,
        0);
    int quarters = 4;
    double read = 8.0 * (quarters + 1) * part * part;
    Grid elements = new Grid(blocks(part * part, 1024));
    DeviceBuffer sum = data.doubles(part * part);
    time(
        "gx_product_total_f64", Ceiling.COPY, read, elements, 0, out, quarters, part, part, sum, 0);
    time("gx_mirror_f64", Ceiling.COPY, 8.0 * n * n, mirror(n), 0, out, all);
    time("gx_pairwise_diagonal_f32", Ceiling.NONE, 0, new Grid(blocks(n, 256)), 0, out, all);
    sums(n, out);
    data.close();
  }

  /** Sums over the pairs of rows, of n x n values. */
  private void sums(int n, DeviceBuffer values) {
    long all = n;
    double pass = 4.0 * n * n;
    DeviceBuffer sums = data.allocate(3 * 8L * n); // of two matrices: three pairs
    int warpARow = blocks(n, ROWS_A_BLOCK);
    Grid elements = elements(all * n);
    time("gx_pairs_values_f32", Ceiling.COPY, 2 * pass, elements, 0, values, all * n, 10.0);
    Grid two = new Grid(warpARow, 2);
    time("gx_pairs_row_sums_f64", Ceiling.COPY, 2 * pass, two, 0, values, all, all, 0L, sums);
    Grid three = new Grid(warpARow, 3);
    // The right halves of both once: what the other pairs read again may be in L2.
    time("gx_pairs_products_f64", Ceiling.COPY, pass, three, 0, values, all, all, 0L, sums);
  }

  private void selection(int rows, int columns, int d) {
    DeviceBuffer x = data.values((long) columns * d);
    DeviceBuffer scores = data.values((long) rows * columns);
    DeviceBuffer yy = data.values(Math.max(rows, columns));
    DeviceBuffer index = data.allocate(4L * rows * 256);
    DeviceBuffer distance = data.allocate(8L * rows * 256);
    DeviceBuffer certain = data.allocate(4L * rows);
    Grid grid = new Grid(blocks(rows, ROWS_A_BLOCK));
    double bytes = 4.0 * rows * columns;
    DeviceBuffer keys = null;
    for (int k : new int[] {256, 128, 64, 32}) {
      keys = data.allocate(8L * Math.max(rows, columns) * k);
      fold("gx_topk_" + k + "_f32", rows, scores, rows, columns, yy, keys);
      fold("gx_topk_columns_" + k + "_f32", columns, scores, rows, columns, yy, keys);
    }
    time(
        "gx_topk_rerank_f64",
        Ceiling.COPY,
        4.0 * rows * 32 * d,
        new Grid(rows),
        0,
        0,
        0,
        x,
        0L,
        x,
        0L,
        d,
        keys,
        32,
        15,
        yy,
        10.0,
        1e-6,
        index,
        distance,
        certain);
    DeviceBuffer exact = data.doubles((long) rows * columns);
    time(
        "gx_topk_exact_f64",
        Ceiling.COPY,
        2 * bytes,
        grid,
        0,
        exact,
        (long) columns,
        rows,
        columns,
        0L,
        15,
        index,
        distance);
    data.close();
  }

  private void fold(
      String kernel,
      int lists,
      DeviceBuffer scores,
      int rows,
      int columns,
      DeviceBuffer yy,
      DeviceBuffer keys) {
    Grid grid = new Grid(blocks(lists, ROWS_A_BLOCK));
    double bytes = 4.0 * rows * columns;
    long ld = columns;
    time(kernel, Ceiling.COPY, bytes, grid, 0, scores, ld, rows, columns, yy, 0, 0, 0, 0, keys, 1);
  }

  private void floydWarshall(int n) {
    int tiles = n / TILE;
    long count = (long) n * n;
    DeviceBuffer d = data.allocate(4 * count);
    DeviceBuffer panel = data.allocate(4L * TILE * n);
    DeviceBuffer closure = data.allocate(4L * TILE * TILE);
    Ring ring = new Ring(n);
    double bytes = 4.0 * count;
    double relaxations = (double) (tiles - 1) * tiles / 2 * TILE * TILE * TILE;
    Grid grid = new Grid(n);
    time(
        "gx_floyd_warshall_fill_f32",
        Ceiling.COPY,
        bytes,
        grid,
        0,
        ring.start,
        ring.column,
        ring.weight,
        n,
        d,
        (long) n);
    for (String type : new String[] {"_f32", "_s32"}) {
      if (type.equals("_s32")) {
        Grid words = elements(count);
        time("gx_fixed_from_f32", Ceiling.COPY, 2 * bytes, words, 0, d, count, 1f, d);
      }
      String name = "gx_floyd_warshall_";
      time(name + "diagonal" + type, Ceiling.NONE, 0, new Grid(1), 0, d, (long) n, 0, closure);
      time(
          name + "panel" + type,
          Ceiling.NONE,
          0,
          new Grid(n / 32),
          49_152,
          d,
          (long) n,
          0,
          closure,
          panel);
      time(
          name + "product" + type,
          type.equals("_f32") ? Ceiling.ADD_MIN : Ceiling.ADD_MIN_FUSED,
          relaxations,
          new Grid(tiles * (tiles + 1) / 2),
          65_536,
          d,
          (long) n,
          0,
          panel,
          closure);
    }
    time("gx_fixed_to_f32", Ceiling.COPY, 2 * bytes, elements(count), 0, d, count, 1f, d);
    time("gx_floyd_warshall_mirror_f32", Ceiling.COPY, bytes, mirror(n), 0, d, (long) n);
    data.close();
  }

  /** Vertices on a ring, each joined to the next 8 on both sides. */
  private final class Ring {
    private static final int REACH = 8;
    final DeviceBuffer start;
    final DeviceBuffer column;
    final DeviceBuffer weight;

    Ring(int n) {
      int[] starts = new int[n + 1];
      int[] columns = new int[2 * REACH * n];
      for (int v = 0; v < n; v++) {
        starts[v + 1] = starts[v] + 2 * REACH;
        for (int r = 1; r <= REACH; r++) {
          columns[starts[v] + 2 * r - 2] = Math.floorMod(v + r * r, n);
          columns[starts[v] + 2 * r - 1] = Math.floorMod(v - r * r, n);
        }
      }
      start = data.integers(starts);
      column = data.integers(columns);
      weight = data.values(columns.length);
    }
  }

  private void shortestPaths(int n) {
    Ring ring = new Ring(n);
    int blocks = Math.min(context.multiprocessors(), blocks(n, 32));
    int count = Math.min(n, 32 * blocks);
    int[] all = new int[n];
    Arrays.setAll(all, i -> i);
    DeviceBuffer sources = data.integers(all);
    DeviceBuffer work = data.allocate(4L * blocks * n * 32);
    DeviceBuffer out = data.allocate(4L * count * n);
    DeviceBuffer sweeps = data.allocate(4L * blocks);
    time(
        "gx_shortest_paths_f32",
        Ceiling.NONE,
        0,
        new Grid(blocks),
        12 * blocks(n, 32),
        ring.start,
        ring.column,
        ring.weight,
        n,
        sources,
        0L,
        count,
        sources,
        work,
        out,
        sweeps);
    data.close();
  }

  private void counts(int n) {
    int d = 8;
    DeviceBuffer x = data.values((long) n * d);
    DeviceBuffer dx = data.allocate(4L * n * n);
    DeviceBuffer counts = data.allocate(8L * n);
    Grid tiles = new Grid(blocks(n, TILE), blocks(n, TILE));
    context
        .kernel("gx_pairwise_chebyshev_f32")
        .launch(context.stream(), tiles, 0, x, (long) n, x, (long) n, d, dx, (long) n, 0, 0);
    time(
        "gx_ksg_counts_f32",
        Ceiling.COPY,
        8.0 * n * n,
        new Grid(n, 1),
        0,
        dx,
        dx,
        0L,
        (long) n,
        n,
        0,
        x,
        d,
        x,
        d,
        0L,
        0,
        0L,
        4,
        1,
        0,
        0f,
        counts,
        counts.address() + 4L * n,
        0L);
    data.close();
  }

  private void categorical(int n, int d) {
    DeviceBuffer x = data.values((long) n * d);
    DeviceBuffer logarithms = data.allocate(8L * n * d);
    DeviceBuffer out = data.allocate(8L * n * n);
    double values = (double) n * d;
    long rows = n;
    Grid warpARow = new Grid(blocks(n, ROWS_A_BLOCK));
    time(
        "gx_log_probabilities_f64",
        Ceiling.COPY,
        12 * values,
        warpARow,
        0,
        x,
        rows,
        d,
        0,
        logarithms);
    Grid wide = new Grid(blocks(n, WIDE), blocks(n, WIDE));
    time(
        "gx_kl_categorical_f32",
        Ceiling.DGEMM,
        4 * values * n,
        wide,
        0,
        logarithms,
        rows,
        logarithms,
        rows,
        d,
        out);
    time(
        "gx_kl_categorical_rows_f64",
        Ceiling.COPY,
        16 * values,
        warpARow,
        0,
        logarithms,
        logarithms,
        rows,
        d,
        out);
    data.close();
  }

  @Override
  public void close() {
    data.close();
  }
}
