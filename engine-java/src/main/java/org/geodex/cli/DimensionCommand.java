package org.geodex.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.geodesic.DimensionEstimate;
import org.geodex.geodesic.DimensionGride;
import org.geodex.geodesic.DimensionMle;
import org.geodex.geodesic.DimensionTwoNn;
import org.geodex.geodesic.Knn;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.matrix.MatrixSource;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code geodex dimension}: the intrinsic dimension of a set of rows. */
@Command(
    name = "dimension",
    mixinStandardHelpOptions = true,
    description = "Intrinsic dimension of the rows of X, from the distances to their neighbours.",
    footer = {
      "",
      "twonn: Facco et al. 2017, fit through the origin without the largest tenth of ratios.",
      "gride: Denti et al. 2022, every scale n1 = 1, 2, 4 ... with n2 = 2 n1; value is that of"
          + " --n1.",
      "mle: Levina and Bickel 2004 from --k neighbours.",
      "Rows with a duplicate (distance 0) are left out and counted as zero_distances.",
      "Example: geodex dimension x.npy --estimator twonn --json"
    })
final class DimensionCommand extends GeodexCommand {
  /** The estimators. */
  enum Estimator {
    TWONN,
    GRIDE,
    MLE;

    @Override
    public String toString() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  @Mixin private InputOptions input;

  @Parameters(index = "0", paramLabel = "X", description = "MATRIX of n rows.")
  private String x;

  @Option(
      names = "--estimator",
      paramLabel = "NAME",
      defaultValue = "twonn",
      description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
  private Estimator estimator;

  @Option(
      names = "--k",
      paramLabel = "K",
      description = "Neighbours of each row: mle (default 20), gride (farthest rank, default 64).")
  private Integer k;

  @Option(
      names = "--n1",
      paramLabel = "N1",
      defaultValue = "2",
      description =
          "gride: rank of the nearer neighbour, a power of two (default ${DEFAULT-VALUE}).")
  private int n1;

  @Option(
      names = "--discard",
      paramLabel = "SHARE",
      defaultValue = "0.1",
      description = "twonn: share of the largest ratios left out (default ${DEFAULT-VALUE}).")
  private double discard;

  @Option(
      names = "--average",
      paramLabel = "NAME",
      defaultValue = "levina-bickel",
      description =
          "mle: mean over rows, levina-bickel or mackay-ghahramani (default ${DEFAULT-VALUE}).")
  private DimensionMle.Average average;

  @Option(
      names = "--bootstrap",
      paramLabel = "B",
      defaultValue = "200",
      description = "Resamples for the 95 %% interval, 0 for none (default ${DEFAULT-VALUE}).")
  private int bootstrap;

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      defaultValue = "euclidean",
      description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
  private Metric metric;

  @Override
  Map<String, Object> run(Backend backend) {
    checkOptions();
    try (MatrixSource source = input.open(x)) {
      NeighbourTable table =
          Knn.of(backend, source.matrix(), x, neighbours(source.matrix().rows()), metric);
      Map<String, Object> result = new LinkedHashMap<>();
      try {
        estimate(table, result);
      } catch (InputException e) {
        throw new InputException(e, "%s: %s", x, e.getMessage());
      }
      result.put("n", source.matrix().rows());
      result.put("d", source.matrix().columns());
      result.put("k", table.k());
      return result;
    }
  }

  private void estimate(NeighbourTable table, Map<String, Object> result) {
    long seed = common.seed;
    switch (estimator) {
      case TWONN -> put(result, DimensionTwoNn.of(table, 0, discard, bootstrap, seed), "facco");
      case MLE -> {
        String variant = average.toString();
        put(result, DimensionMle.of(table, average, bootstrap, seed), variant);
      }
      case GRIDE -> putScales(result, DimensionGride.of(table, bootstrap, seed));
    }
  }

  private void checkOptions() {
    if (!(discard >= 0 && discard < 1)) {
      throw new UsageException("--discard %s: expected a share in [0, 1)", discard);
    }
    if (bootstrap < 0) {
      throw new UsageException("--bootstrap %d: expected 0 or more", bootstrap);
    }
    if (n1 < 1 || Integer.bitCount(n1) != 1) {
      throw new UsageException("--n1 %d: expected a power of two", n1);
    }
    if (k != null && k < 2) {
      throw new UsageException("--k %d: expected at least 2", k);
    }
  }

  private int neighbours(long n) {
    return switch (estimator) {
      case TWONN -> 2;
      case MLE -> k != null ? k : 20;
      case GRIDE -> k != null ? k : (int) Math.max(2, Math.min(Math.max(64, 2L * n1), n - 1));
    };
  }

  private void put(Map<String, Object> result, DimensionEstimate estimate, String variant) {
    result.put("value", estimate.value());
    result.put("estimator", estimator.toString());
    result.put("variant", variant);
    putInterval(result, estimate);
    result.put("used", estimate.used());
    result.put("zero_distances", estimate.zeroDistances());
  }

  private void putInterval(Map<String, Object> result, DimensionEstimate estimate) {
    if (bootstrap > 0) {
      result.put("low", estimate.low());
      result.put("high", estimate.high());
    }
  }

  private void putScales(Map<String, Object> result, List<DimensionGride.Scale> scales) {
    DimensionGride.Scale chosen =
        scales.stream()
            .filter(scale -> scale.n1() == n1)
            .findFirst()
            .orElseThrow(
                () ->
                    new InputException(
                        "gride with --n1 %d needs %d neighbours of each row", n1, 2 * n1))
            .defined();
    put(result, chosen.estimate(), "n1=" + n1);
    List<Map<String, Object>> list = new ArrayList<>();
    for (DimensionGride.Scale scale : scales) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("n1", scale.n1());
      entry.put("n2", scale.n2());
      entry.put("distance", scale.distance());
      entry.put("value", scale.estimate().value());
      putInterval(entry, scale.estimate());
      entry.put("zero_distances", scale.estimate().zeroDistances());
      list.add(entry);
    }
    result.put("scales", list);
  }
}
