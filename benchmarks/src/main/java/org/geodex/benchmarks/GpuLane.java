package org.geodex.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.geodex.activation.LayerStates;
import org.geodex.activation.TokenTable;
import org.geodex.analysis.LayerAnalysis;
import org.geodex.analysis.ModelAnalysis;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.benchmarks.KernelTimes.Ceiling;
import org.geodex.cuda.CudaBlas;
import org.geodex.cuda.CudaContext;
import org.geodex.cuda.CudaDriver.Grid;
import org.geodex.cuda.CudaOptions;
import org.geodex.cuda.DeviceBuffer;
import org.geodex.cuda.KernelTable;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourGraph;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.information.KsgParameters;
import org.geodex.matrix.ElementType;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.TokenBatch;

/**
 * What a card does, measured: its ceilings (copy bandwidth, instruction rates, cuBLAS), each kernel
 * against them, then the operations from host memory to host memory, forward passes and a training
 * step, the median of three after a first run, and an analysis, once. What is large is checked too.
 * Prints a table and writes a JSON file, which says what is missing in it.
 *
 * <p>Arguments: binding, driver, JSON file; {@code small} as a fourth makes the shapes small, for a
 * run on the emulator that shows only that the lane works.
 */
public final class GpuLane {
  private enum Phase {
    CEILINGS,
    KERNELS,
    PAIRS,
    NEIGHBOURS,
    GEODESIC,
    INFORMATION,
    FORWARD,
    TRAINING,
    ANALYSIS
  }

  private static final int REPEATS = 3;

  private static final ObjectWriter JSON = new ObjectMapper().writerWithDefaultPrettyPrinter();

  /**
   * Memory of an operation, not three quarters of what is free: a virtual machine may begin with
   * little and be given more as it asks.
   */
  private static final long BUDGET = 64L << 30;

  private final CudaOptions options;
  private final Path json;
  private final boolean small;
  private final Map<String, Object> results = new LinkedHashMap<>();
  private final Map<Ceiling, Double> ceilings = new EnumMap<>(Ceiling.class);
  private final Set<Phase> missing = EnumSet.allOf(Phase.class);
  private RuntimeException failure;

  private GpuLane(CudaOptions options, Path json, boolean small) {
    this.options = options;
    this.json = json;
    this.small = small;
    for (Ceiling ceiling : Ceiling.values()) {
      ceilings.put(ceiling, Double.NaN); // until measured: without cuBLAS two never are
    }
  }

  public static void main(String[] args) {
    new GpuLane(
            new CudaOptions(args[0], args[1], 0),
            Path.of(args[2]),
            args.length > 3 && args[3].equals("small"))
        .run();
  }

