package org.geodex.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.cuda.CudaContext;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.CudaEvent;
import org.geodex.cuda.CudaOptions;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourGraph;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.information.KsgParameters;
import org.geodex.matrix.Matrix;

/**
 * What a card does, measured: its ceilings (copy bandwidth, instruction rates, cuBLAS), then the
 * operations from host memory to host memory, the median of three after a first run. Prints a table
 * and writes a JSON file.
 *
 * <p>Arguments: binding, driver, JSON file; {@code small} as a fourth makes the shapes small, for a
 * run on the emulator that shows only that the lane works.
 */
public final class GpuLane {
  private static final int REPEATS = 3;

  private final CudaOptions options;
  private final Path json;
  private final boolean small;
  private final Map<String, Object> results = new LinkedHashMap<>();

  private GpuLane(CudaOptions options, Path json, boolean small) {
    this.options = options;
    this.json = json;
    this.small = small;
  }

  public static void main(String[] args) throws IOException {
    new GpuLane(
            new CudaOptions(args[0], args[1], 0),
            Path.of(args[2]),
            args.length > 3 && args[3].equals("small"))
        .run();
  }

  private void run() throws IOException {
    try (CudaContext context = CudaContext.open(options)) {
      results.put("device", context.deviceName());
      results.put("binding", context.binding());
      results.put("jdk", System.getProperty("java.version"));
      context.call(
          () -> {
            results.put("driver_cuda", context.driver().version());
            ceilings(context);
            return null;
          });
    }
    try (Backend cuda = open("cuda")) {
      operations(cuda);
    }
    write();
  }

  private Backend open(String backend) {
    BackendOptions defaults = BackendOptions.defaults();
    return Backends.open(
        new BackendOptions(
            backend,
            options.binding(),
            options.driver(),
            defaults.threads(),
            defaults.memoryBudget()));
  }

  // ---- ceilings

  private void ceilings(CudaContext context) {
    long n = small ? 1 << 14 : 1L << 27;
    try (DeviceBuffer x = context.allocate(4 * n);
        DeviceBuffer y = context.allocate(4 * n)) {
      context.fill(x, 0, 0, n, context.stream());
      double millis =
          millis(
              context,
              () ->
                  context
                      .kernel("gx_probe_copy_f32")
                      .launch(context.stream(), new Grid((int) (n / 1024)), 0, x, y, n));
      report("copy GB/s", 8.0 * n / millis * 1e-6);
    }
    int blocks = (small ? 1 : 16) * context.multiprocessors();
    int steps = small ? 16 : 1 << 15;
    double operations = (double) blocks * 256 * 8 * steps;
    try (DeviceBuffer out = context.allocate(4L * 256 * blocks)) {
      rate(context, "gx_probe_fadd_f32", blocks, out, 1f, steps, operations);
      rate(context, "gx_probe_addmin_f32", blocks, out, 1f, steps, operations);
      rate(context, "gx_probe_viaddmin_s32", blocks, out, 1, steps, operations);
    }
    products(context);
  }

  private void rate(
      CudaContext context,
      String kernel,
      int blocks,
      DeviceBuffer out,
      Number a,
      int steps,
      double operations) {
    double millis =
        millis(
            context,
            () ->
                context
                    .kernel(kernel)
                    .launch(context.stream(), new Grid(blocks), 0, out, a, steps));
    report(kernel + " T/s", operations / millis * 1e-9);
  }

  private void products(CudaContext context) {
    int n = small ? 64 : 8192;
    try (DeviceBuffer a = context.allocate(4L * n * n);
        DeviceBuffer c = context.allocate(4L * n * n)) {
      context.fill(a, 0, Float.floatToRawIntBits(0.5f), (long) n * n, context.stream());
      double millis =
          millis(
              context,
              () ->
                  context
                      .blas()
                      .sgemm(
                          false,
                          true,
                          n,
                          n,
                          n,
                          1,
                          a.address(),
                          n,
                          a.address(),
                          n,
                          0,
                          c.address(),
                          n));
      report("sgemm TFLOP/s", 2.0 * n * n * n / millis * 1e-9);
    }
  }

  private static double millis(CudaContext context, Runnable launch) {
    launch.run();
    double[] times = new double[REPEATS];
    try (CudaEvent start = context.createEvent();
        CudaEvent end = context.createEvent()) {
      for (int i = 0; i < REPEATS; i++) {
        start.record(context.stream());
        launch.run();
        end.record(context.stream());
        end.synchronize();
        times[i] = end.millisSince(start);
      }
    }
    Arrays.sort(times);
    return times[REPEATS / 2];
  }

  // ---- operations, end to end

  private void operations(Backend cuda) {
    results.put("operations_on", cuda.device());
    int d = small ? 24 : 768;
    int n = small ? 130 : 16_384;
    try (Matrix.Owned x = Manifold.rows(1, n, d);
        Matrix.Owned out = Matrix.allocate(n, n)) {
      time(
          "pairwise euclidean n=" + n + " d=" + d,
          () -> cuda.geometry().pairwise(x, x, Metric.EUCLIDEAN, out));
      time("knn k=15 n=" + n + " d=" + d, () -> cuda.geometry().knn(x, null, 15, Metric.EUCLIDEAN));
      NeighbourTable table = cuda.geometry().knn(x, null, 15, Metric.EUCLIDEAN);
      Graph graph = NeighbourGraph.of(table, NeighbourGraph.Kind.UNION);
      int[] all = IntStream.range(0, n).toArray();
      double seconds =
          time(
              "shortest paths n=" + n + " k=15",
              () -> cuda.geometry().shortestPaths(graph, all, out, null));
      report("relaxations of n^3, T/s", (double) n * n * n / seconds * 1e-12);
    }
    neighbours(cuda, small ? 200 : 50_000, d);
    int m = small ? 120 : 10_000;
    try (Matrix.Owned x = Manifold.rows(2, m, d);
        Matrix.Owned y = Manifold.rows(3, m, d)) {
      time(
          "ksg k=4 n=%d d=%d".formatted(m, 2 * d),
          () ->
              cuda.information()
                  .ksgCounts(x, y, null, KsgParameters.of(4, KsgParameters.Variant.ONE)));
      time("column moments n=%d d=%d".formatted(m, d), () -> cuda.information().columnMoments(x));
    }
  }

  private void neighbours(Backend cuda, int n, int d) {
    try (Matrix.Owned x = Manifold.rows(4, n, d)) {
      time("knn k=15 n=" + n + " d=" + d, () -> cuda.geometry().knn(x, null, 15, Metric.EUCLIDEAN));
    }
  }

  private double time(String name, Runnable operation) {
    operation.run();
    double[] seconds = new double[REPEATS];
    for (int i = 0; i < REPEATS; i++) {
      long start = System.nanoTime();
      operation.run();
      seconds[i] = (System.nanoTime() - start) * 1e-9;
    }
    Arrays.sort(seconds);
    report(name + ", s", seconds[REPEATS / 2]);
    return seconds[REPEATS / 2];
  }

  private void report(String name, double value) {
    System.out.printf(Locale.ROOT, "%-48s %12.4f%n", name, value);
    results.put(name, value);
  }

  private void write() throws IOException {
    StringBuilder text = new StringBuilder("{\n");
    String comma = "";
    for (Map.Entry<String, Object> entry : results.entrySet()) {
      Object value = entry.getValue();
      text.append(comma).append("  \"").append(entry.getKey()).append("\": ");
      text.append(value instanceof Number ? value : "\"" + value + "\"");
      comma = ",\n";
    }
    Files.writeString(json, text.append("\n}\n"));
  }
}
