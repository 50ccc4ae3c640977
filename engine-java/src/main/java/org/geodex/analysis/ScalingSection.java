package org.geodex.analysis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.geodex.report.Figure.Lines;
import org.geodex.report.Figure.Series;
import org.geodex.report.Figure.Table;
import org.geodex.report.Report;
import org.geodex.statistics.GrowthFit;
import org.geodex.token.ScalingStudy;
import org.geodex.token.ScalingStudy.Measurement;

/**
 * Writes a {@link ScalingStudy} into a report: entropy and loss against the number of parameters.
 */
public final class ScalingSection {
  private ScalingSection() {}

  /**
   * Adds the section and its results.
   *
   * @param models at least two sizes, the smallest first
   * @return the results
   */
  public static Map<String, Object> add(
      Report report, ScalingStudy study, List<Measurement> models) {
    Map<String, ScalingStudy.Laws> laws = study.laws(models);
    Map<String, Object> summary = study.summary(models, laws);
    report.results().put("scaling", summary);
    Report.Section section =
        report.section(
            "scaling",
            "entropy against size",
            "One family of models, the smallest first. Bands: 95 % of the mean over texts.");
    List<String> x = models.stream().map(m -> "%,d".formatted(m.parameters())).toList();
    String coding = "coding_length_normalized_eps_" + study.epsilons()[0];
    section
        .add(
            lines(
                "Entropy as a share of its largest value",
                "Last hidden state, every text on its own.",
                "share",
                x,
                models,
                List.of(coding, "matrix_entropy_share", "effective_rank_share")))
        .add(
            lines(
                "Matrix entropy",
                "Von Neumann entropy of the centred rows of a text.",
                "nats",
                x,
                models,
                List.of("matrix_entropy")));
    if (models.stream().allMatch(m -> m.values().containsKey("loss"))) {
      section
          .add(lines("Loss", "Next-token cross-entropy.", "nats", x, models, List.of("loss")))
          .add(
              lines(
                  "Conditional entropy of the last token",
                  "Half the information gain of the last token given its context.",
                  "nats",
                  x,
                  models,
                  List.of("conditional_entropy_last")));
    }
    section.add(positions(models)).add(table(laws, coding, models.size()));
    return summary;
  }

  private static Lines lines(
      String title,
      String caption,
      String unit,
      List<String> x,
      List<Measurement> models,
      List<String> quantities) {
    List<Series> series = quantities.stream().map(quantity -> series(models, quantity)).toList();
    return new Lines(title, caption, "parameters", unit, x, series);
  }

  private static Series series(List<Measurement> models, String quantity) {
    double[] values = models.stream().mapToDouble(m -> m.mean(quantity)).toArray();
    double[] errors =
        models.stream().mapToDouble(m -> standardError(m.values().get(quantity))).toArray();
    return Series.withErrors(quantity.replace('_', ' '), values, errors);
  }

  private static double standardError(double... values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    double sum = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return values.length < 2 ? 0 : Math.sqrt(sum / (values.length - 1) / values.length);
  }

  private static Lines positions(List<Measurement> models) {
    int places = models.stream().mapToInt(m -> m.conditionalEntropy().length).min().orElseThrow();
    List<String> x = new ArrayList<>();
    for (int place = 0; place < places; place++) {
      x.add(String.valueOf(place));
    }
    List<Series> series =
        models.stream()
            .map(
                m ->
                    Series.of(
                        "%,d parameters".formatted(m.parameters()),
                        Arrays.copyOf(m.conditionalEntropy(), places)))
            .toList();
    return new Lines(
        "Conditional entropy along the context",
        "What a token adds to the tokens before it, mean over texts.",
        "place in the text",
        "nats",
        x,
        series);
  }

  private static Table table(Map<String, ScalingStudy.Laws> all, String coding, int sizes) {
    List<List<Object>> rows = new ArrayList<>();
    for (String quantity : List.of(coding, "matrix_entropy", "effective_rank")) {
      ScalingStudy.Laws laws = all.get(quantity);
      laws.fits()
          .forEach(
              (law, fit) ->
                  rows.add(
                      List.of(
                          quantity.replace('_', ' '),
                          law.toString().toLowerCase(Locale.ROOT).replace('_', ' '),
                          parameters(fit),
                          fit.rSquared(),
                          fit.aic(),
                          law == laws.best() ? "smallest AIC" : "")));
      rows.add(
          List.of(
              quantity.replace('_', ' '),
              "exponent of the power law",
              "%.4g (%.4g to %.4g)"
                  .formatted(
                      laws.exponent().value(), laws.exponent().low(), laws.exponent().high()),
              "",
              "",
              ""));
    }
    return new Table(
        "Laws of growth",
        "Least squares in the logarithm through %d sizes; a law is a finding only where its AIC is"
                .formatted(sizes)
            + " the smallest by 2 or more.",
        List.of("quantity", "law", "parameters", "R²", "AIC", ""),
        rows);
  }

  private static String parameters(GrowthFit fit) {
    return String.join(
        ", ", Arrays.stream(fit.parameters()).mapToObj(p -> "%.4g".formatted(p)).toList());
  }
}
