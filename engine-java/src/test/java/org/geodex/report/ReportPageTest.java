package org.geodex.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportPageTest {

  static Report sample() {
    Report report = new Report("A </script><b>title", "One & only");
    report.provenance().put("model", "toy");
    report.results().put("value", 1.5);
    report
        .section("layers", "Layers", "Figures over layers.")
        .add(
            new Figure.Lines(
                "Entropy",
                "Per layer.",
                "layer",
                "nats",
                List.of(0, 1, 2),
                List.of(
                    Figure.Series.withBand(
                        "entropy",
                        new double[] {1, 2, 1.5},
                        new double[] {.8, 1.7, 1.2},
                        new double[] {1.2, 2.3, 1.8}),
                    Figure.Series.of("rank", 1, Double.NaN, 3))))
        .add(
            new Figure.HeatMap(
                "CKA",
                "",
                "layer",
                "layer",
                "",
                "sequential",
                List.of("0", "1"),
                List.of("0", "1"),
                Figure.numbers(new double[][] {{1, .4}, {.4, 1}})))
        .add(
            new Figure.Scatter(
                "Isomap",
                "",
                "first",
                "second",
                List.of(
                    new Figure.Group("topic a", Figure.numbers(new double[][] {{1, 2}}), null),
                    new Figure.Group(
                        "topic b", Figure.numbers(new double[][] {{2, 1}}), List.of("word")))))
        .add(
            new Figure.Bars(
                "Bars", "", "share", List.of("a", "b"), List.of(Figure.Series.of("s", .2, .8))))
        .add(new Figure.Table("Numbers", "", List.of("name", "x"), List.of(List.of("a", 1.25))));
    return report;
  }

  @Test
  void theJsonHoldsTheNumbersAndNullWhereThereIsNone() throws Exception {
    JsonNode json = new ObjectMapper().readTree(ReportPage.json(sample()));
    assertEquals(1.5, json.at("/results/value").asDouble());
    assertEquals("lines", json.at("/sections/0/figures/0/kind").asText());
    assertTrue(json.at("/sections/0/figures/0/series/1/values/1").isNull());
  }

  @Test
  void thePageIsSelfContainedAndTextCannotEndTheScript() {
    String html = ReportPage.html(sample());
    assertFalse(html.contains("{{"));
    assertFalse(html.contains("</script><b>"));
    assertFalse(html.matches("(?s).*(src|href)=\"https?:.*"));
    assertTrue(html.contains("\"kind\":\"heatmap\""));
  }
}
