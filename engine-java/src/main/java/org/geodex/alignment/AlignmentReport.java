package org.geodex.alignment;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;
import org.geodex.alignment.AlignmentStudy.Direction;
import org.geodex.report.Figure;
import org.geodex.report.Figure.Lines;
import org.geodex.report.Figure.Series;
import org.geodex.report.Figure.Table;
import org.geodex.report.Report;
import org.geodex.statistics.Interval;

/** Writes a study into a report: one plot, one table, the tests, the published numbers. */
public final class AlignmentReport {
  private static final List<String> COLUMNS =
      List.of(
          "kl_gaussian_diag",
          AlignmentResult.KL_REDUCTION,
          "kl_gaussian_full",
          "kl_knn",
          "mi_gaussian",
          "mi_ksg",
          "mi_geodesic_ksg",
          "mi_mine",
          "mi_infonce",
          "distance_correlation",
          "cca",
          "cka_debiased",
          "stress",
          "residual",
          "effective_rank_ratio",
          "variance_ratio",
          "reference_kl",
          "reference_mi",
          "reference_distance_correlation",
          "reference_cca");

  private AlignmentReport() {}

  /** Adds the section; {@code prefix} keeps its id apart and {@code heading} its title. */
  public static void add(Report report, String prefix, String heading, AlignmentResult result) {
    AlignmentStudy.Plan plan = result.plan();
    int pairs = plan.seeds() * plan.splits();
    Report.Section section =
        report.section(
            prefix + "-alignment",
            heading + "alignment of the scales",
            ("Maps from the global to the intermediate and from the intermediate to the local"
                    + " representation, trained on 60 %% of the documents, stopped by 20 %%,"
                    + " measured on the other 20 %%; %d seed(s) with %d split(s) of the documents"
                    + " each. No map of a representation can raise its true mutual information with"
                    + " another (data-processing inequality): where an estimate grows, the"
                    + " estimator finds the mapped rows easier to read.")
                .formatted(plan.seeds(), plan.splits()));
    for (Direction direction : Direction.values()) {
      section.add(plot(result, direction));
      if (result.settings().contains(AlignmentResult.REFERENCE)) {
        section.add(curves(result, direction));
      }
      section.add(table(result, direction, pairs));
    }
    if (!result.tests().isEmpty()) {
      section.add(tests(result, pairs));
    }
    section.add(published(result));
  }

  /** Bound and measured KL, by setting; decadic logarithms, since they span many sizes. */
  private static Lines plot(AlignmentResult result, Direction direction) {
    List<String> settings = result.settings();
    double[][] kl = new double[3][settings.size()];
    double[] bound = new double[settings.size()];
    double[] before = new double[settings.size()];
    for (int s = 0; s < settings.size(); s++) {
      Interval interval = result.interval(direction, settings.get(s), "kl_gaussian_diag");
      kl[0][s] = Math.log10(interval.value());
      kl[1][s] = Math.log10(interval.low());
      kl[2][s] = Math.log10(interval.high());
      bound[s] =
          Math.log10(
              result.cells(direction, settings.get(s)).stream()
                  .mapToDouble(AlignmentCell::bound)
                  .average()
                  .orElse(Double.NaN));
      before[s] =
          Math.log10(
              result.interval(direction, Setting.BASELINE.name(), "kl_gaussian_diag").value());
    }
    return new Lines(
        direction.words() + ": KL and its upper bound",
        "KL of diagonal Gaussians, mapped rows against targets, on test documents; the bound is"
            + " computed from the residual on validation documents and is a gap where a column's"
            + " residual is as large as the column. Means; band: 95 % of the bootstrap.",
        "setting",
        "log10 of nats",
        settings,
        List.of(
            Series.withBand("measured", kl[0], kl[1], kl[2]),
            Series.of("upper bound", bound),
            Series.of("before any map", before)));
  }

  private static Table table(AlignmentResult result, Direction direction, int pairs) {
    List<String> columns = new ArrayList<>(List.of("setting"));
    List<String> measures = COLUMNS.stream().filter(result.measures()::contains).toList();
    measures.forEach(name -> columns.add(name.replace('_', ' ')));
    columns.add("KL differs from full");
    List<List<Object>> rows = new ArrayList<>();
    for (String setting : result.settings()) {
      List<Object> row = new ArrayList<>(List.of(setting));
      for (String measure : measures) {
        Interval interval = result.interval(direction, setting, measure);
        DoubleFunction<String> text =
            measure.equals(AlignmentResult.KL_REDUCTION)
                ? AlignmentReport::percent
                : AlignmentReport::brief;
        row.add(
            pairs > 1
                ? "%s [%s, %s]"
                    .formatted(
                        text.apply(interval.value()),
                        text.apply(interval.low()),
                        text.apply(interval.high()))
                : text.apply(interval.value()));
      }
      row.add(verdict(result, direction, setting));
      rows.add(row);
    }
    return new Table(
        direction.words() + ": settings",
        "Mean [95 % interval] on test documents. baseline is the identity: every other row is to be"
            + " read against it. moments only brings each column's mean and variance to the"
            + " target's and knows nothing of which row belongs to which. Ratios below 1: the map"
            + " collapses the space.",
        columns,
        rows);
  }

