package org.geodex.intervention;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.function.Supplier;
import org.geodex.analysis.Analysis;
import org.geodex.backend.Backend;
import org.geodex.backend.Parallel;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.model.Model;
import org.geodex.model.Tokenizer;
import org.geodex.report.Report;
import org.geodex.scale.LayerRange;

/**
 * What a study compares: scales × kinds × strengths, and what the texts are written from.
 *
 * @param prompts texts to write from; empty to take the openings of the documents
 * @param documents held-out text for doses, directions, an automatic partition and the origin of
 *     cosines; empty to take the prompts
 * @param partition {@code auto}, a preset, or {@code a-b/c-d/e-f}
 * @param scales some of {@code local, intermediate, global, control}
 * @param layers hidden states to act on instead of scales, or null
 * @param kinds what is done
 * @param alphas numbers α for every kind, {@link #OWN} for each kind's own; empty, with no doses
 *     either, for the latter
 * @param doses doses in nats a token
 * @param direction for {@code translate}, see {@link PlanContext#direction}
 * @param heads for {@code remove-heads}
 * @param span for {@code attention-span}
 * @param decoder of T5: the decoder's layers
 * @param plan a plan file to carry out beside, or null; without kinds nothing else is done
 * @param seeds texts a prompt
 * @param seed the first of them
 */
