package org.geodex.alignment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.geodex.backend.Backend;
import org.geodex.error.MemoryBudgetException;
import org.geodex.matrix.Matrix;

/**
 * Every setting, on every split, with every seed, for both maps: M_G → M_I and M_I → M_L. Settings
 * are paired: all see the same splits and start from the same random numbers.
 *
 * <p>A cell that was finished by an earlier run on the same data with the same parameters is read
 * instead of run. Cells run side by side, one on each worker; which worker has no influence on the
 * result.
 */
public final class AlignmentStudy {
  /** Changes whenever a cell's numbers would; part of every key. */
  private static final int FORMAT = 2;

  /** The two maps. */
  public enum Direction {
    GLOBAL_INTERMEDIATE("global → intermediate"),
    INTERMEDIATE_LOCAL("intermediate → local");

    private final String words;

    Direction(String words) {
      this.words = words;
    }

    /** For people. */
    public String words() {
      return words;
    }

    @Override
    public String toString() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }

    Matrix source(ScaleRows rows) {
      return this == GLOBAL_INTERMEDIATE ? rows.global() : rows.intermediate();
    }

    Matrix target(ScaleRows rows) {
      return this == GLOBAL_INTERMEDIATE ? rows.intermediate() : rows.local();
    }
  }

  /**
   * What to run.
   *
   * @param settings with the baseline among them
   * @param seeds of training and of the document split
   * @param splits of the documents for each seed
   * @param firstSeed everything random follows from it
   * @param extent of the measures
   */
  public record Plan(
      List<Setting> settings,
      TrainingParameters training,
      int seeds,
      int splits,
      long firstSeed,
      AlignmentMeasures.Extent extent) {
    public Plan {
      List<Setting> all = new ArrayList<>(settings);
      if (!all.contains(Setting.BASELINE)) {
        all.add(Setting.BASELINE);
      }
      settings = List.copyOf(all);
    }

    /** How many results there will be. */
    public int cells() {
      return settings.size() * seeds * splits * Direction.values().length;
    }
  }

  private final List<Backend> workers;
  private final ScaleRows rows;
  private final Plan plan;
  private final CellStore store;
  private final Runnable done;
  private final String data;
  private final AtomicInteger resumed = new AtomicInteger();

  /**
   * Prepares a study.
   *
   * @param workers one or more backends of one kind; a cell runs on one of them
   * @param cells folder of the finished cells, or null to keep none
   * @param done called after each cell
   */
  public AlignmentStudy(
      List<Backend> workers, ScaleRows rows, Plan plan, Path cells, Runnable done) {
    this.workers = List.copyOf(workers);
    this.rows = rows;
    this.plan = plan;
    this.store = new CellStore(cells);
    this.done = done;
    this.data = digest(rows);
    checkFits();
  }

  /** Runs what is not there yet; cells by seed, split, direction, in the order of the settings. */
  List<AlignmentCell> run() {
    List<AlignmentCell> cells = new ArrayList<>();
    for (int seed = 0; seed < plan.seeds(); seed++) {
      for (int split = 0; split < plan.splits(); split++) {
        for (Direction direction : Direction.values()) {
          cells.addAll(run(seed, split, direction));
        }
      }
    }
    return cells;
  }

  /** Cells that were read from an earlier run. */
  int resumed() {
    return resumed.get();
  }

  private List<AlignmentCell> run(int seed, int split, Direction direction) {
    Map<String, AlignmentCell> cells = new LinkedHashMap<>();
    Queue<Setting> missing = new ArrayDeque<>();
    for (Setting setting : plan.settings()) {
      AlignmentCell cell = store.find(key(setting, seed, split, direction)).orElse(null);
      cells.put(setting.name(), cell);
      if (cell == null) {
        missing.add(setting);
      } else {
        resumed.incrementAndGet();
        done.run();
      }
    }
    if (!missing.isEmpty()) {
      long splitSeed = plan.firstSeed() + 1_000_003L * seed + 7_919L * split;
      DocumentSplit parts = DocumentSplit.of(rows.documents(), splitSeed);
      try (AlignmentProblem problem =
          new AlignmentProblem(
              workers.getFirst(),
              direction.source(rows),
              direction.target(rows),
              parts,
              plan.training().neighbours())) {
        new Queued(problem, seed, split, direction, new ConcurrentLinkedQueue<>(missing), cells)
            .run();
      }
    }
    return List.copyOf(cells.values());
  }

  /** The missing cells of one problem, taken by the workers one after the other. */
  private final class Queued {
    private final AlignmentProblem problem;
    private final int seed;
    private final int split;
    private final Direction direction;
    private final Queue<Setting> queue;
    private final Map<String, AlignmentCell> cells;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    Queued(
        AlignmentProblem problem,
        int seed,
        int split,
        Direction direction,
        Queue<Setting> queue,
        Map<String, AlignmentCell> cells) {
      this.problem = problem;
      this.seed = seed;
      this.split = split;
      this.direction = direction;
      this.queue = queue;
      this.cells = cells;
    }

    void run() {
      List<Thread> threads = new ArrayList<>();
      for (Backend worker : workers.subList(1, workers.size())) {
        threads.add(Thread.ofPlatform().daemon().name("align").start(() -> drain(worker)));
      }
      drain(workers.getFirst());
      boolean interrupted = false;
      for (Thread thread : threads) {
        while (thread.isAlive()) {
          try {
            thread.join();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      switch (failure.get()) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable e -> throw new IllegalStateException(e);
      }
    }

    private void drain(Backend backend) {
      try {
        for (Setting next = queue.poll();
            next != null && failure.get() == null;
            next = queue.poll()) {
          AlignmentCell cell = cell(backend, next);
          store.save(cell);
          synchronized (cells) {
            cells.put(next.name(), cell);
          }
          done.run();
        }
      } catch (Throwable e) {
        failure.compareAndSet(null, e);
      }
    }

    private AlignmentCell cell(Backend backend, Setting setting) {
      long start = System.nanoTime();
      try (AffineMap identity = AffineMap.identity(problem.columns())) {
        ScaleMap closed =
            switch (setting.map()) {
              case IDENTITY -> identity;
              case MOMENTS -> problem.moments(backend);
              case PROCRUSTES -> problem.procrustes(backend);
              case RIDGE -> problem.ridge(backend);
            };
        if (!setting.trained()) {
          return measured(backend, setting, closed, -1, List.of(), start);
        }
        MapTraining.Trained trained =
            MapTraining.run(
                backend,
                problem,
                closed,
                setting.weights(),
                plan.training(),
                plan.firstSeed() + 100L * seed + split);
        try (ResidualMap map = trained.map()) {
          return measured(backend, setting, map, trained.best(), trained.curve(), start);
        }
      }
    }

    private AlignmentCell measured(
        Backend backend,
        Setting setting,
        ScaleMap map,
        int best,
        List<MapTraining.Epoch> curve,
        long start) {
      AlignmentProblem.Part test = problem.test();
      AlignmentProblem.Part validation = problem.validation();
      try (Matrix.Owned mapped = map.apply(backend, test.source());
          Matrix.Owned seen = map.apply(backend, validation.source())) {
        double epsilon = AlignmentMeasures.KL_EPSILON;
        KlBound bound = KlBound.of(backend, seen, validation.target(), epsilon);
        Map<String, Double> measures =
            AlignmentMeasures.of(
                backend,
                mapped,
                test.target(),
                test.geodesic(),
                plan.training().neighbours(),
                plan.extent(),
                plan.firstSeed() + seed);
        return new AlignmentCell(
            key(setting, seed, split, direction),
            setting.name(),
            direction.toString(),
            seed,
            split,
            measures,
            bound.value(),
            bound.failing(),
            KlBound.of(backend, mapped, test.target(), epsilon).value(),
            best,
            curve,
            setting.map() == Setting.Start.RIDGE ? problem.ridge(backend).penalty() : Double.NaN,
            (System.nanoTime() - start) * 1e-9);
      }
    }
  }

  private void checkFits() {
    long n = rows.rows();
    long held = 3 * n * n + 6 * n * rows.columns();
    long worker = n * n / 4 + 8L * n * rows.columns() + 20L * rows.columns() * rows.columns();
    long bytes = 4 * (held + worker * workers.size());
    long budget = workers.stream().mapToLong(Backend::memoryBudget).sum();
    if (bytes > budget) {
      throw new MemoryBudgetException(
          "aligning %d rows of %d columns on %d worker(s) needs about %,d bytes, --memory-budget"
              + " allows %,d; lower --max-rows or --threads",
          n, rows.columns(), workers.size(), bytes, budget);
    }
  }

  private String key(Setting setting, int seed, int split, Direction direction) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("format", FORMAT);
    content.put("data", data);
    content.put("backend", workers.getFirst().name());
    content.put("setting", setting);
    content.put("training", setting.trained() ? plan.training() : plan.training().neighbours());
    content.put("first_seed", plan.firstSeed());
    content.put("seed", seed);
    content.put("split", split);
    content.put("direction", direction.toString());
    content.put("extent", plan.extent());
    try {
      byte[] json = new ObjectMapper().writeValueAsBytes(content);
      return HexFormat.of().formatHex(sha256().digest(json), 0, 12);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String digest(ScaleRows rows) {
    MessageDigest sha = sha256();
    for (Matrix scale : List.of(rows.global(), rows.intermediate(), rows.local())) {
      sha.update(
          "%d x %d".formatted(scale.rows(), scale.columns()).getBytes(StandardCharsets.UTF_8));
      float[] row = new float[scale.columns()];
      java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate(4 * row.length);
      for (long i = 0; i < scale.rows(); i++) {
        scale.copyRow(i, row);
        bytes.clear();
        bytes.asFloatBuffer().put(row);
        sha.update(bytes.array());
      }
    }
    for (int document : rows.documents()) {
      sha.update(java.nio.ByteBuffer.allocate(4).putInt(document).array());
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
