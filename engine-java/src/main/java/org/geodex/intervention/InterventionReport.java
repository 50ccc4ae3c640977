package org.geodex.intervention;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import org.geodex.report.Figure;
import org.geodex.report.Figure.HeatMap;
import org.geodex.report.Figure.Lines;
import org.geodex.report.Figure.Series;
import org.geodex.report.Figure.Table;
import org.geodex.report.Report;

/** Writes a study into a report. */
final class InterventionReport {
  private InterventionReport() {}

  /** Adds the section and the results of one model. */
  static void add(
      Report report, String prefix, String heading, String partition, Study.Result result) {
    report.results().put(prefix + "-interventions", results(result, partition));
    int texts = result.plain().size() * result.plain().getFirst().texts().size();
    Report.Section section =
        report.section(
            prefix + "-interventions",
            (heading.isEmpty() ? "" : heading + ": ") + "interventions",
            ("What acting on the layers of one scale does to the text the model writes (%s): %,d"
                    + " texts a condition, each against the unmodified one of the same prompt and"
                    + " seed.%s The control acts on as many layers drawn at random.")
                .formatted(
                    result.method(),
                    texts,
                    partition.isEmpty() ? "" : " Scales " + partition + "."));
    Set<String> groups = new LinkedHashSet<>();
    result.effects().forEach(effect -> groups.add(group(effect)));
    groups.forEach(group -> section.add(heatMap(result, group)));
    doseResponse(result).forEach(section::add);
    section.add(published(result)).add(texts(result)).add(strengths(result)).add(numbers(result));
  }

  private static String group(Effect effect) {
    return effect.kind().isEmpty() ? "plan" : effect.kind() + ", " + effect.strength();
  }

  private static HeatMap heatMap(Study.Result result, String group) {
    Map<String, List<Effect>> byScale = new LinkedHashMap<>();
    for (Effect effect : result.effects()) {
      if (group(effect).equals(group)) {
        byScale.computeIfAbsent(effect.scale(), scale -> new ArrayList<>()).add(effect);
      }
    }
    List<Measure> measures =
        byScale.values().iterator().next().stream().map(Effect::measure).toList();
    List<List<Boolean>> faint = new ArrayList<>();
    List<List<Double>> values = new ArrayList<>();
    for (int m = 0; m < measures.size(); m++) {
      int row = m;
      List<Effect> effects = byScale.values().stream().map(scale -> scale.get(row)).toList();
      values.add(Figure.numbers(effects.stream().mapToDouble(e -> e.delta().value()).toArray()));
      faint.add(effects.stream().map(e -> !e.significant()).toList());
    }
    return new HeatMap(
        "Effect of " + group,
        "Cliff's δ against the unmodified texts, above 0 where the measure grew; grey: not"
            + " significant at 0.05 (Wilcoxon signed-rank over prompts, Holm over all effects of"
            + " this model).",
        "",
        "",
        "",
        "diverging",
        List.copyOf(byScale.keySet()),
        measures.stream().map(Measure::words).toList(),
        values,
        faint);
  }

  /** One figure a kind and measure of the paper, where there are two doses or more. */
  private static List<Figure> doseResponse(Study.Result result) {
    List<Figure> figures = new ArrayList<>();
    List<Measure> shown =
        List.of(Measure.TYPE_TOKEN_RATIO, Measure.SENTENCE_LENGTH, Measure.COHERENCE);
    Set<Kind> kinds = new LinkedHashSet<>();
    result.conditions().forEach(c -> kinds.add(c.condition().kind()));
    for (Kind kind : kinds) {
      List<Double> doses =
          result.conditions().stream()
              .map(Study.Carried::condition)
              .filter(c -> c.kind() == kind && c.byDose())
              .map(Condition::amount)
              .distinct()
              .sorted()
              .toList();
      if (kind != null && doses.size() > 1) {
        shown.forEach(measure -> figures.add(doseResponse(result, kind, measure, doses)));
      }
    }
    return figures;
  }

