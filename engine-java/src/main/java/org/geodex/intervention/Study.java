package org.geodex.intervention;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.geodex.analysis.Analysis;
import org.geodex.backend.Backend;
import org.geodex.backend.Parallel;
import org.geodex.error.OutputException;
import org.geodex.model.Model;
import org.geodex.model.ModelConfig;
import org.geodex.model.Tokenizer;

/**
 * Interventions on one model: every condition × seed × prompt, each text paired with the unmodified
 * one of the same prompt and seed.
 *
 * <p>Cells run in parallel, each on a copy of the model of its own; what a cell holds depends on
 * its settings alone. A finished cell lies in {@code cells/} and is not run again.
 */
final class Study {
  private final Settings settings;
  private final Workers workers;
  private final ModelConfig config;
  private final Path model;
  private final String weights;

  /**
   * What a study does beside its conditions.
   *
   * @param writer how texts are written
   * @param prompts what they are written from
   * @param documents held-out text: doses, the origin of cosines
   * @param language whether the texts are of the demo's language, whose parser is at hand; others
   *     are parsed as English where this build has a parser of it
   * @param seeds texts of each prompt; they have the seeds {@code seed … seed + seeds − 1}
   * @param folder for the cells; null to keep none
   */
  record Settings(
      TextWriter writer,
      List<Prompt> prompts,
      List<String> documents,
      boolean language,
      int seeds,
      long seed,
      Path folder) {
    SentenceParser parser() {
      return language ? SentenceParser.ofLanguage() : SentenceParser.ofEnglish();
    }
  }

  /**
   * A condition as it was carried out.
   *
   * @param alpha mean of the numbers α over the seeds (they differ for a control at equal dose
   *     only); NaN when no strength reaches the dose, which leaves the condition out
   * @param dose nats a token; NaN without held-out text
   */
  record Carried(Condition condition, double alpha, double dose) {}

  /** What a study found. */
  record Result(
      ModelConfig config,
      String method,
      List<Carried> conditions,
      List<Cell> plain,
      Map<Condition, List<Cell>> modified,
      List<Effect> effects) {}

  Study(Settings settings, Workers workers, Model model) {
    this.settings = settings;
    this.workers = workers;
    this.config = model.config();
    this.model = model.folder();
    this.weights = Analysis.hash(model.folder());
  }

  /** One dose to be found or measured. */
  private record DoseTask(Condition condition, int seed, Plan template) {}

  /**
   * Runs what is not there yet.
   *
   * @param plans the plans of each condition, one a seed or one for all; their numbers α count only
   *     for a plan file
   * @param done told after each cell
   */
  Result run(Map<Condition, List<Plan>> plans, IntConsumer done) {
    makeFolder();
    Map<Condition, List<Plan>> full = new LinkedHashMap<>();
    List<Carried> carried = carry(plans, full);
    List<Condition> conditions = List.copyOf(full.keySet());
    int count = 1 + conditions.size();
    Cell[] cells = new Cell[count * settings.seeds];
    workers.forEach(
        cells.length,
        (worker, task) -> {
          int c = task / settings.seeds - 1;
          int s = task % settings.seeds;
          cells[task] =
              c < 0
                  ? cell(worker, "none", s, Plan.NONE)
                  : cell(
                      worker, conditions.get(c).toString(), s, full.get(conditions.get(c)).get(s));
          done.accept(1);
        });
    List<Cell> plain = Arrays.asList(cells).subList(0, settings.seeds);
    Map<Condition, List<Cell>> modified = new LinkedHashMap<>();
    for (int c = 0; c < conditions.size(); c++) {
      int from = (c + 1) * settings.seeds;
      modified.put(conditions.get(c), Arrays.asList(cells).subList(from, from + settings.seeds));
    }
    List<Effect> effects = Effect.of(plain, modified, settings.seed, workers.parallel());
    return new Result(config, settings.writer.method(config), carried, plain, modified, effects);
  }

  /** It stays when a run is stopped: what is done need not be done again. */
  private void makeFolder() {
    if (settings.folder == null) {
      return;
    }
    try {
      Files.createDirectories(settings.folder);
    } catch (IOException e) {
      throw new OutputException(e, "%s: cannot be made (%s)", settings.folder, e.getMessage());
    }
  }

