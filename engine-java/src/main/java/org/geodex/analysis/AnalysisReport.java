package org.geodex.analysis;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.geodex.report.Figure;
import org.geodex.report.Figure.HeatMap;
import org.geodex.report.Figure.Lines;
import org.geodex.report.Figure.Series;
import org.geodex.report.Figure.Table;
import org.geodex.report.Report;
import org.geodex.scale.AutomaticPartition;
import org.geodex.scale.Partition;

/** Writes the figures of one model's analysis into a report. */
final class AnalysisReport {
  private AnalysisReport() {}

  /** Adds the sections and the results of one model; {@code prefix} keeps their ids apart. */
  static void add(Report report, String prefix, String model, ModelAnalysis analysis) {
    report.results().put(prefix, results(analysis));
    String heading = model.isEmpty() ? "" : model + ": ";
    layers(
        report.section(
            prefix + "-layers",
            heading + "layers",
            "Hidden state 0 is what enters the first layer, the last one what the model returns."),
        analysis.layers());
    pairs(
        report.section(
            prefix + "-pairs",
            heading + "layer by layer",
            "Every pair of hidden states. Read a row to see what a layer shares with the others."),
        analysis.layers());
    scales(
        report.section(
            prefix + "-scales",
            heading + "scales",
            "Layers as three scales: local %s, intermediate %s, global %s (partition %s)."
                .formatted(
                    analysis.partition().local(),
                    analysis.partition().intermediate(),
                    analysis.partition().global(),
                    analysis.partitionName())),
        analysis);
    numbers(
        report.section(
            prefix + "-numbers", heading + "every number", "Unit, estimator and rows beside each."),
        analysis);
  }

  private static void layers(Report.Section section, LayerAnalysis.Result result) {
    List<String> x = labels(result.layers().size());
    section
        .add(
            lines(
                "Entropy of the token representations",
                "Von Neumann entropy of centred rows at unit length.",
                "nats",
                x,
                Series.of("matrix entropy", result.over(LayerFigures::matrixEntropy))))
        .add(
            lines(
                "Coding length, normalized",
                "1: rows spread evenly over all directions.",
                "share of the largest",
                x,
                Series.of("coding length", result.over(LayerFigures::codingLength)),
                Series.of("IsoScore", result.over(LayerFigures::isoScore))))
        .add(
            lines(
                "Dimensions in use",
                "Three ways to count them; TwoNN is local, the others are linear.",
                "dimensions",
                x,
                Series.of("effective rank", result.over(LayerFigures::effectiveRank)),
                Series.of("participation ratio", result.over(LayerFigures::participationRatio)),
                Series.withBand(
                    "TwoNN",
                    result.over(LayerFigures::dimension),
                    result.over(LayerFigures::dimensionLow),
                    result.over(LayerFigures::dimensionHigh))))
        .add(
            lines(
                "Geodesic distances",
                "Shortest paths in the neighbour graph of %d token rows."
                    .formatted(result.sampled()),
                "distance",
                x,
                Series.of("mean", result.over(LayerFigures::geodesicMean)),
                Series.of("diameter", result.over(LayerFigures::geodesicDiameter))))
        .add(
            lines(
                "How bent the manifold is",
                "Geodesic over Euclidean distance, mean over pairs of rows.",
                "ratio",
                x,
                Series.of("tortuosity", result.over(LayerFigures::tortuosity))))
        .add(
            lines(
                "How a text moves through the layer",
                "Mean angle between successive steps of a token sequence.",
                "radians",
                x,
                Series.of("trajectory curvature", result.over(LayerFigures::curvature))));
    if (Double.isFinite(result.layers().getLast().attentionSpan())) {
      section
          .add(
              lines(
                  "Attention span",
                  "Mean distance between a token and what it attends to, over heads.",
                  "tokens",
                  x,
                  Series.of("attention span", result.over(LayerFigures::attentionSpan))))
          .add(
              lines(
                  "Attention entropy",
                  "Mean over tokens and heads.",
                  "nats",
                  x,
                  Series.of("attention entropy", result.over(LayerFigures::attentionEntropy))));
    }
  }