  private static String verdict(AlignmentResult result, Direction direction, String setting) {
    return result.tests().stream()
        .filter(
            t ->
                t.direction().equals(direction.toString())
                    && t.setting().equals(setting)
                    && t.measure().equals("kl_gaussian_diag"))
        .findFirst()
        .map(
            t ->
                "%s (p %s, δ %s)"
                    .formatted(
                        t.significant() ? "yes" : "not shown",
                        brief(t.p_permutation_holm()),
                        brief(t.cliffs_delta())))
        .orElse("–");
  }

  private static Table tests(AlignmentResult result, int pairs) {
    List<List<Object>> rows = new ArrayList<>();
    for (AlignmentResult.Test t : result.tests()) {
      rows.add(
          List.of(
              t.direction().replace('_', ' '),
              t.measure().replace('_', ' '),
              t.setting(),
              t.difference(),
              t.p_permutation(),
              t.p_permutation_holm(),
              t.p_wilcoxon(),
              t.p_wilcoxon_holm(),
              t.cliffs_delta(),
              t.significant() ? "yes" : "no"));
    }
    return new Table(
        "Each setting against full",
        ("Paired over %d pairs of seed and split, two-sided; Holm over the settings of one map and"
                + " one measure. With %d pairs no exact p can be below %s, before correction."
                + " Splits of one corpus overlap, so the pairs are not independent and the p-values"
                + " are somewhat too small.")
            .formatted(pairs, pairs, brief(Math.pow(2, 1.0 - pairs))),
        List.of(
            "map",
            "measure",
            "setting",
            "difference",
            "p permutation",
            "Holm",
            "p Wilcoxon",
            "Holm ",
            "Cliff's δ",
            "significant at 0.05"),
        rows);
  }

  private static Table published(AlignmentResult result) {
    List<List<Object>> rows = new ArrayList<>();
    rows.add(List.of("arXiv 2505.20333, GPT-2", "baseline", "6955", "0.23", "0.97"));
    rows.add(List.of("arXiv 2505.20333, GPT-2", "full", "33", "1.25", "1.00"));
    rows.add(List.of("arXiv 2505.20333, BERT", "baseline", "403", "0.06", "0.87"));
    rows.add(List.of("arXiv 2505.20333, BERT", "full", "0.51", "2.89", "1.00"));
    boolean reference = result.measures().contains("reference_kl");
    for (Direction direction : Direction.values()) {
      for (String setting : List.of("baseline", "full")) {
        if (result.settings().contains(setting)) {
          rows.add(
              List.of(
                  "here, " + direction.words(),
                  setting,
                  mean(result, direction, setting, reference ? "reference_kl" : "kl_gaussian_diag"),
                  mean(result, direction, setting, reference ? "reference_mi" : "mi_gaussian"),
                  mean(result, direction, setting, "distance_correlation")));
        }
      }
    }
    return new Table(
        "Published numbers beside ours",
        "Not the same experiment. Theirs: the whole model is trained further on labelled documents"
            + " (not available), no map between the scales exists, KL and MI are taken between the"
            + " scales' own representations pooled over padding, MI is a histogram of all matrix"
            + " entries and no mutual information of vectors, no seeds are given. Here: the model"
            + " is frozen, a map is trained, measures are on documents that it has not seen; MI is "
            + (reference
                ? "the published histogram (--compat reference)."
                : "Gaussian, of principal components (the published histogram: --compat"
                    + " reference)."),
        List.of("source", "setting", "KL", "MI", "distance correlation"),
        rows);
  }

  private static String mean(
      AlignmentResult result, Direction direction, String setting, String measure) {
    return brief(result.interval(direction, setting, measure).value());
  }

  private static String brief(double value) {
    if (!Double.isFinite(value)) {
      return "–";
    }
    double size = Math.abs(value);
    return size == 0 || size >= 1e-3 && size < 1e5
        ? String.valueOf(new java.math.BigDecimal(value, new java.math.MathContext(3)))
        : "%.1e".formatted(value);
  }

  /** A share of 1, with decimals enough to tell it from 100 %. */
  private static String percent(double share) {
    if (!Double.isFinite(share)) {
      return "–";
    }
    double left = Math.abs(1 - share);
    int decimals = left == 0 ? 1 : (int) Math.clamp(Math.ceil(-Math.log10(left)) - 1, 1, 6);
    return "%%.%df %%%%".formatted(decimals).formatted(100 * share);
  }

  /** Validation residual by epoch, the mean over seeds and splits that got so far. */
  private static Lines curves(AlignmentResult result, Direction direction) {
    List<Series> series = new ArrayList<>();
    int longest = 0;
    for (String setting : result.settings()) {
      for (AlignmentCell cell : result.cells(direction, setting)) {
        longest = Math.max(longest, cell.curve().size());
      }
    }
    for (String setting : result.settings()) {
      double[] mean = new double[longest];
      for (int e = 0; e < longest; e++) {
        int epoch = e;
        mean[e] =
            result.cells(direction, setting).stream()
                .filter(c -> c.curve().size() > epoch)
                .mapToDouble(c -> c.curve().get(epoch).residual())
                .average()
                .orElse(Double.NaN);
      }
      if (Double.isFinite(mean.length == 0 ? Double.NaN : mean[0])) {
        series.add(new Series(setting, Figure.numbers(mean), null, null));
      }
    }
    List<String> x = new ArrayList<>();
    for (int e = 0; e < longest; e++) {
      x.add(String.valueOf(e));
    }
    return new Lines(
        direction.words() + ": residual during training",
        "On validation documents; 0 is before training.",
        "epoch",
        "share of variance left",
        x,
        series);
  }
}