  private static Lines doseResponse(
      Study.Result result, Kind kind, Measure measure, List<Double> doses) {
    Map<String, List<Effect>> byScale = new LinkedHashMap<>();
    for (Effect e : result.effects()) {
      if (e.kind().equals(kind.toString()) && e.measure() == measure) {
        byScale.computeIfAbsent(e.scale(), scale -> new ArrayList<>()).add(e);
      }
    }
    List<Series> series = new ArrayList<>();
    byScale.forEach(
        (scale, effects) ->
            series.add(
                Series.withBand(
                    scale,
                    at(doses, effects, e -> e.relative().value()),
                    at(doses, effects, e -> e.relative().low()),
                    at(doses, effects, e -> e.relative().high()))));
    return new Lines(
        "Dose and response: " + kind + ", " + measure.words(),
        "Relative change at equal dose, with its 95 % bootstrap interval over prompts; the dose is"
            + " the mean KL between next-token distributions on held-out text.",
        "dose, nats a token",
        "relative change",
        doses,
        series);
  }

  private static double[] at(
      List<Double> doses, List<Effect> effects, ToDoubleFunction<Effect> value) {
    return doses.stream()
        .mapToDouble(
            dose ->
                effects.stream()
                    .filter(e -> e.strength().equals("dose " + dose))
                    .mapToDouble(value)
                    .findFirst()
                    .orElse(Double.NaN))
        .toArray();
  }

  private static Table published(Study.Result result) {
    List<List<Object>> rows = new ArrayList<>();
    for (PublishedEffect one : PublishedEffect.ALL) {
      for (PublishedEffect.Comparison ours : one.compare(result)) {
        rows.add(
            Arrays.asList(
                one.model(),
                one.scale(),
                one.action(),
                one.outcome(),
                one.change(),
                ours.setUp(),
                ours.change(),
                ours.verdict()));
      }
    }
    return new Table(
        "Beside the published numbers",
        "arXiv 2505.20333, from its repository: strengths, prompts, generation settings and the"
            + " definitions of its measures are not published, its GPT-2, BERT and XLM-R read and"
            + " write English. Ours is the nearest intervention on"
            + " this model at every tested strength, with the measures defined in docs/estimators.md; only the direction can"
            + " be compared.",
        List.of(
            "model", "scale", "action", "outcome", "published", "ours", "our change", "direction"),
        rows);
  }

  private static Table texts(Study.Result result) {
    List<List<Object>> rows = new ArrayList<>();
    Cell plain = result.plain().getFirst();
    rows.add(List.of("none", "", plain.texts().getFirst()));
    result
        .modified()
        .forEach(
            (condition, cells) ->
                rows.add(
                    List.of(
                        condition.scale(),
                        condition.kind() == null
                            ? ""
                            : condition.kind() + ", " + condition.strength(),
                        cells.getFirst().texts().getFirst())));
    return new Table(
        "Side by side",
        "The first prompt at the first seed; every text lies in the folder cells.",
        List.of("scale", "intervention", "text"),
        rows);
  }

  private static Table strengths(Study.Result result) {
    List<List<Object>> rows = new ArrayList<>();
    for (Study.Carried carried : result.conditions()) {
      Condition c = carried.condition();
      rows.add(
          Arrays.asList(
              c.scale(),
              c.kind() == null ? "" : c.kind().toString(),
              c.strength(),
              c.isControl() ? c.states().size() + " drawn" : c.states().toString(),
              number(carried.alpha()),
              number(carried.dose())));
    }
    return new Table(
        "Strengths and doses",
        "Dose: mean KL between the next-token distributions without and with the intervention on"
            + " held-out text, nats a token. No α: no strength reaches the dose.",
        List.of("scale", "intervention", "asked for", "hidden states", "α", "dose"),
        rows);
  }

  private static Object number(double value) {
    return Double.isFinite(value) ? value : null;
  }

