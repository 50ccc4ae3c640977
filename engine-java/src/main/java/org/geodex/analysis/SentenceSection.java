package org.geodex.analysis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.geodex.report.Figure.Bars;
import org.geodex.report.Figure.Series;
import org.geodex.report.Report;
import org.geodex.token.SentenceStudy;

/** Shows what {@link SentenceStudy} found. */
final class SentenceSection {
  private SentenceSection() {}

  @SuppressWarnings("unchecked")
  static void add(Report.Section section, Map<String, Object> sentences) {
    Map<String, Object> topics = (Map<String, Object>) sentences.get("same_topic");
    List<String> names =
        sentences.keySet().stream()
            .filter(name -> !name.equals("same_topic") && sentences.get(name) instanceof Map)
            .toList();
    List<Series> series = new ArrayList<>();
    series.add(series("same document", sentences, names));
    if (topics != null) {
      series.add(series("same topic, other documents", topics, names));
    }
    section.add(
        new Bars(
            "Sentences as sets of tokens: is the nearest one related?",
            ("%s sentences of at least three tokens; means and covariances of their rows. By chance"
                    + " %.3f%s.")
                .formatted(
                    sentences.get("sentences"),
                    (Double) sentences.get("chance"),
                    topics == null ? "" : " and %.3f".formatted((Double) topics.get("chance"))),
            "share",
            names.stream().map(name -> name.replace('_', ' ')).toList(),
            series));
  }

  @SuppressWarnings("unchecked")
  private static Series series(String name, Map<String, Object> result, List<String> names) {
    return TokenSection.series(
        name, names.stream().map(key -> (Map<String, Object>) result.get(key)).toList());
  }
}