  private static void pairs(Report.Section section, LayerAnalysis.Result result) {
    section
        .add(heatMap("CKA, debiased", "Linear, centred.", "", result.cka()))
        .add(
            heatMap(
                "Geodesic correlation",
                "Pearson, over pairs of rows.",
                "",
                result.geodesicCorrelation()))
        .add(
            heatMap(
                "KL divergence, ln(1 + KL)",
                "Diagonal Gaussians, row against column; the log keeps small and large apart.",
                "",
                map(result.kl(), Math::log1p)))
        .add(
            heatMap(
                "Mutual information",
                "Gaussian, of the first %d principal components.".formatted(result.components()),
                "nats",
                result.mi()));
  }

  private static void scales(Report.Section section, ModelAnalysis analysis) {
    List<List<Object>> between = new ArrayList<>();
    for (ScaleAnalysis.Between b : analysis.scales().between()) {
      between.add(List.of(b.from() + " → " + b.to(), b.measure(), b.value(), b.unit(), b.rows()));
    }
    section.add(
        new Table(
            "Between scales",
            "A scale is the mean over its layers, token by token.",
            List.of("scales", "measure", "value", "unit", "rows"),
            between));
    List<List<Object>> within = new ArrayList<>();
    for (ScaleAnalysis.Within w : analysis.scales().within()) {
      within.add(List.of(w.scale(), w.measure(), w.value(), w.unit()));
    }
    section.add(
        new Table("Within scales", "", List.of("scale", "measure", "value", "unit"), within));
    AutomaticPartition.Found found = analysis.found();
    if (found != null) {
      section.add(
          heatMap(
              "What the partition was found from",
              ("Mean of %s. First boundary stable in %.0f %% of random halves of the documents,"
                      + " second in %.0f %%.")
                  .formatted(
                      String.join(
                          ", ",
                          found.signals().keySet().stream()
                              .filter(name -> !name.equals("fused"))
                              .toList()),
                      100 * found.stability()[0],
                      100 * found.stability()[1]),
              "",
              found.signals().get("fused")));
    }
    section.add(published(analysis));
  }

