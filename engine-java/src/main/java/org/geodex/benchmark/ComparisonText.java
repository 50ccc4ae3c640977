package org.geodex.benchmark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.geodex.benchmark.Comparison.Row;
import org.geodex.benchmark.Comparison.Verdict;

/** A comparison in the forms that readers and machines want. */
public final class ComparisonText {
  private static final List<String> HEADS =
      List.of("verdict", "change", "interval", "p", "noise", "base", "new", "unit", "benchmark");

  /** How JMH's units of a throughput begin: {@code ops/s}. */
  private static final String RATE = "ops/";

  private ComparisonText() {}

  /** A table for the terminal. */
  public static String plain(Comparison comparison) {
    StringBuilder text = new StringBuilder();
    String format = "%-17s %8s %20s %7s %7s %11s %11s %-8s %s%n";
    text.append(format.formatted(HEADS.toArray()));
    for (Row row : comparison.rows()) {
      text.append(format.formatted(cells(row).toArray()));
    }
    unmatched(comparison).forEach(line -> text.append(line).append(System.lineSeparator()));
    return text.toString();
  }

  /** A table for a pull request. */
  public static String markdown(Comparison comparison) {
    List<String> lines = new ArrayList<>();
    lines.add("| " + String.join(" | ", HEADS) + " |");
    lines.add("|" + " --- |".repeat(HEADS.size()));
    for (Row row : comparison.rows()) {
      List<String> cells = cells(row).stream().map(cell -> cell.replace("|", "\\|")).toList();
      lines.add("| " + String.join(" | ", cells) + " |");
    }
    lines.add("");
    lines.addAll(unmatched(comparison));
    return String.join(System.lineSeparator(), lines);
  }

  /** A page that stands alone. */
  public static String html(Comparison comparison) {
    StringBuilder rows = new StringBuilder();
    for (Row row : comparison.rows()) {
      rows.append("<tr class=\"").append(row.verdict().name()).append("\">");
      cells(row).forEach(cell -> rows.append("<td>").append(escaped(cell)).append("</td>"));
      rows.append("</tr>\n");
    }
    return """
    <!doctype html>
    <html lang="en"><meta charset="utf-8"><title>Benchmark comparison</title>
    <style>
    body { font: 15px system-ui, sans-serif; margin: 2rem; }
    td, th { padding: .3rem .8rem; text-align: left; border-bottom: 1px solid #ddd; }
    .SLOWER td:first-child { color: #b00020; font-weight: bold; }
    .FASTER td:first-child { color: #00701a; font-weight: bold; }
    </style>
    <h1>Benchmark comparison</h1>
    <table><tr>%s</tr>
    %s</table>
    <p>%s</p>
    </html>
    """
        .formatted(
            String.join("", HEADS.stream().map(head -> "<th>" + head + "</th>").toList()),
            rows,
            escaped(String.join(" ", unmatched(comparison))));
  }

  /** Keys and values for JSON. */
  public static Map<String, Object> map(Comparison comparison) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (Verdict verdict : Verdict.values()) {
      map.put(
          verdict.name().toLowerCase(Locale.ROOT),
          comparison.rows().stream().filter(row -> row.verdict() == verdict).count());
    }
    map.put("benchmarks", comparison.rows());
    map.put("only_in_base", comparison.onlyBase());
    map.put("only_in_new", comparison.onlyNew());
    return map;
  }

  /** Workflow commands that GitHub shows beside a change. */
  public static List<String> githubAnnotations(Comparison comparison) {
    return comparison.rows().stream()
        .filter(row -> row.verdict() == Verdict.SLOWER)
        .map(
            row ->
                "::error title=Performance regression::%s is %s slower (%s)"
                    .formatted(row.key(), percent(row.effect()), interval(row)))
        .toList();
  }

  /**
   * The new results as github-action-benchmark reads them with {@code customSmallerIsBetter}: a
   * throughput becomes the time of one operation.
   */
  public static List<Map<String, Object>> githubBenchmarks(Comparison comparison) {
    List<Map<String, Object>> entries = new ArrayList<>();
    for (Row row : comparison.rows()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("name", row.key());
      boolean rate = row.unit().startsWith(RATE);
      entry.put("unit", rate ? row.unit().substring(RATE.length()) + "/op" : row.unit());
      entry.put("value", rate ? 1 / row.changed() : row.changed());
      entry.put("extra", "%s, %s".formatted(row.verdict().words(), interval(row)));
      entries.add(entry);
    }
    return entries;
  }

  private static List<String> unmatched(Comparison comparison) {
    List<String> lines = new ArrayList<>();
    comparison.onlyBase().forEach(key -> lines.add("Only in base: " + key));
    comparison.onlyNew().forEach(key -> lines.add("Only in new: " + key));
    return lines;
  }

  private static List<String> cells(Row row) {
    return List.of(
        row.verdict().words(),
        percent(row.effect()),
        interval(row),
        "%.4f".formatted(row.p()),
        Double.isNaN(row.noise()) ? "-" : "%.1f %%".formatted(100 * row.noise()),
        "%.4g".formatted(row.base()),
        "%.4g".formatted(row.changed()),
        row.unit(),
        row.key());
  }

  private static String percent(double effect) {
    return "%+.1f %%".formatted(100 * effect);
  }

  private static String interval(Row row) {
    return "%+.1f to %+.1f %%".formatted(100 * row.low(), 100 * row.high());
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
