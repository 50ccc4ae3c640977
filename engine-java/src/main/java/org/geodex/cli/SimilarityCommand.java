package org.geodex.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.MetricDomain;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.MatrixSource;
import org.geodex.matrix.UnitScale;
import org.geodex.similarity.CanonicalCorrelation;
import org.geodex.similarity.CkaDebiased;
import org.geodex.similarity.CkaLinear;
import org.geodex.similarity.CkaRbf;
import org.geodex.similarity.DistanceCorrelation;
import org.geodex.similarity.MutualNeighbours;
import org.geodex.similarity.Procrustes;
import org.geodex.similarity.RepresentationalSimilarity;
import org.geodex.similarity.Similarity;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "similarity",
    mixinStandardHelpOptions = true,
    description = {
      "Similarity of two representations of the same rows.",
      "More than two matrices give the table over all pairs."
    },
    footer = {
      "",
      "Example: geodex similarity layer3.npy layer4.npy --measure cka-debiased --json",
      "Example: geodex similarity layer*.npy --measure cka --json"
    })
final class SimilarityCommand extends GeodexCommand {
  private static final List<String> MEASURES =
      List.of(
          "cka",
          "cka-debiased",
          "cka-rbf",
          "cca",
          "svcca",
          "pwcca",
          "procrustes",
          "distance-correlation",
          "rsa",
          "mutual-knn");

  @Mixin private InputOptions input;

  @Parameters(arity = "1..*", paramLabel = "X", description = "Matrices with the same rows.")
  private List<String> names;

  @Option(
      names = "--measure",
      paramLabel = "NAME",
      defaultValue = "cka",
      description =
          "cka, cka-debiased, cka-rbf, cca, svcca, pwcca, procrustes, distance-correlation, rsa or"
              + " mutual-knn (default ${DEFAULT-VALUE}).")
  private String measure;

  @Option(
      names = "--unbiased",
      description = "distance-correlation: the unbiased estimate of its square.")
  private boolean unbiased;

  @Option(
      names = "--sigma",
      paramLabel = "S",
      description = "cka-rbf: bandwidth (default: the median distance of each matrix).")
  private Double sigma;

  @Option(
      names = "--sigma-scale",
      paramLabel = "F",
      defaultValue = "1",
      description = "cka-rbf: bandwidth in median distances (default ${DEFAULT-VALUE}).")
  private double sigmaScale;

  @Option(
      names = "--variance",
      paramLabel = "V",
      defaultValue = "0.99",
      description = "svcca: share of the variance to keep (default ${DEFAULT-VALUE}).")
  private double variance;

  @Option(
      names = "--correlation",
      paramLabel = "NAME",
      defaultValue = "spearman",
      description = "rsa: spearman or pearson (default ${DEFAULT-VALUE}).")
  private String correlation;

  @Option(
      names = "--k",
      paramLabel = "K",
      defaultValue = "10",
      description = "mutual-knn: neighbours (default ${DEFAULT-VALUE}).")
  private int k;

  @Option(
      names = "--metric",
      paramLabel = "M",
      defaultValue = "cosine",
      description = "mutual-knn: metric of the neighbours (default ${DEFAULT-VALUE}).")
  private String metric;

  @Override
  Map<String, Object> run(Backend backend) {
    Similarity similarity = similarity();
    if (names.size() < 2) {
      throw new UsageException("X: expected two matrices or more with the same rows, got one");
    }
    List<MatrixSource> sources = new ArrayList<>();
    List<UnitScale> scales = new ArrayList<>();
    try {
      for (String name : names) {
        MatrixSource source = input.open(name);
        sources.add(source);
        if (similarity instanceof MutualNeighbours neighbours) {
          MetricDomain.check(neighbours.metric(), source.matrix(), name);
        }
        scales.add(
            dependsOnScale() ? UnitScale.asIs(source.matrix()) : UnitScale.of(source.matrix()));
      }
      return measure(backend, similarity, scales);
    } finally {
      scales.forEach(UnitScale::close);
      sources.forEach(MatrixSource::close);
    }
  }