  private static Table published(ModelAnalysis analysis) {
    List<List<Object>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "here: " + analysis.partitionName(),
            analysis.partition().local().toString(),
            analysis.partition().intermediate().toString(),
            analysis.partition().global().toString()));
    for (String preset : List.of("readme", "code", "figure", "thirds")) {
      Partition p = Partition.preset(preset, analysis.modelType(), analysis.lastState());
      rows.add(
          List.of(
              preset, p.local().toString(), p.intermediate().toString(), p.global().toString()));
    }
    return new Table(
        "Partitions side by side",
        "readme, code and figure were published for 12 layers (T5: 6) with arXiv 2505.20333 and"
            + " disagree; for another depth they are scaled in proportion.",
        List.of("partition", "local", "intermediate", "global"),
        rows);
  }

  private static void numbers(Report.Section section, ModelAnalysis analysis) {
    LayerAnalysis.Result result = analysis.layers();
    long n = analysis.tokens();
    List<List<Object>> rows = new ArrayList<>();
    for (LayerFigures f : result.layers()) {
      number(
          rows,
          f,
          "coding-length, normalized",
          f.codingLength(),
          "share",
          "ε " + analysis.eps(),
          n);
      number(rows, f, "matrix entropy", f.matrixEntropy(), "nats", "centred unit rows", n);
      number(rows, f, "effective rank", f.effectiveRank(), "dimensions", "centred unit rows", n);
      number(rows, f, "participation ratio", f.participationRatio(), "dimensions", "centred", n);
      number(rows, f, "IsoScore", f.isoScore(), "share", "", n);
      number(rows, f, "TwoNN dimension", f.dimension(), "dimensions", "", result.sampled());
      number(
          rows,
          f,
          "geodesic mean",
          f.geodesicMean(),
          "distance",
          "k " + analysis.k(),
          result.sampled());
      number(
          rows,
          f,
          "geodesic diameter",
          f.geodesicDiameter(),
          "distance",
          "k " + analysis.k(),
          result.sampled());
      number(rows, f, "tortuosity", f.tortuosity(), "ratio", "k " + analysis.k(), result.sampled());
      number(rows, f, "trajectory curvature", f.curvature(), "radians", "", n);
      number(rows, f, "attention span", f.attentionSpan(), "tokens", "mean over heads", n);
      number(rows, f, "attention entropy", f.attentionEntropy(), "nats", "mean over heads", n);
    }
    section.add(
        new Table(
            "Layers", "", List.of("layer", "figure", "value", "unit", "parameters", "rows"), rows));
  }

  private static void number(
      List<List<Object>> rows,
      LayerFigures f,
      String name,
      double value,
      String unit,
      String parameters,
      long n) {
    if (Double.isFinite(value)) {
      rows.add(List.of(String.valueOf(f.layer()), name, value, unit, parameters, n));
    }
  }

  private static Map<String, Object> results(ModelAnalysis analysis) {
    Map<String, Object> results = new LinkedHashMap<>();
    results.put("model_type", analysis.modelType());
    results.put("tokens", analysis.tokens());
    results.put("sampled_rows", analysis.layers().sampled());
    results.put("partition", analysis.partition().scales());
    results.put("partition_name", analysis.partitionName());
    if (analysis.found() != null) {
      results.put("stability", Figure.numbers(analysis.found().stability()));
    }
    results.put("layers", layerResults(analysis.layers()));
    Map<String, Object> pairs = new LinkedHashMap<>();
    pairs.put("cka_debiased", Figure.numbers(analysis.layers().cka()));
    pairs.put("geodesic_correlation", Figure.numbers(analysis.layers().geodesicCorrelation()));
    pairs.put("kl_gaussian_diag", Figure.numbers(analysis.layers().kl()));
    pairs.put("mi_gaussian", Figure.numbers(analysis.layers().mi()));
    results.put("layer_pairs", pairs);
    results.put("scales", analysis.scales());
    return results;
  }

  /** The figures of the layers by the names they have in {@code layers.arrow}. */
  private static List<Map<String, Object>> layerResults(LayerAnalysis.Result result) {
    List<Map<String, Object>> layers = new ArrayList<>();
    for (int i = 0; i < result.layers().size(); i++) {
      Map<String, Object> layer = new LinkedHashMap<>();
      layer.put("layer", i);
      int row = i;
      AnalysisTables.layerColumns(result)
          .forEach((name, values) -> layer.put(name, Figure.numbers(values[row]).getFirst()));
      layers.add(layer);
    }
    return layers;
  }

  private static Lines lines(
      String title, String caption, String unit, List<String> x, Series... series) {
    return new Lines(title, caption, "hidden state", unit, x, List.of(series));
  }

  private static HeatMap heatMap(String title, String caption, String unit, double[][] values) {
    List<String> names = labels(values.length);
    return new HeatMap(
        title,
        caption,
        "hidden state",
        "hidden state",
        unit,
        "sequential",
        names,
        names,
        Figure.numbers(values));
  }

  private static List<String> labels(int n) {
    return IntStream.range(0, n).mapToObj(String::valueOf).toList();
  }

  private static double[][] map(double[][] values, java.util.function.DoubleUnaryOperator f) {
    double[][] mapped = new double[values.length][];
    for (int i = 0; i < values.length; i++) {
      mapped[i] = java.util.Arrays.stream(values[i]).map(f).toArray();
    }
    return mapped;
  }
}
