package org.geodex.benchmarks;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.geodex.benchmarks.KernelTimes.Ceiling;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.DeviceBuffer;

/** The kernels of a transformer's layers and of training, as {@link KernelTimes} measures them. */
final class LayerTimes {
  private static final int COLUMNS = 256;
  private static final int ELEMENTS = 1024;
  private static final int CHUNK = 4096;
  private static final int HEAD = 64;
  private static final int QUERIES = 64;
  private static final int FEW = 8;

  /** Dynamic shared bytes of attention at a head size of 64, as kernels.def has them. */
  private static final int ATTENTION_SHARED = 44800;

  private final KernelTimes times;
  private final boolean small;

  LayerTimes(KernelTimes times, boolean small) {
    this.times = times;
    this.small = small;
  }

  void run() {
    linear(small ? 130 : 4096, small ? 24 : 768);
    rowWise(small ? 130 : 65_536, small ? 24 : 768);
    attention(small ? 2 : 12, small ? 70 : 1024, small ? 1 : 8);
    elements(small ? 130 : 65_536, small ? 24 : 768);
    losses(small ? 40 : 4096, small ? 24 : 768);
    times.freeAll();
  }

  private static Grid by(long n, int each) {
    return new Grid(KernelTimes.blocks(n, each));
  }

  private static Grid byRows(long n, int d) {
    return new Grid(KernelTimes.blocks(d, COLUMNS), (int) Math.min(n, 65535));
  }

  /** A projection d to 4d with bias and gelu; then of eight rows, as a decoding step has it. */
  private void linear(int m, int d) {
    int n = 4 * d;
    DeviceBuffer x = times.values((long) m * d);
    DeviceBuffer w = times.values((long) n * d);
    DeviceBuffer bias = times.values(n);
    DeviceBuffer y = times.allocate(4L * m * n);
    double work = 2.0 * m * n * d;
    Object[] after = {(long) n, (long) d, x, w, 1L, (long) n, bias, 1, 0L, 0L, y};
    for (String type : new String[] {"f32", "f16", "bf16"}) {
      for (int tile : new int[] {64, 128}) {
        Grid grid = new Grid(KernelTimes.blocks(n, tile), KernelTimes.blocks(m, tile));
        String kernel = "gx_linear_%s_%d".formatted(type, tile);
        times.time(kernel, Ceiling.SGEMM, work, grid, 0, with((long) m, after));
      }
      double weights = (type.equals("f32") ? 4.0 : 2.0) * n * d;
      String kernel = "gx_linear_rows_" + type;
      times.time(kernel, Ceiling.COPY, weights, by(n, 32), 0, with(FEW, after));
    }
    times.time(
        "gx_linear_finish_f32",
        Ceiling.COPY,
        8.0 * m * n,
        byRows(m, n),
        0,
        (long) m,
        (long) n,
        bias,
        1,
        0L,
        0L,
        y);
    times.freeAll();
  }

  private static Object[] with(Number first, Object[] rest) {
    return Stream.concat(Stream.of(first), Stream.of(rest)).toArray();
  }

  private void rowWise(int n, int d) {
    DeviceBuffer x = times.values((long) n * d);
    DeviceBuffer y = times.allocate(4L * n * d);
    DeviceBuffer gain = times.values(d);
    DeviceBuffer ids = times.integers(IntStream.range(0, n).toArray());
    double both = 8.0 * n * d;
    long rows = n;
    Grid warps = by(n, 8);
    Grid grid = byRows(n, d);
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
        1L,
        1L,
        0L,
        y,
        (long) d,
        1L,
        1L,
        0L);
    times.freeAll();
  }

  /** Causal attention of heads of 64; half of the pairs count. */
  private void attention(int heads, int length, int batch) {
    int width = heads * HEAD;
    long tokens = (long) batch * length;
    DeviceBuffer qkv = times.values(tokens * 3 * width);
    DeviceBuffer out = times.allocate(4 * tokens * width);
    long ld = 3L * width;
    Grid grid = new Grid(KernelTimes.blocks(length, QUERIES), heads, batch);
    times.time(
        "gx_attention_64_f32",
        Ceiling.SGEMM,
        2.0 * tokens * length * width,
        grid,
        ATTENTION_SHARED,
        length,
        length,
        length,
        HEAD,
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
    times.freeAll();
  }

  private void elements(int n, int d) {
    long count = (long) n * d;
    long rows = n;
    DeviceBuffer a = times.values(count);
    DeviceBuffer b = times.values(count);
    DeviceBuffer c = times.values(count);
    DeviceBuffer v = times.values(count);
    DeviceBuffer bias = times.values(d);
    DeviceBuffer sums = times.allocate(8L * KernelTimes.blocks(count, CHUNK));
    double pass = 4.0 * count;
    Grid grid = byRows(n, d);
    Grid run = by(count, ELEMENTS);
    times.time("gx_network_bias_f32", Ceiling.COPY, 2 * pass, grid, 0, a, bias, rows, d, 1);
    times.time("gx_network_pair_f32", Ceiling.COPY, 3 * pass, grid, 0, a, b, rows, d, 1L, bias, c);
    times.time("gx_network_mask_f32", Ceiling.COPY, 3 * pass, run, 0, a, b, count);
    long half = rows / 2;
    times.time("gx_network_halves_f32", Ceiling.COPY, 1.5 * pass, grid, 0, a, half, d, 1L, c);
    times.time("gx_network_add_f32", Ceiling.COPY, 3 * pass, run, 0, a, b, count, c);
    Grid chunks = by(count, CHUNK);
    times.time("gx_network_squares_f64", Ceiling.COPY, pass, chunks, 0, a, count, sums);
    long blocks = KernelTimes.blocks(count, CHUNK);
    DeviceBuffer factors = times.values(4);
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
    times.freeAll();
  }

  private void losses(int n, int d) {
    long rows = n;
    double square = 4.0 * n * n;
    DeviceBuffer own = times.values(rows * n);
    DeviceBuffer given = times.values(rows * n);
    DeviceBuffer squares = times.values(n);
    DeviceBuffer sums = times.allocate(24L * n);
    DeviceBuffer fit = times.doubles(2);
    DeviceBuffer value = times.values(2);
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
    DeviceBuffer y = times.values(3L * n * d);
    DeviceBuffer gradient = times.values(3L * n * d);
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
    times.freeAll();
  }
}
