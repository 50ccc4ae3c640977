package org.geodex.benchmarks;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.geodex.benchmarks.KernelTimes.Ceiling;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;

/** The kernels of a transformer's layers and of training, as {@link KernelTimes} measures them. */
final class LayerTimes {
  private static final int CHUNK = 4096;
  private static final int QUERIES = 64;
  private static final int FEW = 8;

  private final KernelTimes times;
  private final boolean small;

  LayerTimes(KernelTimes times, boolean small) {
    this.times = times;
    this.small = small;
  }

  void run() {
    linear(small ? 130 : 4096, small ? 24 : 768);
    fewRows(small ? 24 : 1600);
    rowWise(small ? 130 : 65_536, small ? 24 : 768);
    for (int head : new int[] {64, 128, 256}) {
      attention(head, small ? 2 : 768 / head, small ? 70 : 1024, small ? 1 : 8);
    }
    elements(small ? 130 : 65_536, small ? 24 : 768);
    losses(small ? 40 : 4096, small ? 24 : 768);
    times.data.close();
  }

  private static Grid by(long n, int each) {
    return new Grid(KernelTimes.blocks(n, each));
  }

  /** A projection d to 4d with bias and gelu. */
  private void linear(int m, int d) {
    int n = 4 * d;
    DeviceBuffer x = times.data.values((long) m * d);
    DeviceBuffer w = times.data.values((long) n * d);
    DeviceBuffer bias = times.data.values(n);
    DeviceBuffer y = times.data.allocate(4L * m * n);
    double work = 2.0 * m * n * d;
    Object[] after = {(long) n, (long) d, x, w, 1L, (long) n, bias, 1, 0L, 0L, y};
    for (String type : new String[] {"f32", "f16", "bf16"}) {
      for (int tile : new int[] {64, 128}) {
        Grid grid = new Grid(KernelTimes.blocks(n, tile), KernelTimes.blocks(m, tile));
        String kernel = "gx_linear_%s_%d".formatted(type, tile);
        times.time(kernel, Ceiling.SGEMM, work, grid, 0, with((long) m, after));
      }
    }
    times.time(
        "gx_linear_finish_f32",
        Ceiling.COPY,
        8.0 * m * n,
        KernelTimes.columnsOfRows(m, n),
        0,
        (long) m,
        (long) n,
        bias,
        1,
        0L,
        0L,
        y);
    times.data.close();
  }

  /** The same for eight rows, as a decoding step has it. */
  private void fewRows(int d) {
    int n = 4 * d;
    DeviceBuffer x = times.data.values((long) FEW * d);
    DeviceBuffer w = times.data.values((long) n * d);
    DeviceBuffer bias = times.data.values(n);
    DeviceBuffer y = times.data.allocate(4L * FEW * n);
    Object[] after = {(long) n, (long) d, x, w, 1L, (long) n, bias, 1, 0L, 0L, y};
    for (String type : new String[] {"f32", "f16", "bf16"}) {
      double weights = (type.equals("f32") ? 4.0 : 2.0) * n * d;
      String kernel = "gx_linear_rows_" + type;
      times.time(kernel, Ceiling.COPY, weights, by(n, 32), 0, with(FEW, after));
    }
    times.data.close();
  }

  private static Object[] with(Number first, Object[] rest) {
    return Stream.concat(Stream.of(first), Stream.of(rest)).toArray();
  }

  private void rowWise(int n, int d) {
    DeviceBuffer x = times.data.values((long) n * d);
    DeviceBuffer y = times.data.allocate(4L * n * d);
    DeviceBuffer gain = times.data.values(d);
    DeviceBuffer ids = times.data.integers(IntStream.range(0, n).toArray());
    double both = 8.0 * n * d;
    long rows = n;
    Grid warps = by(n, 8);
    Grid grid = KernelTimes.partsOfRows(n, d);
    times.time("gx_norm_f32", Ceiling.COPY, both, warps, 0, x, rows, d, gain, gain, 1e-5f, 0, y);
    int f32 = 0;
    times.time(
        "gx_embed_f32",
        Ceiling.COPY,
        both,
        grid,
        0,
        rows,
        d,
        x,
        f32,
        ids,
        0L,
        f32,
        0L,
        0L,
        f32,
        0L,
        y);
    times.time(
        "gx_copy_rows_f32",
        Ceiling.COPY,
        both,
        grid,
        0,
        rows,
        d,
        x,
        (long) d,
        ids,
        0,
        1L,
        1L,
        0L,
        y,
        (long) d,
        1L,
        1L,
        0L);
    times.data.close();
  }

