package org.geodex.benchmark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One benchmark of a results file.
 *
 * @param name class and method
 * @param mode JMH's mode: thrpt, avgt, sample, ss
 * @param threads threads that ran the benchmark together
 * @param params values of its {@code @Param} fields
 * @param unit of the score, such as ms/op or ops/s
 * @param forks one list a fork: the scores of its iterations
 */
public record BenchmarkResult(
    String name,
    String mode,
    int threads,
    Map<String, String> params,
    String unit,
    List<List<Double>> forks) {

  /** What must be equal for two results to be the same measurement. */
  public String key() {
    StringBuilder key = new StringBuilder(name);
    new TreeMap<>(params).forEach((param, value) -> key.append(" %s=%s".formatted(param, value)));
    key.append(threads == 1 ? "" : " threads=" + threads);
    return key.append(mode.equals("avgt") ? "" : " (" + mode + ")").toString();
  }

  /** Whether a larger score is better: operations per time. */
  public boolean isThroughput() {
    return mode.equals("thrpt");
  }

  /** The median iteration of every fork. */
  public double[] samples() {
    return forks.stream().mapToDouble(BenchmarkResult::median).toArray();
  }

  /** Logarithm of the cost per operation of every fork, so that throughput and time read alike. */
  double[] logCosts() {
    double sign = isThroughput() ? -1 : 1;
    return Arrays.stream(samples()).map(score -> sign * Math.log(score)).toArray();
  }

  /** This result with the forks of another run of the same measurement after its own. */
  BenchmarkResult with(BenchmarkResult more) {
    List<List<Double>> all = new ArrayList<>(forks);
    all.addAll(more.forks);
    return new BenchmarkResult(name, mode, threads, params, unit, List.copyOf(all));
  }

  private static double median(List<Double> values) {
    return median(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** The middle value, or the mean of the two middle ones. */
  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
}
