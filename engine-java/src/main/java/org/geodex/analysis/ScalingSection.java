package org.geodex.analysis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.geodex.report.Figure;
import org.geodex.report.Figure.Lines;
import org.geodex.report.Figure.Scatter;
import org.geodex.report.Figure.Series;
import org.geodex.report.Figure.Table;
import org.geodex.report.Report;
import org.geodex.statistics.GrowthFit;
import org.geodex.statistics.Interval;
import org.geodex.token.ScalingLaws;
import org.geodex.token.ScalingStudy;
import org.geodex.token.ScalingStudy.Measurement;

/**
 * Writes a {@link ScalingStudy} into a report: entropy and loss against the number of parameters.
 */
public final class ScalingSection {
  private static final String RANK = "effective_rank";
  private static final String DIFFERENCE = "diff_erank";

  private final Report.Section section;
  private final List<Measurement> models;
  private final List<String> sizes;

  private ScalingSection(Report.Section section, List<Measurement> models) {
    this.section = section;
    this.models = models;
    this.sizes = models.stream().map(m -> "%,d".formatted(m.parameters())).toList();
  }

  /**
   * Adds the section and its results.
   *
   * @param models at least two sizes, the smallest first
   * @return the results
   */
  public static Map<String, Object> add(
      Report report, ScalingStudy study, List<Measurement> models) {
    ScalingLaws scaling = new ScalingLaws(models, study.seed());
    Map<String, ScalingLaws.Laws> laws = scaling.fit();
    Map<String, Object> summary = scaling.summary(study, laws);
    report.results().put("scaling", summary);
    Report.Section section =
        report.section(
            "scaling",
            "entropy against size",
            "One family of models, the smallest first; hidden state %s (−1: the last). Bands: 95 %% of"
                    .formatted(study.layers()[0])
                + " the mean over texts.");
    ScalingSection writer = new ScalingSection(section, models);
    writer.entropies(study);
    writer.loss(scaling.lossCorrelation());
    writer.table(laws);
    return summary;
  }

  private boolean haveAll(String quantity) {
    return models.stream().allMatch(m -> m.values().containsKey(quantity));
  }

  private void entropies(ScalingStudy study) {
    List<String> coding =
        Arrays.stream(study.epsilons())
            .mapToObj(eps -> "coding_length_normalized_eps_" + eps)
            .toList();
    section
        .add(
            lines(
                "Normalized coding length",
                "1: rows spread evenly over all directions.",
                "share",
                coding))
        .add(
            lines(
                "Matrix entropy and effective rank per dimension",
                "Of the centred rows of a text, as shares of ln d and d.",
                "share",
                List.of("matrix_entropy_share", "effective_rank_share")))
        .add(
            lines(
                "Matrix entropy",
                "Von Neumann entropy of the centred rows of a text.",
                "nats",
                List.of("matrix_entropy")));
    if (haveAll(DIFFERENCE)) {
      section.add(
          lines(
              "Diff-eRank",
              "Effective rank of the same architecture with fresh weights, of the trained model, and"
                  + " their difference.",
              "dimensions",
              List.of("effective_rank_fresh", RANK, DIFFERENCE)));
    }
    for (int layer : Arrays.stream(study.layers()).skip(1).toArray()) {
      String suffix = "_layer_" + layer;
      section.add(
          lines(
              "Hidden state %d".formatted(layer),
              "The same quantities there.",
              "share",
              List.of(coding.getFirst() + suffix, "effective_rank_share" + suffix)));
    }
  }

  private void loss(ScalingLaws.LossCorrelation correlation) {
    section.add(
        positions(
            "Conditional entropy along the context",
            "What a token adds to the tokens before it: half its information gain, mean over texts.",
            models.stream().map(Measurement::conditionalEntropy).toList()));
    if (correlation == null) {
      return;
    }
    section
        .add(
            positions(
                "Loss along the context",
                "Cross-entropy of the token at that place given those before it, mean over texts.",
                models.stream().map(Measurement::loss).toList()))
        .add(lines("Loss", "Next-token cross-entropy.", "nats", List.of("loss")))
        .add(
            new Scatter(
                "Conditional entropy and loss",
                "A point a model, means over texts. Correlation %s (Pearson), %s (ranks); 95 %% by drawing texts."
                    .formatted(text(correlation.pearson()), text(correlation.spearman())),
                "conditional entropy of a token, nats",
                "loss, nats",
                IntStream.range(0, models.size()).mapToObj(this::point).toList()));
  }

  private Figure.Group point(int model) {
    Measurement m = models.get(model);
    double[] point = {m.mean("conditional_entropy"), m.mean("loss")};
    String name = sizes.get(model) + " parameters";
    return new Figure.Group(name, List.of(Figure.numbers(point)), List.of(name));
  }

  private static String text(Interval interval) {
    return "%.3f [%.3f, %.3f]".formatted(interval.value(), interval.low(), interval.high());
  }

  private Lines lines(String title, String caption, String unit, List<String> quantities) {
    List<Series> series = quantities.stream().map(this::series).toList();
    return new Lines(title, caption, "parameters", unit, sizes, series);
  }

  private Series series(String quantity) {
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

  private Lines positions(String title, String caption, List<double[]> values) {
    int places = values.stream().mapToInt(v -> v.length).min().orElseThrow();
    List<Series> series =
        IntStream.range(0, values.size())
            .mapToObj(
                i -> Series.of(sizes.get(i) + " parameters", Arrays.copyOf(values.get(i), places)))
            .toList();
    List<String> x = IntStream.range(0, places).mapToObj(String::valueOf).toList();
    return new Lines(title, caption, "place in the text", "nats", x, series);
  }

  private void table(Map<String, ScalingLaws.Laws> all) {
    List<List<Object>> rows = new ArrayList<>();
    all.forEach(
        (quantity, laws) -> {
          String name = quantity.replace('_', ' ');
          laws.fits()
              .forEach(
                  (law, fit) ->
                      rows.add(
                          List.of(
                              name,
                              law.toString().toLowerCase(Locale.ROOT).replace('_', ' '),
                              law == GrowthFit.Law.POWER
                                  ? parameters(fit) + ", b " + text(laws.exponent())
                                  : parameters(fit),
                              fit.rSquared(),
                              largest(fit.residuals()),
                              fit.aic(),
                              law == laws.best() ? "smallest AIC" : "")));
        });
    section.add(
        new Table(
            "Laws of growth",
            "Least squares in the logarithm through %d sizes; a law is a finding only where its AIC is"
                    .formatted(models.size())
                + " the smallest by 2 or more. Power: a·N^b with b's 95 % interval over texts.",
            List.of("quantity", "law", "parameters", "R²", "largest residual", "AIC", ""),
            rows));
  }

  private static double largest(double... residuals) {
    return Arrays.stream(residuals).map(Math::abs).max().orElse(0);
  }

  private static String parameters(GrowthFit fit) {
    return String.join(
        ", ", Arrays.stream(fit.parameters()).mapToObj(p -> "%.4g".formatted(p)).toList());
  }
}