  private void run() {
    if (!options.binding().equals("panama")) {
      missing.remove(Phase.ANALYSIS); // once is enough
    }
    try (CudaContext context = CudaContext.open(options)) {
      results.put("device", context.deviceName());
      results.put("binding", context.binding());
      results.put("jdk", System.getProperty("java.version"));
      context.call(
          () -> {
            results.put("driver_cuda", context.driver().version());
            try (ColdTimer timer = new ColdTimer(context, small)) {
              phase(Phase.CEILINGS, () -> ceilings(context, timer));
              phase(Phase.KERNELS, () -> kernels(context, timer));
            }
            return null;
          });
    }
    try (Backend cuda = open("cuda")) {
      results.put("operations_on", cuda.device());
      int d = small ? 24 : 768;
      phase(Phase.PAIRS, () -> pairs(cuda, small ? 130 : 16_384, d));
      phase(Phase.NEIGHBOURS, () -> neighbours(cuda, small ? 200 : 50_000, d));
      phase(Phase.GEODESIC, () -> geodesic(cuda, small ? 130 : 20_000, d));
      phase(Phase.INFORMATION, () -> information(cuda, small ? 120 : 10_000, d));
      phase(Phase.FORWARD, () -> forward(cuda));
      phase(Phase.TRAINING, () -> training(cuda, small ? 16 : 512, d));
      phase(Phase.ANALYSIS, () -> analyze(cuda));
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** A failure is kept for the end: it costs no other phase its numbers. */
  private void phase(Phase phase, Runnable work) {
    if (!missing.contains(phase)) {
      return;
    }
    try {
      work.run();
      missing.remove(phase);
    } catch (RuntimeException e) {
      e.printStackTrace();
      results.put(phase + " failed", e.toString());
      failure = failure == null ? e : failure;
    }
    write();
  }

  private Backend open(String backend) {
    BackendOptions defaults = BackendOptions.defaults();
    long budget = small ? defaults.memoryBudget() : BUDGET;
    results.put("memory_budget", budget);
    return Backends.open(
        new BackendOptions(
            backend, options.binding(), options.driver(), defaults.threads(), budget));
  }

  // ---- ceilings

  private void ceilings(CudaContext context, ColdTimer timer) {
    report("two events alone, ms", timer.millis(() -> {}));
    long n = small ? 1 << 14 : 1L << 27;
    try (DeviceData data = new DeviceData(context)) {
      DeviceBuffer x = data.values(n);
      DeviceBuffer y = data.allocate(4 * n);
      Grid grid = new Grid((int) (n / 1024));
      double millis =
          timer.millis(
              () -> context.kernel("gx_probe_copy_f32").launch(context.stream(), grid, 0, x, y, n));
      ceiling("copy GB/s", Ceiling.COPY, 8.0 * n / millis * 1e3, 1e-9);
    }
    rate(context, timer, "gx_probe_fadd_f32", Ceiling.ADD, 1f);
    rate(context, timer, "gx_probe_addmin_f32", Ceiling.ADD_MIN, 1f);
    rate(context, timer, "gx_probe_viaddmin_s32", Ceiling.ADD_MIN_FUSED, 1);
    products(context, timer);
  }

  private void ceiling(String name, Ceiling ceiling, double aSecond, double unit) {
    ceilings.put(ceiling, aSecond);
    report(name, aSecond * unit);
  }

  /** Each kernel of kernels.def. */
  private void kernels(CudaContext context, ColdTimer timer) {
    Map<String, Map<String, Object>> kernels = new LinkedHashMap<>();
    results.put("kernels", kernels);
    KernelTimes.Sink sink =
        (kernel, figures) -> {
          kernels.put(kernel, figures);
          write();
        };
    try (KernelTimes times = new KernelTimes(context, timer, ceilings, sink, small)) {
      times.run();
      List<String> untimed =
          KernelTable.all().stream()
              .map(KernelTable.Entry::name)
              .filter(name -> !kernels.containsKey(name) && !results.containsKey(name + " T/s"))
              .filter(name -> !name.equals("gx_probe_copy_f32"))
              .toList();
      if (!untimed.isEmpty()) {
        throw new IllegalStateException("kernels that the lane does not time: " + untimed);
      }
    }
  }

  private void rate(
      CudaContext context, ColdTimer timer, String kernel, Ceiling ceiling, Number a) {
    int blocks = (small ? 1 : 16) * context.multiprocessors();
    int steps = small ? 16 : 1 << 15;
    double operations = (double) blocks * 256 * 8 * steps;
    Grid grid = new Grid(blocks);
    try (DeviceBuffer out = context.allocate(4L * 256 * blocks)) {
      double millis =
          timer.millis(
              () -> context.kernel(kernel).launch(context.stream(), grid, 0, out, a, steps));
      ceiling(kernel + " T/s", ceiling, operations / millis * 1e3, 1e-12);
    }
  }

  /** Of random numbers: a card is faster on constants, whose bits do not change. */
  private void products(CudaContext context, ColdTimer timer) {
    int n = small ? 64 : 8192;
    int half = n / 2;
    CudaBlas blas = context.blas();
    try (DeviceData data = new DeviceData(context)) {
      long c = data.allocate(4L * n * n).address();
      long a = data.values((long) n * n).address();
      double millis = timer.millis(() -> blas.sgemm(false, true, n, n, n, 1, a, n, a, n, 0, c, n));
      ceiling("sgemm TFLOP/s", Ceiling.SGEMM, 2.0 * n * n * n / millis * 1e3, 1e-12);
      long b = data.doubles((long) half * half).address();
      millis =
          timer.millis(
              () -> blas.dgemm(false, true, half, half, half, 1, b, half, b, half, 0, c, half));
      ceiling("dgemm TFLOP/s", Ceiling.DGEMM, 2.0 * half * half * half / millis * 1e3, 1e-12);
    }
  }

  // ---- operations, end to end

  private void pairs(Backend cuda, int n, int d) {
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
  }

  private void information(Backend cuda, int n, int d) {
    try (Matrix.Owned x = Manifold.rows(2, n, d);
        Matrix.Owned y = Manifold.rows(3, n, d)) {
      time(
          "ksg k=4 n=%d d=%d".formatted(n, 2 * d),
          () ->
              cuda.information()
                  .ksgCounts(x, y, null, KsgParameters.of(4, KsgParameters.Variant.ONE)));
      time("column moments n=%d d=%d".formatted(n, d), () -> cuda.information().columnMoments(x));
    }
  }

  private void neighbours(Backend cuda, int n, int d) {
    try (Matrix.Owned x = Manifold.rows(4, n, d)) {
      String name = "knn k=15 n=" + n + " d=" + d;
      double seconds = time(name, () -> cuda.geometry().knn(x, null, 15, Metric.EUCLIDEAN));
      double product = 2.0 * n * n * d / ceilings.get(Ceiling.SGEMM);
      report("knn over cuBLAS's time of its product", seconds / product);
      NeighbourTable table = cuda.geometry().knn(x, null, 15, Metric.EUCLIDEAN);
      check(name + ", difference to f64", LaneChecks.difference(x, table), 1e-6);
    }
  }

  /** Neighbours, graph and all paths, against the same on the host's cores. */
  private void geodesic(Backend cuda, int n, int d) {
    try (Matrix.Owned x = Manifold.rows(5, n, d);
        Backend cpu = open("cpu")) {
      String name = "geodesic k=15 n=%d d=%d".formatted(n, d);
      double seconds = time(name, () -> geodesic(cuda, x).close());
      time(name + ", left on the device", () -> geodesicOnDevice(cuda, x));
      double host = time(name + ", cpu backend", () -> geodesic(cpu, x).close());
      report("cpu over cuda", host / seconds);
      try (Matrix.Owned found = geodesic(cuda, x);
          Matrix.Owned expected = geodesic(cpu, x)) {
        check(name + ", difference to cpu", LaneChecks.difference(found, expected), 1e-5);
      }
    }
  }

  /** Reports the largest relative difference; no number passes that is not below the limit. */
  private void check(String name, double difference, double limit) {
    report(name, difference);
    if (!(difference <= limit)) {
      throw new IllegalStateException("%s: %s, allowed %s".formatted(name, difference, limit));
    }
  }

  private static Matrix.Owned geodesic(Backend backend, Matrix x) {
    return GeodesicDistances.matrix(backend, graph(backend, x));
  }

  private static void geodesicOnDevice(Backend backend, Matrix x) {
    Graph graph = graph(backend, x);
    try (Matrix.Owned lengths = backend.allocate(graph.n(), graph.n())) {
      backend.geometry().shortestPaths(graph, GeodesicDistances.all(graph), lengths, null);
      await(lengths);
    }
  }

  private static Graph graph(Backend backend, Matrix x) {
    NeighbourTable table = backend.geometry().knn(x, null, 15, Metric.EUCLIDEAN);
    return NeighbourGraph.of(table, NeighbourGraph.Kind.UNION);
  }

  /** Forward passes with all hidden states kept on the device. */
  private void forward(Backend cuda) {
    if (small) {
      forward(cuda, SyntheticGpt2.SMALLEST, ElementType.BF16, 2, 8);
    } else {
      forward(cuda, SyntheticGpt2.BASE, ElementType.F32, 8, 512);
      forward(cuda, SyntheticGpt2.BASE, ElementType.BF16, 8, 512);
      forward(cuda, SyntheticGpt2.LARGEST, ElementType.F32, 4, 512);
      forward(cuda, SyntheticGpt2.LARGEST, ElementType.BF16, 4, 512);
    }
  }

  private void training(Backend cuda, int n, int d) {
    try (MineStep step = new MineStep(cuda, n, d)) {
      int steps = small ? 3 : 200;
      double seconds =
          time(
              "MINE, %d steps, batch %d, d=%d".formatted(steps, n, d),
              () -> {
                for (int i = 0; i < steps; i++) {
                  step.run();
                }
                step.bound();
              });
      report("MINE step, ms", seconds / steps * 1e3);
    }
  }

  /** Fetches a row, so that the work has run to its end. */
  private static void await(Matrix last) {
    try (Matrix.Owned first = last.gather(new int[] {0})) {
      first.get(0, 0);
    }
  }

  private void forward(
      Backend cuda, SyntheticGpt2.Shape shape, ElementType type, int size, int length) {
    TokenBatch batch = tokens(shape, size, length);
    try (Model model = Model.load(SyntheticGpt2.write(shape, type), cuda)) {
      String name = "forward %s %s, %d x %d".formatted(shape.name(), type, size, length);
      double seconds =
          time(
              name,
              () -> {
                try (Activations states =
                    model.forward(batch, Keep.hiddenStates(), LayerHook.NONE)) {
                  await(states.get("hidden_states." + shape.layers()));
                }
              });
      report(name + ", tokens/s", size * length / seconds);
      report(
          name + ", % of cuBLAS",
          100 * size * length * shape.flopsPerToken() / seconds / ceilings.get(Ceiling.SGEMM));
    }
  }

  private static TokenBatch tokens(SyntheticGpt2.Shape shape, int size, int length) {
    SplittableRandom random = new SplittableRandom(2);
    int[][] ids = new int[size][];
    for (int i = 0; i < size; i++) {
      ids[i] = random.ints(length, 0, shape.vocabulary()).toArray();
    }
    return TokenBatch.of(ids);
  }

  /** What {@code geodex analyze} computes over 100 000 random tokens, once, phase by phase. */
  private void analyze(Backend cuda) {
    SyntheticGpt2.Shape shape = small ? SyntheticGpt2.SMALLEST : SyntheticGpt2.BASE;
    TokenTable table = TokenTable.of(small ? tokens(shape, 4, 40) : tokens(shape, 196, 512));
    try (Model model = Model.load(SyntheticGpt2.write(shape, ElementType.F32), cuda)) {
      String name = "analyze %s, %d tokens: ".formatted(shape.name(), table.rows());
      long start = System.nanoTime();
      try (LayerStates states = LayerStates.run(model, table, 8, cuda, done -> {})) {
        await(states.states().getLast());
        report(name + "forward, s", (System.nanoTime() - start) * 1e-9);
        start = System.nanoTime();
        ModelAnalysis.of(
            cuda, "gpt2", states, "thirds", LayerAnalysis.Settings.defaults(), () -> {});
        report(name + "figures, s", (System.nanoTime() - start) * 1e-9);
      }
    }
    results.put("analyze_on_the_host", cuda.hostOperations());
  }

  private double time(String name, Runnable operation) {
    double[] seconds = new double[small ? 1 : REPEATS];
    if (!small) {
      operation.run();
    }
    for (int i = 0; i < seconds.length; i++) {
      long start = System.nanoTime();
      operation.run();
      seconds[i] = (System.nanoTime() - start) * 1e-9;
    }
    Arrays.sort(seconds);
    report(name + ", s", seconds[seconds.length / 2]);
    return seconds[seconds.length / 2];
  }

  private void report(String name, double value) {
    String format = value != 0 && Math.abs(value) < 1e-3 ? "%-48s %12.3e%n" : "%-48s %12.4f%n";
    System.out.printf(Locale.ROOT, format, name, value);
    results.put(name, value);
    write();
  }

  /** After every number, so that a lane that is cut short leaves what it had: a whole file. */
  private void write() {
    Map<String, Object> state = new LinkedHashMap<>(results);
    state.put("missing", missing);
    state.put("complete", missing.isEmpty());
    Path part = Path.of(json + ".part");
    try {
      JSON.writeValue(part.toFile(), state);
      Files.move(part, json, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
