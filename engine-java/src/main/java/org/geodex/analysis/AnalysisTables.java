package org.geodex.analysis;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.file.AtomicOutputs;
import org.geodex.matrix.ArrowSink;

/**
 * The figures as Arrow files, a row for each layer, for each pair of layers, for each pair of
 * scales.
 */
final class AnalysisTables {
  private AnalysisTables() {}

  static void write(AtomicOutputs outputs, Path folder, String prefix, ModelAnalysis analysis) {
    LayerAnalysis.Result result = analysis.layers();
    int n = result.layers().size();
    int[] layer = new int[n];
    for (int i = 0; i < n; i++) {
      layer[i] = i;
    }
    ArrowSink.Builder layers = ArrowSink.table(n).ints("layer", layer);
    layerColumns(result).forEach(layers::doubles);
    commit(layers, outputs, folder.resolve(prefix + "layers.arrow"));

    int[] first = new int[n * n];
    int[] second = new int[n * n];
    for (int i = 0; i < n * n; i++) {
      first[i] = i / n;
      second[i] = i % n;
    }
    commit(
        ArrowSink.table(n * n)
            .ints("layer", first)
            .ints("other", second)
            .doubles("cka_debiased", flat(result.cka()))
            .doubles("geodesic_correlation", flat(result.geodesicCorrelation()))
            .doubles("kl_gaussian_diag", flat(result.kl()))
            .doubles("mi_gaussian", flat(result.mi())),
        outputs,
        folder.resolve(prefix + "layer_pairs.arrow"));

    List<String> from = new ArrayList<>();
    List<String> to = new ArrayList<>();
    List<String> measure = new ArrayList<>();
    List<String> unit = new ArrayList<>();
    double[] values = new double[analysis.scales().between().size()];
    for (ScaleAnalysis.Between between : analysis.scales().between()) {
      values[from.size()] = between.value();
      from.add(between.from());
      to.add(between.to());
      measure.add(between.measure());
      unit.add(between.unit());
    }
    commit(
        ArrowSink.table(values.length)
            .text("from", from)
            .text("to", to)
            .text("measure", measure)
            .doubles("value", values)
            .text("unit", unit),
        outputs,
        folder.resolve(prefix + "scales.arrow"));
  }

  private static void commit(ArrowSink.Builder table, AtomicOutputs outputs, Path file) {
    try (ArrowSink sink = table.create(outputs, file)) {
      sink.commit();
    }
  }

  /** The figures of the layers by column name. */
  static Map<String, double[]> layerColumns(LayerAnalysis.Result result) {
    Map<String, double[]> columns = new LinkedHashMap<>();
    columns.put("coding_length_normalized", result.over(LayerFigures::codingLength));
    columns.put("matrix_entropy", result.over(LayerFigures::matrixEntropy));
    columns.put("effective_rank", result.over(LayerFigures::effectiveRank));
    columns.put("participation_ratio", result.over(LayerFigures::participationRatio));
    columns.put("isoscore", result.over(LayerFigures::isoScore));
    columns.put("dimension_twonn", result.over(LayerFigures::dimension));
    columns.put("geodesic_mean", result.over(LayerFigures::geodesicMean));
    columns.put("geodesic_diameter", result.over(LayerFigures::geodesicDiameter));
    columns.put("graph_components", result.over(LayerFigures::components));
    columns.put("tortuosity", result.over(LayerFigures::tortuosity));
    columns.put("trajectory_curvature", result.over(LayerFigures::curvature));
    columns.put("attention_span", result.over(LayerFigures::attentionSpan));
    columns.put("attention_entropy", result.over(LayerFigures::attentionEntropy));
    columns.put("coding_length_normalized_error", result.over(f -> f.errors().codingLength()));
    columns.put("matrix_entropy_error", result.over(f -> f.errors().matrixEntropy()));
    columns.put("effective_rank_error", result.over(f -> f.errors().effectiveRank()));
    columns.put("participation_ratio_error", result.over(f -> f.errors().participationRatio()));
    columns.put("isoscore_error", result.over(f -> f.errors().isoScore()));
    return columns;
  }

  private static double[] flat(double[][] table) {
    return java.util.Arrays.stream(table).flatMapToDouble(java.util.Arrays::stream).toArray();
  }
}