  private static Table numbers(Study.Result result) {
    List<List<Object>> rows = new ArrayList<>();
    for (Effect e : result.effects()) {
      rows.add(
          Arrays.asList(
              e.scale(),
              group(e),
              e.measure().words(),
              e.pairs(),
              number(e.plain()),
              number(e.modified()),
              number(e.relative().value()),
              number(e.relative().low()),
              number(e.relative().high()),
              number(e.delta().value()),
              number(e.delta().low()),
              number(e.delta().high()),
              number(e.adjusted())));
    }
    for (Measure measure : missing(result)) {
      rows.add(
          Arrays.asList(
              "",
              "",
              measure.words(),
              0,
              "not measured",
              null,
              null,
              null,
              null,
              null,
              null,
              null,
              null));
    }
    return new Table(
        "Every effect",
        "Relative change and δ with 95 % bootstrap intervals over prompts; p after Holm.",
        List.of(
            "scale",
            "intervention",
            "measure",
            "pairs",
            "unmodified",
            "modified",
            "relative",
            "low",
            "high",
            "δ",
            "low",
            "high",
            "p"),
        rows);
  }

  private static List<Measure> missing(Study.Result result) {
    Set<Measure> present = result.plain().getFirst().measures().keySet();
    return Arrays.stream(Measure.values()).filter(m -> !present.contains(m)).toList();
  }

  private static Map<String, Object> results(Study.Result result, String partition) {
    Map<String, Object> results = summary(result, partition);
    List<Map<String, Object>> effects = new ArrayList<>();
    for (Effect e : result.effects()) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("scale", e.scale());
      one.put("kind", e.kind());
      one.put("strength", e.strength());
      one.put("measure", e.measure().key());
      one.put("pairs", e.pairs());
      one.put("unmodified", number(e.plain()));
      one.put("modified", number(e.modified()));
      one.put("relative", interval(e.relative()));
      one.put("cliffs_delta", interval(e.delta()));
      one.put("p", number(e.p()));
      one.put("p_holm", number(e.adjusted()));
      effects.add(one);
    }
    results.put("effects", effects);
    return results;
  }

  private static List<Double> interval(org.geodex.statistics.Interval interval) {
    return Figure.numbers(interval.value(), interval.low(), interval.high());
  }

  /** The outline of a study: conditions with their strengths and doses, means of each measure. */
  static Map<String, Object> summary(Study.Result result, String partition) {
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("model_type", result.config().modelType());
    summary.put("method", result.method());
    summary.put("partition", partition);
    summary.put("prompts", result.plain().getFirst().texts().size());
    summary.put("seeds", result.plain().size());
    List<Map<String, Object>> conditions = new ArrayList<>();
    for (Study.Carried carried : result.conditions()) {
      Condition c = carried.condition();
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("scale", c.scale());
      one.put("kind", c.kind() == null ? "plan" : c.kind().toString());
      one.put("layers", c.isControl() ? null : List.copyOf(c.states()));
      one.put("asked", c.strength());
      one.put("alpha", number(carried.alpha()));
      one.put("dose", number(carried.dose()));
      one.put("measures", means(result.modified().get(c)));
      conditions.add(one);
    }
    summary.put("unmodified", means(result.plain()));
    summary.put("conditions", conditions);
    summary.put("not_measured", missing(result).stream().map(Measure::key).toList());
    summary.put("effects", result.effects().size());
    summary.put("significant", result.effects().stream().filter(Effect::significant).count());
    return summary;
  }

  private static Map<String, Object> means(List<Cell> cells) {
    Map<String, Object> means = new LinkedHashMap<>();
    if (cells != null) {
      for (Measure measure : cells.getFirst().measures().keySet()) {
        double mean =
            cells.stream()
                .flatMapToDouble(cell -> Arrays.stream(cell.measures().get(measure)))
                .filter(Double::isFinite)
                .average()
                .orElse(Double.NaN);
        means.put(measure.key(), number(mean));
      }
    }
    return means;
  }
}
