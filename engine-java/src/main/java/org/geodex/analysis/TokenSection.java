package org.geodex.analysis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.geodex.report.Figure;
import org.geodex.report.Figure.Bars;
import org.geodex.report.Figure.Lines;
import org.geodex.report.Figure.Series;
import org.geodex.report.Report;
import org.geodex.token.SentenceStudy;
import org.geodex.token.TokenStudy;

/** Writes what {@link TokenStudy} and {@link SentenceStudy} found into a report. */
public final class TokenSection {
  private static final String BAND = "Mean over contexts with its 95 % interval.";

  private TokenSection() {}

  /** Adds the section and the results, which have the keys of {@code geodex tokens --json}. */
  public static void add(Report report, Map<String, Object> result) {
    report.results().put("tokens", result);
    Report.Section section =
        report.section(
            "tokens",
            "what tokens carry",
            "Hidden state %s, %s tokens chosen in each of %s contexts."
                .formatted(result.get("layer"), result.get("select"), result.get("contexts")));
    Map<String, Object> changes = map(result, "changes");
    section
        .add(spread(map(result, "spread")))
        .add(bars("Agreement with the Lasso", "Jaccard index", map(result, "jaccard_with_lasso")))
        .add(bars("Target left unexplained", "share", map(result, "unexplained")))
        .add(changed(changes, "loss", "Change of the next-token loss", "nats"))
        .add(changed(changes, "entropy", "Change of the normalized coding length", "share"))
        .add(doses(changes, "representation", "1 − cosine of the mean hidden state", "1 − cosine"));
    if (result.containsKey("loss")) {
      section.add(doses(changes, "loss", "Loss when a share of the tokens is dropped", "nats"));
    }
    if (result.containsKey("sentences")) {
      section.add(sentences(map(result, "sentences")));
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Map<String, Object> parent, String key) {
    return (Map<String, Object>) parent.get(key);
  }

  private static Bars spread(Map<String, Object> spread) {
    List<String> names = List.of("gini", "effective_share");
    return new Bars(
        "How evenly the information gain is spread over tokens",
        "Gini coefficient and effective number of tokens over their number, against as many"
            + " independent random directions. "
            + BAND,
        "",
        names.stream().map(name -> name.replace('_', ' ')).toList(),
        List.of(
            series("tokens", names.stream().map(name -> map(spread, name)).toList()),
            series(
                "random directions",
                names.stream().map(name -> map(spread, "control_" + name)).toList())));
  }

  private static Bars bars(String title, String unit, Map<String, Object> group) {
    List<Map<String, Object>> intervals = group.keySet().stream().map(k -> map(group, k)).toList();
    return new Bars(
        title, BAND, unit, List.copyOf(group.keySet()), List.of(series(unit, intervals)));
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
        BAND,
        "share of tokens dropped, the highest scores first",
        unit,
        doses.stream().map(dose -> dose.substring("dose.".length())).toList(),
        series);
  }

  private static Map<String, Object> of(
      Map<String, Object> changes, String action, String method, String quantity) {
    return map(map(map(changes, action), method), quantity);
  }

  private static Bars sentences(Map<String, Object> sentences) {
    List<String> names =
        sentences.keySet().stream().filter(k -> sentences.get(k) instanceof Map).toList();
    return new Bars(
        "The nearest sentence is of the same document",
        "%s sentences of at least three tokens; by chance %.3f."
            .formatted(sentences.get("sentences"), (Double) sentences.get("chance")),
        "share",
        names.stream().map(name -> name.replace('_', ' ')).toList(),
        List.of(series("share", names.stream().map(name -> map(sentences, name)).toList())));
  }

  /** Means with their intervals; a quantity that was not measured is a gap. */
  private static Series series(String name, List<Map<String, Object>> intervals) {
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