  /** Causal attention, of which half of the pairs count; then weights times values. */
  private void attention(int head, int heads, int length, int batch) {
    int width = heads * head;
    long tokens = (long) batch * length;
    DeviceBuffer qkv = times.data.values(tokens * 3 * width);
    DeviceBuffer out = times.data.allocate(4 * tokens * width);
    long ld = 3L * width;
    Grid grid = new Grid(KernelTimes.blocks(length, QUERIES), heads, batch);
    times.time(
        "gx_attention_%d_f32".formatted(head),
        Ceiling.SGEMM,
        2.0 * tokens * length * width,
        grid,
        4 * (head * (68 + 36) + 32 * head + 64 * 36 + 3 * 64), // the formula of attention.cu
        length,
        length,
        length,
        head,
        0.125f,
        1,
        qkv,
        ld,
        qkv.address() + 4L * width,
        ld,
        qkv.address() + 8L * width,
        ld,
        0L,
        0L,
        out,
        0L,
        0L);
    DeviceBuffer weights = times.data.values((long) heads * tokens * length);
    times.time(
        "gx_attention_values_%d_f32".formatted(head),
        Ceiling.SGEMM,
        2.0 * tokens * length * width,
        grid,
        4 * (32 * head + 64 * 36 + 3 * 64),
        length,
        length,
        length,
        head,
        weights,
        qkv,
        ld,
        out);
    DeviceBuffer sums = times.data.allocate(16L * heads);
    times.time(
        "gx_attention_statistics_f64",
        Ceiling.NONE,
        0,
        new Grid(heads),
        0,
        weights,
        batch,
        length,
        length,
        0L,
        sums);
    times.data.close();
  }

  private void elements(int n, int d) {
    long count = (long) n * d;
    long rows = n;
    DeviceBuffer a = times.data.values(count);
    DeviceBuffer b = times.data.values(count);
    DeviceBuffer c = times.data.values(count);
    DeviceBuffer v = times.data.values(count);
    DeviceBuffer bias = times.data.values(d);
    DeviceBuffer sums = times.data.allocate(8L * KernelTimes.blocks(count, CHUNK));
    double pass = 4.0 * count;
    Grid grid = KernelTimes.columnsOfRows(n, d);
    Grid run = KernelTimes.elements(count);
    times.time("gx_network_bias_f32", Ceiling.COPY, 2 * pass, grid, 0, a, bias, rows, d, 1);
    times.time("gx_network_pair_f32", Ceiling.COPY, 3 * pass, grid, 0, a, b, rows, d, 1L, bias, c);
    // Positive everywhere: nothing is masked, and nothing written.
    times.time("gx_network_mask_f32", Ceiling.COPY, pass, run, 0, a, b, count);
    long half = rows / 2;
    Grid halves = KernelTimes.columnsOfRows(half, d);
    times.time("gx_network_halves_f32", Ceiling.COPY, 1.5 * pass, halves, 0, a, half, d, 1L, c);
    Grid part = KernelTimes.elements(count / 2);
    times.time("gx_network_narrow_f32", Ceiling.COPY, 1.5 * pass, part, 0, a, count / 2, c);
    long probes = rows / 4;
    Grid quarter = KernelTimes.elements(probes * d);
    times.time("gx_network_probe_f32", Ceiling.COPY, pass, quarter, 0, a, rows / 2, probes, d, b);
    times.time("gx_network_add_f32", Ceiling.COPY, 3 * pass, run, 0, a, b, count, c);
    Grid chunks = by(count, CHUNK);
    times.time("gx_network_squares_f64", Ceiling.COPY, pass, chunks, 0, a, count, sums);
    long blocks = KernelTimes.blocks(count, CHUNK);
    DeviceBuffer factors = times.data.values(4);
    times.time(
        "gx_network_advance_f64", Ceiling.NONE, 0, new Grid(1), 0, sums, blocks, 1.0, factors);
    times.time(
        "gx_network_adamw_f32",
        Ceiling.COPY,
        7 * pass,
        run,
        0,
        a,
        b,
        c,
        v,
        count,
        factors,
        0.99f,
        1e-3f);
    times.time("gx_loss_residual_f64", Ceiling.COPY, 3 * pass, chunks, 0, a, b, count, 1f, c, sums);
    times.time("gx_loss_pull_f32", Ceiling.COPY, 3 * pass, run, 0, a, b, count, factors);
    DeviceBuffer factor = times.data.values(1);
    times.time(
        "gx_loss_pull_f64", Ceiling.NONE, 0, new Grid(1), 0, sums, sums, blocks, 1.0, 1, factor);
    times.time(
        "gx_loss_total_f64", Ceiling.NONE, 0, new Grid(1), 0, sums, blocks, 1.0, 0.0, factor);
    times.data.close();
  }

