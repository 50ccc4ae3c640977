package org.geodex.analysis;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.activation.TokenTable;
import org.geodex.backend.Backend;
import org.geodex.corpus.DocumentParser;
import org.geodex.error.InputException;
import org.geodex.model.Model;
import org.geodex.model.Tokenizer;
import org.geodex.report.Figure;
import org.geodex.report.Figure.Bars;
import org.geodex.report.Figure.Lines;
import org.geodex.report.Figure.Series;
import org.geodex.report.Figure.Table;
import org.geodex.report.Report;
import org.geodex.token.Context;
import org.geodex.token.SentenceStudy;
import org.geodex.token.Target;
import org.geodex.token.TokenStudy;

/** Writes what {@link TokenStudy} and {@link SentenceStudy} found into a report. */
public final class TokenSection {
  private static final String BAND = "Mean over contexts with its 95 % interval.";

  private static final int SELECT = 5;
  private static final int MOST_TOKENS = 128;
  private static final int MOST_SENTENCES = 100;

  private TokenSection() {}

  /**
   * Studies the middle hidden state of a model inside an analysis: a random target in the second
   * half of each of the first contexts of up to {@value #MOST_TOKENS} tokens, {@value #SELECT}
   * tokens chosen, the first {@value #MOST_SENTENCES} sentences.
   *
   * @param documents the texts of the table
   * @param most contexts
   */
  static Void study(
      Backend backend,
      Report report,
      String prefix,
      String heading,
      Model model,
      Tokenizer tokenizer,
      TokenTable table,
      int most,
      LayerAnalysis.Settings settings,
      Analysis.Tasks tasks) {
    int layer = model.config().layers() / 2;
    long seed = settings.seed();
    try {
      Target target = Target.parse("random", seed);
      List<Context> all =
          new Context.Cutter(model.config(), tokenizer, MOST_TOKENS, target).cut(table);
      List<Context> contexts = all.subList(0, Math.min(most, all.size()));
      TokenStudy study = new TokenStudy(layer, SELECT, settings.eps(), seed);
      try (Analysis.Task task = tasks.start("tokens", contexts.size())) {
        Map<String, Object> result = study.run(backend, model, contexts, task::step);
        SentenceStudy.addTo(
            result,
            () ->
                new SentenceStudy(MOST_SENTENCES, seed)
                    .run(backend, model, table, most, layer, DocumentParser.topics(table.texts())));
        add(report, prefix, heading, result);
      }
    } catch (InputException e) {
      // A short text has no context with enough tokens.
      report.section(
          prefix + "-tokens",
          heading(heading) + "what tokens carry",
          "Left out: " + e.getMessage());
    }
    return null;
  }

  private static String heading(String model) {
    return model.isEmpty() ? "" : model + ": ";
  }

  /**
   * Adds the section and the results.
   *
   * @param prefix keeps ids and results of several models apart, may be empty
   * @param heading shown before the title, may be empty
   * @param result with the keys of {@code geodex tokens --json}
   */
  public static void add(Report report, String prefix, String heading, Map<String, Object> result) {
    String id = prefix.isEmpty() ? "tokens" : prefix + "-tokens";
    report.results().put(prefix.isEmpty() ? "tokens" : prefix + "_tokens", result);
    Report.Section section =
        report.section(
            id,
            heading(heading) + "what tokens carry",
            "Hidden state %s, %s tokens chosen among those before the target in each of %s contexts."
                .formatted(result.get("layer"), result.get("select"), result.get("contexts")));
    Map<String, Object> changes = map(result, "changes");
    section
        .add(spread(map(result, "spread")))
        .add(gains(map(result, "information_gain")))
        .add(agreement(result))
        .add(heads(map(result, "jaccard_with_lasso_by_head")))
        .add(
            bars(
                "Target left unexplained",
                "Share of the target's squared length that the chosen tokens' rows leave. " + BAND,
                "share",
                map(result, "unexplained")));
    if (result.containsKey("loss")) {
      String loss = "loss of " + result.get("loss_of");
      section
          .add(kept(changes, loss, map(result, "loss")))
          .add(changed(changes, "loss", "Change of the " + loss, "nats"))
          .add(doses(changes, "loss", "Change of the " + loss + " by dose", "nats"));
    }
    section
        .add(
            changed(changes, "information_gain", "Change of the target's information gain", "nats"))
        .add(changed(changes, "entropy", "Change of the normalized coding length", "share"))
        .add(doses(changes, "entropy", "Change of the normalized coding length by dose", "share"))
        .add(doses(changes, "representation", "1 − cosine of the mean hidden state", "1 − cosine"));
    if (result.containsKey("sentences")) {
      SentenceSection.add(section, map(result, "sentences"));
    }
    section.add(tests(result));
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Map<String, Object> parent, String key) {
    return (Map<String, Object>) parent.get(key);
  }