public record Design(
    List<String> prompts,
    List<String> documents,
    String partition,
    List<String> scales,
    LayerRange layers,
    List<Kind> kinds,
    List<Double> alphas,
    List<Double> doses,
    String direction,
    List<Integer> heads,
    int span,
    boolean decoder,
    Path plan,
    int seeds,
    long seed,
    TextWriter writer) {
  /** Every scale and the control. */
  public static final List<String> SCALES =
      List.of("local", "intermediate", "global", Condition.CONTROL);

  /** Stands for a number α that each kind has of its own. */
  public static final double OWN = Double.NaN;

  private static final int LANGUAGE_DOCUMENTS = 50;

  /** Where and on how many threads a design is run. */
  public record Machine(Backend backend, int workers, Supplier<Backend> single) {}

  /**
   * Runs the design on a model and adds its section to a report.
   *
   * @param prefix names results and sections
   * @param cells folder for the cells, those that lie there are not run again; null to keep none
   * @param tasks progress
   * @return what to print
   * @throws UsageException for a layer or head that the model does not have
   * @throws InputException for a prompt longer than the model, or a file that cannot be used
   */
  public Map<String, Object> run(
      Machine machine,
      Path folder,
      Report report,
      String prefix,
      String heading,
      Path cells,
      Analysis.Tasks tasks) {
    try (Model model = Model.load(folder, machine.backend());
        Tokenizer tokenizer = Tokenizer.load(folder);
        PlanContext context =
            new PlanContext(machine.backend(), model, tokenizer, documents, partition, seed);
        Study.Workers workers = workers(machine, folder)) {
      Study.Settings settings = settings(model, tokenizer, cells);
      Map<Condition, List<Plan>> plans = plans(context, model);
      long total = (plans.size() + 1L) * seeds;
      Study study = new Study(settings, workers, model);
      Study.Result result;
      try (Analysis.Task task = tasks.start("intervene", total)) {
        result = report.timed("interventions", () -> study.run(plans, task::step));
      }
      String named = layers == null && !kinds.isEmpty() ? context.partition().toString() : "";
      InterventionReport.add(report, prefix, heading, named, result);
      return InterventionReport.summary(result, named);
    }
  }

  private static Study.Workers workers(Machine machine, Path folder) {
    boolean one = machine.workers() == 1;
    return new Study.Workers(
        new Parallel(machine.workers()),
        () -> new Study.Worker(one ? machine.backend() : machine.single().get(), !one, folder));
  }

  private Study.Settings settings(Model model, Tokenizer tokenizer, Path cells) {
    List<String> texts = prompts.isEmpty() ? documents : prompts;
    List<Prompt> made =
        texts.stream()
            .map(
                text ->
                    prompts.isEmpty()
                        ? Prompt.ofDocument(text, tokenizer, model.config())
                        : Prompt.of(text, tokenizer))
            .toList();
    for (int i = 0; i < made.size(); i++) {
      check(i, made.get(i), model);
    }
    List<String> compared = documents.isEmpty() ? prompts : documents;
    return new Study.Settings(writer, made, compared, isLanguage(compared), seeds, seed, cells);
  }

  private void check(int i, Prompt prompt, Model model) {
    if (prompt.text().isBlank()) {
      throw new InputException("prompt %d is empty", i);
    }
    int length = prompt.ids().length;
    long added = prompt.added(writer.newTokens(), model.config());
    long needed = length + added;
    if (model.config().limitedLength() && needed > model.config().maxLength()) {
      throw new InputException(
          "prompt %d has %d tokens; with %d more it is longer than the %d that the model takes",
          i, length, added, model.config().maxLength());
    }
  }

  /** Whether nine sentences in ten of the first texts are of the demo's language. */
  private static boolean isLanguage(List<String> texts) {
    SentenceParser parser = SentenceParser.ofLanguage();
    List<String> sentences =
        texts.stream()
            .limit(LANGUAGE_DOCUMENTS)
            .flatMap(text -> TextMeasures.sentences(text).stream())
            .toList();
    long parsed = sentences.stream().filter(s -> parser.parse(s).isPresent()).count();
    return !sentences.isEmpty() && parsed >= 0.9 * sentences.size();
  }

  /** A plan for each condition and seed; their numbers are set by the study. */
  private Map<Condition, List<Plan>> plans(PlanContext context, Model model) {
    Map<Condition, List<Plan>> plans = new LinkedHashMap<>();
    if (plan != null) {
      Condition condition =
          new Condition(Condition.PLAN, Collections.emptySortedSet(), null, false, 0);
      Plan read = PlanFile.read(plan, context);
      plans.put(condition, Collections.nCopies(seeds, read));
    }
    for (Kind kind : kinds) {
      for (Condition place : places(kind, context)) {
        for (Condition condition : strengths(place)) {
          plans.put(condition, plans(condition, context, model));
        }
      }
    }
    if (plans.isEmpty()) {
      throw new UsageException(
          "nothing to act on: hidden state 0, which is all of %s, has no attention",
          String.join(", ", scales));
    }
    return plans;
  }

  /** Where a kind acts; a scale that is the embedding alone has no attention to act on. */
  private List<Condition> places(Kind kind, PlanContext context) {
    if (layers != null) {
      return List.of(new Condition("layers " + layers, PlanContext.states(layers), kind, false, 0));
    }
    List<Condition> places = new ArrayList<>();
    for (String scale : scales) {
      SortedSet<Integer> states =
          scale.equals(Condition.CONTROL)
              ? Condition.averageSize(context.partition().scales().values())
              : context.scale(scale);
      boolean embeddingAlone = !scale.equals(Condition.CONTROL) && states.last() == 0;
      if (!kind.onAttention() || !embeddingAlone) {
        places.add(new Condition(scale, states, kind, false, 0));
      }
    }
    return places;
  }

  private List<Condition> strengths(Condition place) {
    List<Condition> all = new ArrayList<>();
    Kind kind = place.kind();
    List<Double> numbers = alphas.isEmpty() && doses.isEmpty() ? List.of(OWN) : alphas;
    for (double number : numbers) {
      double alpha = Double.isNaN(number) ? usual(kind) : number;
      kind.check(alpha);
      all.add(new Condition(place.scale(), place.states(), kind, false, alpha));
    }
    for (double dose : doses) {
      if (!(dose > 0) || Double.isInfinite(dose)) {
        throw new UsageException("--dose %s: expected a positive number of nats", dose);
      }
      all.add(new Condition(place.scale(), place.states(), kind, true, dose));
    }
    return all;
  }

  private static double usual(Kind kind) {
    return switch (kind) {
      case SCALE, ATTENTION_TEMPERATURE -> 2;
      case TRANSLATE, NOISE, ATTENTION_UNIFORM -> 0.5;
      case ATTENTION_SPAN, REMOVE_HEADS -> 1;
    };
  }

  private List<Plan> plans(Condition condition, PlanContext context, Model model) {
    List<Plan> bySeed = new ArrayList<>();
    int last = decoder ? model.config().decoderLayers() : model.config().layers();
    for (int s = 0; s < seeds; s++) {
      Kind kind = condition.kind();
      SortedSet<Integer> states = condition.states(last, seed + s);
      Intervention one =
          new Intervention(
              kind,
              kind.identity(),
              states,
              decoder,
              kind == Kind.TRANSLATE ? context.direction(direction, states) : null,
              kind == Kind.REMOVE_HEADS ? heads : List.of(),
              kind == Kind.ATTENTION_SPAN ? span : 0);
      bySeed.add(new Plan(List.of(one)).check(model.config()));
    }
    return bySeed;
  }
}