  private void losses(int n, int d) {
    long rows = n;
    double square = 4.0 * n * n;
    DeviceBuffer own = times.data.values(rows * n);
    DeviceBuffer given = times.data.values(rows * n);
    DeviceBuffer squares = times.data.values(n);
    DeviceBuffer sums = times.data.allocate(24L * n);
    DeviceBuffer fit = times.data.doubles(2);
    DeviceBuffer value = times.data.values(2);
    Grid warps = by(n, 8);
    Grid one = new Grid(1);
    times.time("gx_loss_info_nce_f64", Ceiling.COPY, 2 * square, warps, 0, own, rows, given, sums);
    times.time(
        "gx_loss_distances_f64",
        Ceiling.COPY,
        3 * square,
        warps,
        0,
        own,
        squares,
        given,
        rows,
        sums);
    times.time("gx_loss_stress_f64", Ceiling.NONE, 0, one, 0, sums, rows, fit, value);
    times.time(
        "gx_loss_stress_weights_f32",
        Ceiling.COPY,
        3 * square,
        warps,
        0,
        own,
        given,
        fit,
        rows,
        squares);
    times.time(
        "gx_loss_donsker_varadhan_f64",
        Ceiling.NONE,
        0,
        one,
        0,
        own,
        rows,
        0.9,
        value,
        given,
        value);
    DeviceBuffer index = times.data.ordinals(n);
    times.time(
        "gx_network_gather_pairs_f32",
        Ceiling.COPY,
        2 * square,
        KernelTimes.columnsOfRows(n, n),
        0,
        own,
        rows,
        index,
        rows,
        given);
    times.time(
        "gx_loss_diagonal_f32", Ceiling.NONE, 0, KernelTimes.elements(n), 0, own, rows, squares);
    DeviceBuffer y = times.data.values(3L * n * d);
    DeviceBuffer gradient = times.data.values(3L * n * d);
    times.time(
        "gx_loss_curvature_f64",
        Ceiling.COPY,
        28.0 * n * d,
        warps,
        0,
        y,
        rows,
        rows,
        d,
        1f,
        gradient,
        sums);
    Grid columns = KernelTimes.columnsOfRows(3L * n, d);
    DeviceBuffer mean = times.data.doubles(d);
    times.time(
        "gx_loss_centre_f32",
        Ceiling.COPY,
        24.0 * n * d,
        columns,
        0,
        y,
        mean,
        0L,
        3 * rows,
        d,
        gradient);
    DeviceBuffer rowSums = times.data.values(3L * n);
    DeviceBuffer product = times.data.values(3L * n * d);
    times.time(
        "gx_loss_stress_gradient_f32",
        Ceiling.COPY,
        48.0 * n * d,
        columns,
        0,
        y,
        product,
        rowSums,
        0L,
        1f,
        3 * rows,
        d,
        gradient);
    times.data.close();
  }
}