  private static Bars spread(Map<String, Object> spread) {
    Map<String, String> what = new LinkedHashMap<>();
    what.put("information gain", "");
    what.put("gain of random directions", "control_");
    what.put("attention of the target", "attention_");
    what.put("Lasso coefficients", "lasso_");
    List<String> names = List.of("gini", "effective_share");
    List<Series> series = new ArrayList<>();
    what.forEach(
        (name, prefix) ->
            series.add(
                series(name, names.stream().map(key -> map(spread, prefix + key)).toList())));
    return new Bars(
        "Is information spread over tokens?",
        "Gini coefficient (0: all tokens alike) and effective number of tokens over their number"
            + " (1: all alike). The control: as many independent random directions. "
            + BAND,
        "",
        List.of("Gini", "effective share"),
        series);
  }

  private static Bars gains(Map<String, Object> gains) {
    List<String> names =
        gains.keySet().stream().filter(name -> !name.equals("difference")).toList();
    return bars(
        "Information gain of a token given those before it",
        "Content words against all others where there is text. " + BAND,
        "nats",
        names.stream()
            .collect(
                LinkedHashMap::new,
                (m, name) -> m.put(name.replace('_', ' '), gains.get(name)),
                Map::putAll));
  }

  private static Bars agreement(Map<String, Object> result) {
    Map<String, Object> jaccard = map(result, "jaccard_with_lasso");
    Map<String, Object> kendall = map(result, "kendall_with_lasso");
    List<String> methods = List.copyOf(jaccard.keySet());
    return new Bars(
        "Agreement with the Lasso",
        "Jaccard index of the chosen tokens, Kendall's τ of all scores. " + BAND,
        "",
        methods,
        List.of(
            series("Jaccard", methods.stream().map(method -> map(jaccard, method)).toList()),
            series("Kendall τ", methods.stream().map(method -> map(kendall, method)).toList())));
  }

  private static Bars heads(Map<String, Object> heads) {
    return bars("Each head's agreement with the Lasso", BAND, "Jaccard index", heads);
  }

  private static Bars bars(String title, String caption, String unit, Map<String, Object> group) {
    List<Map<String, Object>> intervals = group.keySet().stream().map(k -> map(group, k)).toList();
    return new Bars(
        title, caption, unit, List.copyOf(group.keySet()), List.of(series(unit, intervals)));
  }

  /** What the chosen tokens alone are worth to the model. */
  private static Bars kept(Map<String, Object> changes, String loss, Map<String, Object> whole) {
    Map<String, Object> keep = map(changes, "keep");
    List<String> methods = List.copyOf(keep.keySet());
    return new Bars(
        "Only the chosen tokens are kept",
        "Change of the %s; with the whole context it is %.3f nats. "
                .formatted(loss, (double) whole.get("mean"))
            + BAND,
        "nats",
        methods,
        List.of(
            series(
                "change of loss",
                methods.stream().map(method -> of(changes, "keep", method, "loss")).toList())));
  }

  /** Actions along the axis, a series for each way to choose. */
  private static Bars changed(
      Map<String, Object> changes, String quantity, String title, String unit) {
    List<String> actions = List.of("drop", "shuffle", "replace");
    List<Series> series = new ArrayList<>();
    for (String method : map(changes, "drop").keySet()) {
      series.add(
          series(
              method,
              actions.stream().map(action -> of(changes, action, method, quantity)).toList()));
    }
    return new Bars(title, BAND, unit, actions, series);
  }

  private static Lines doses(
      Map<String, Object> changes, String quantity, String title, String unit) {
    List<String> doses = changes.keySet().stream().filter(k -> k.startsWith("dose.")).toList();
    List<Series> series = new ArrayList<>();
    for (String method : map(changes, doses.getFirst()).keySet()) {
      series.add(
          series(method, doses.stream().map(dose -> of(changes, dose, method, quantity)).toList()));
    }
    return new Lines(
        title,
        "The tokens with the highest scores are dropped first. " + BAND,
        "share of tokens dropped",
        unit,
        doses.stream().map(dose -> dose.substring("dose.".length())).toList(),
        series);
  }

  private static Map<String, Object> of(
      Map<String, Object> changes, String action, String method, String quantity) {
    return map(map(map(changes, action), method), quantity);
  }

  @SuppressWarnings("unchecked")
  private static Table tests(Map<String, Object> result) {
    List<List<Object>> rows = new ArrayList<>();
    for (Map<String, Object> test : (List<Map<String, Object>>) result.get("tests")) {
      rows.add(
          List.of(
              test.get("first"),
              test.get("second"),
              test.get("cliffs_delta"),
              test.get("p_value"),
              test.get("p_holm")));
    }
    return new Table(
        "Paired tests",
        "Wilcoxon signed rank over contexts; p after Holm over the table. δ: Cliff's, positive where"
            + " the first is larger.",
        List.of("first", "second", "δ", "p", "p (Holm)"),
        rows);
  }

  /** Means with their intervals; a quantity that was not measured is a gap. */
  static Series series(String name, List<Map<String, Object>> intervals) {
    return new Series(
        name, values(intervals, "mean"), values(intervals, "low"), values(intervals, "high"));
  }

  private static List<Double> values(List<Map<String, Object>> intervals, String key) {
    return Figure.numbers(
        intervals.stream()
            .mapToDouble(interval -> interval == null ? Double.NaN : (double) interval.get(key))
            .toArray());
  }
}