  private Map<String, Object> measure(
      Backend backend, Similarity similarity, List<UnitScale> scales) {
    List<Matrix> matrices = scales.stream().map(UnitScale::matrix).toList();
    Map<String, Object> result = new LinkedHashMap<>();
    try {
      if (similarity instanceof CkaRbf rbf) {
        CkaRbf.Result rbfResult = rbf.result(backend, matrices);
        put(result, rbfResult.table());
        double[] bandwidths = rbfResult.bandwidths().clone();
        Arrays.setAll(bandwidths, i -> Math.scalb(bandwidths[i], scales.get(i).exponent()));
        result.put("sigma", bandwidths);
      } else if (matrices.size() == 2) {
        result.put("value", similarity.of(backend, matrices.get(0), matrices.get(1)));
      } else {
        put(result, similarity.table(backend, matrices));
      }
    } catch (InputException e) {
      throw new InputException(e, "%s: %s", String.join(", ", names), e.getMessage());
    }
    result.put("measure", measure);
    result.put("n", matrices.getFirst().rows());
    result.put("d", matrices.stream().map(Matrix::columns).toList());
    describe(result, similarity, matrices);
    return result;
  }

  private boolean dependsOnScale() {
    return measure.equals("cka-rbf") && sigma != null
        || measure.equals("mutual-knn") && metric.startsWith("fisher");
  }

  /** One value for two matrices, else the table. */
  private void put(Map<String, Object> result, double[][] table) {
    if (table.length == 2) {
      result.put("value", table[0][1]);
    } else {
      result.put("table", table);
      result.put("names", names);
    }
  }

  private void describe(Map<String, Object> result, Similarity similarity, List<Matrix> matrices) {
    switch (similarity) {
      case DistanceCorrelation ignored -> result.put("unbiased", unbiased);
      case RepresentationalSimilarity ignored -> result.put("correlation", correlation);
      case Procrustes ignored when matrices.size() == 2 -> {
        double s = (double) result.get("value");
        result.put("squared_distance", 2 - 2 * s);
        result.put("disparity", 1 - s * s);
      }
      case MutualNeighbours ignored -> {
        result.put("k", k);
        result.put("metric", metric);
      }
      default -> {}
    }
  }

  private Similarity similarity() {
    return switch (measure) {
      case "cka" -> new CkaLinear();
      case "cka-debiased" -> new CkaDebiased();
      case "cka-rbf" -> new CkaRbf(sigma == null ? Double.NaN : sigma, sigmaScale);
      case "cca" -> new CanonicalCorrelation(CanonicalCorrelation.Form.CCA);
      case "svcca" -> new CanonicalCorrelation(CanonicalCorrelation.Form.SVCCA, variance);
      case "pwcca" -> new CanonicalCorrelation(CanonicalCorrelation.Form.PWCCA);
      case "procrustes" -> new Procrustes();
      case "distance-correlation" -> new DistanceCorrelation(unbiased);
      case "rsa" -> new RepresentationalSimilarity(correlation());
      case "mutual-knn" -> new MutualNeighbours(k, metric());
      default ->
          throw new UsageException(
              "--measure %s: expected one of %s", measure, String.join(", ", MEASURES));
    };
  }

  private RepresentationalSimilarity.Correlation correlation() {
    try {
      return RepresentationalSimilarity.Correlation.valueOf(correlation.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new UsageException(e, "--correlation %s: expected spearman or pearson", correlation);
    }
  }

  private Metric metric() {
    return Arrays.stream(Metric.values())
        .filter(m -> m.toString().equals(metric))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "--metric %s: expected one of %s",
                    metric,
                    String.join(
                        ", ", Arrays.stream(Metric.values()).map(Metric::toString).toList())));
  }
}