  /** Finds strengths and doses; puts the plans with their strengths into {@code full}. */
  private List<Carried> carry(
      Map<Condition, List<Plan>> templates, Map<Condition, List<Plan>> full) {
    List<DoseTask> tasks = new ArrayList<>();
    templates.forEach(
        (condition, plans) -> {
          for (int s = 0; s < (condition.isControl() ? settings.seeds : 1); s++) {
            tasks.add(new DoseTask(condition, s, plans.get(s)));
          }
        });
    Dose.Found[] found = new Dose.Found[tasks.size()];
    workers.forEach(found.length, (worker, task) -> found[task] = find(worker, tasks.get(task)));
    List<Carried> carried = new ArrayList<>();
    templates.forEach(
        (condition, plans) -> {
          List<Dose.Found> ours = new ArrayList<>();
          for (int t = 0; t < tasks.size(); t++) {
            if (tasks.get(t).condition().equals(condition)) {
              ours.add(found[t]);
            }
          }
          double alpha = mean(ours.stream().mapToDouble(Dose.Found::alpha).toArray());
          double dose = mean(ours.stream().mapToDouble(Dose.Found::dose).toArray());
          carried.add(new Carried(condition, alpha, dose));
          if (condition.kind() == null) {
            full.put(condition, plans);
          } else if (Double.isFinite(alpha)) {
            List<Plan> strong = new ArrayList<>();
            for (int s = 0; s < settings.seeds; s++) {
              strong.add(withAlpha(plans.get(s), ours.get(Math.min(s, ours.size() - 1)).alpha()));
            }
            full.put(condition, strong);
          }
        });
    return carried;
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  private Dose.Found find(Worker worker, DoseTask task) {
    Condition condition = task.condition();
    if (condition.kind() == null) {
      return new Dose.Found(Double.NaN, worker.dose(settings).of(task.template()));
    }
    if (condition.byDose()) {
      return worker
          .dose(settings)
          .search(condition.kind(), condition.amount(), a -> withAlpha(task.template(), a));
    }
    Plan plan = withAlpha(task.template(), condition.amount());
    double dose = settings.documents.isEmpty() ? Double.NaN : worker.dose(settings).of(plan);
    return new Dose.Found(condition.amount(), dose);
  }

  private static Plan withAlpha(Plan plan, double alpha) {
    return new Plan(plan.interventions().stream().map(one -> one.withAlpha(alpha)).toList());
  }

  private Cell cell(Worker worker, String condition, int s, Plan plan) {
    long seed = settings.seed + s;
    if (settings.folder == null) {
      return worker.write(settings, condition, seed, plan);
    }
    Path file = settings.folder.resolve(fingerprint(condition, seed, plan) + ".json");
    Cell before = Cell.read(file);
    if (before != null && before.texts().size() == settings.prompts.size()) {
      return before;
    }
    Cell made = worker.write(settings, condition, seed, plan);
    try {
      made.write(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return made;
  }

  /** Names a cell by everything that it depends on. */
  private String fingerprint(String condition, long seed, Plan plan) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      Stream<Object> parts =
          Stream.of(
              2,
              weights,
              Files.readString(model.resolve("config.json")),
              settings.writer,
              settings.language,
              settings.parser() != null,
              condition,
              seed);
      parts.forEach(part -> add(sha, part.toString()));
      settings.documents.forEach(document -> add(sha, document));
      settings.prompts.forEach(prompt -> add(sha, Arrays.toString(prompt.ids())));
      plan.interventions().forEach(one -> add(sha, describe(one)));
      return HexFormat.of().formatHex(sha.digest()).substring(0, 24);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void add(MessageDigest sha, String part) {
    sha.update(part.getBytes(StandardCharsets.UTF_8));
    sha.update((byte) 0);
  }

  private static String describe(Intervention one) {
    StringBuilder text = new StringBuilder();
    text.append(one.kind()).append(one.alpha()).append(one.states()).append(one.decoder());
    text.append(one.heads()).append(one.span());
    if (one.direction() != null) {
      one.states().forEach(i -> text.append(Arrays.toString(one.direction().at(i))));
    }
    return text.toString();
  }

  /** A model of its own for one thread, with what is read by the unmodified one. */
  static final class Worker implements AutoCloseable {
    private final Backend backend;
    private final Model model;
    private final Tokenizer tokenizer;
    private final boolean ownsBackend;
    private ReferenceModel reference;
    private TextMeasures measures;
    private Dose dose;

    Worker(Backend backend, boolean ownsBackend, Path folder) {
      this.backend = backend;
      this.ownsBackend = ownsBackend;
      this.model = Model.load(folder, backend);
      this.tokenizer = Tokenizer.load(folder);
    }

    private Dose dose(Settings settings) {
      if (dose == null) {
        Integer mask = TextWriter.maskToken(model.config(), tokenizer);
        List<Passage> passages =
            settings.documents.stream()
                .map(d -> Prompt.passage(d, tokenizer, model.config()))
                .filter(p -> p.tokens().length > 0 && fits(p))
                .toList();
        dose = new Dose(new NextTokens(model, mask, true), passages, settings.seed);
      }
      return dose;
    }

    private boolean fits(Passage p) {
      return !model.config().limitedLength() || p.length() <= model.config().maxLength();
    }

    private Cell write(Settings settings, String condition, long seed, Plan plan) {
      List<Prompt> prompts = settings.prompts;
      List<int[]> written = settings.writer.write(model, tokenizer, prompts, seed, plan);
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < written.size(); i++) {
        texts.add(prompts.get(i).written(written.get(i), tokenizer));
      }
      List<Map<Measure, Double>> values = measure(settings, written, texts);
      Map<Measure, double[]> measures = new EnumMap<>(Measure.class);
      for (Measure measure : values.getFirst().keySet()) {
        measures.put(measure, values.stream().mapToDouble(v -> v.get(measure)).toArray());
      }
      boolean one = plan.interventions().size() == 1;
      return new Cell(
          condition,
          seed,
          one ? plan.interventions().getFirst().alpha() : Double.NaN,
          one ? List.copyOf(plan.interventions().getFirst().states()) : List.of(),
          texts,
          measures);
    }

    private List<Map<Measure, Double>> measure(
        Settings settings, List<int[]> written, List<String> texts) {
      if (reference == null) {
        measures = new TextMeasures(settings.parser());
        reference =
            new ReferenceModel(model, tokenizer, backend, settings.documents, settings.language);
      }
      List<Map<Measure, Double>> values = new ArrayList<>();
      List<Passage> passages = new ArrayList<>();
      for (int i = 0; i < texts.size(); i++) {
        values.add(measures.of(texts.get(i)));
        passages.add(settings.prompts.get(i).passage(written.get(i), model.config()));
      }
      reference.coherence(texts, values);
      double[] perplexity = reference.perplexity(passages);
      for (int i = 0; i < perplexity.length; i++) {
        values.get(i).put(Measure.PERPLEXITY, perplexity[i]);
      }
      return values;
    }

    @Override
    public void close() {
      if (dose != null) {
        dose.close();
      }
      tokenizer.close();
      model.close();
      if (ownsBackend) {
        backend.close();
      }
    }
  }

  /** Work of one worker on one task. */
  interface Task {
    void run(Worker worker, int task);
  }

  /** The workers, as many as threads and memory allow; made when first needed. */
  static final class Workers implements AutoCloseable {
    private final Parallel parallel;
    private final Supplier<Worker> maker;
    private final List<Worker> idle = new ArrayList<>();

    /**
     * Prepares.
     *
     * @param parallel as many threads as workers
     */
    Workers(Parallel parallel, Supplier<Worker> maker) {
      this.parallel = parallel;
      this.maker = maker;
    }

    Parallel parallel() {
      return parallel;
    }

    void forEach(int count, Task task) {
      parallel.forEach(
          count,
          i -> {
            Worker worker = take();
            try {
              task.run(worker, (int) i);
            } finally {
              giveBack(worker);
            }
          });
    }

    private Worker take() {
      synchronized (idle) {
        if (!idle.isEmpty()) {
          return idle.removeLast();
        }
      }
      return maker.get();
    }

    private void giveBack(Worker worker) {
      synchronized (idle) {
        idle.add(worker);
      }
    }

    @Override
    public void close() {
      idle.forEach(Worker::close);
      parallel.close();
    }
  }
}
