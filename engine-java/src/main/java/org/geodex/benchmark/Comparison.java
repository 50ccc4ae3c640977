package org.geodex.benchmark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.commons.statistics.inference.MannWhitneyUTest;
import org.geodex.error.InputException;

/**
 * Compares two results files, benchmark by benchmark. Forks are the samples. The effect is the
 * Hodges-Lehmann estimate of log(new / base) in cost per operation, with the confidence interval
 * that belongs to it; the test is Mann-Whitney's U, and Holm's step-down correction keeps the
 * chance of any false alarm in the whole file below the level.
 *
 * <p>A benchmark is called slower or faster when the corrected test rejects and the effect passes
 * the threshold; the same when the interval lies within the threshold; else too noisy to tell.
 *
 * @param rows one a benchmark, in the order of the base file
 * @param onlyBase keys that the new file lacks
 * @param onlyNew keys that the base file lacks
 */
public record Comparison(List<Row> rows, List<String> onlyBase, List<String> onlyNew) {

  /** What is said about one benchmark. */
  public enum Verdict {
    FASTER("faster"),
    SLOWER("slower"),
    SAME("same"),
    UNCLEAR("too noisy to tell");

    private final String words;

    Verdict(String words) {
      this.words = words;
    }

    public String words() {
      return words;
    }
  }

  /**
   * One benchmark.
   *
   * @param base median of the base forks, in {@code unit}
   * @param changed median of the new forks
   * @param effect relative change of the cost per operation: 0.1 is 10 % slower
   * @param low lower end of its confidence interval
   * @param high upper end
   * @param p two-sided Mann-Whitney p after Holm's correction
   */
  public record Row(
      String key,
      String unit,
      int baseForks,
      int newForks,
      double base,
      double changed,
      double effect,
      double low,
      double high,
      double p,
      Verdict verdict) {}

  /**
   * How to judge.
   *
   * @param threshold relative change that matters, such as 0.05
   * @param level chance of a false alarm in the whole comparison
   * @param minimumForks fewer are refused; with four against four no ordering is below 0.028
   */
  public record Rules(double threshold, double level, int minimumForks) {
    public static final Rules DEFAULT = new Rules(0.05, 0.05, 5);
  }

  /** Whether anything became slower. */
  public boolean hasRegression() {
    return rows.stream().anyMatch(row -> row.verdict == Verdict.SLOWER);
  }

  /**
   * Compares.
   *
   * @throws InputException when nothing is in both files, or forks are too few
   */
  public static Comparison of(BenchmarkResults base, BenchmarkResults changed, Rules rules) {
    List<Row> rows = new ArrayList<>();
    for (BenchmarkResult before : base.results().values()) {
      BenchmarkResult after = changed.results().get(before.key());
      if (after != null) {
        checkForks(base, before, rules);
        checkForks(changed, after, rules);
        rows.add(row(before, after, rules));
      }
    }
    if (rows.isEmpty()) {
      throw new InputException(
          "%s and %s: no benchmark with the same parameters is in both",
          base.path(), changed.path());
    }
    return new Comparison(judge(rows, rules), missing(base, changed), missing(changed, base));
  }

  private static void checkForks(BenchmarkResults file, BenchmarkResult result, Rules rules) {
    if (result.forks().size() < rules.minimumForks) {
      throw new InputException(
          "%s: %s has %d forks, expected at least %d (jmh -f; --min-forks to insist)",
          file.path(), result.key(), result.forks().size(), rules.minimumForks);
    }
  }

  private static List<String> missing(BenchmarkResults from, BenchmarkResults in) {
    return from.results().keySet().stream().filter(key -> !in.results().containsKey(key)).toList();
  }

  private static Row row(BenchmarkResult before, BenchmarkResult after, Rules rules) {
    if (!before.unit().equals(after.unit())) {
      throw new InputException(
          "%s: is in %s in one file and in %s in the other",
          before.key(), before.unit(), after.unit());
    }
    double[] x = logCosts(before);
    double[] y = logCosts(after);
    double tested = MannWhitneyUTest.withDefaults().test(x, y).getPValue();
    double p = Double.isNaN(tested) ? 1 : tested; // all values equal
    ShiftEstimate shift = ShiftEstimate.of(x, y, 1 - rules.level);
    return new Row(
        before.key(),
        before.unit(),
        x.length,
        y.length,
        BenchmarkResult.median(before.samples()),
        BenchmarkResult.median(after.samples()),
        Math.expm1(shift.shift()),
        Math.expm1(shift.low()),
        Math.expm1(shift.high()),
        p,
        Verdict.UNCLEAR);
  }

  /** Logarithm of the cost per operation, so that throughput and time read alike. */
  private static double[] logCosts(BenchmarkResult result) {
    double sign = result.isThroughput() ? -1 : 1;
    return Arrays.stream(result.samples()).map(score -> sign * Math.log(score)).toArray();
  }

  /** Holm: the i-th smallest of m p-values times m − i, never falling. */
  private static List<Row> judge(List<Row> rows, Rules rules) {
    List<Row> judged = new ArrayList<>(rows);
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingDouble(i -> rows.get(i).p));
    double running = 0;
    for (int rank = 0; rank < rows.size(); rank++) {
      Row row = rows.get(order.get(rank));
      running = Math.max(running, Math.min(1, row.p * (rows.size() - rank)));
      judged.set(order.get(rank), judged(row, running, rules));
    }
    return List.copyOf(judged);
  }

  private static Row judged(Row row, double p, Rules rules) {
    Verdict verdict;
    if (p <= rules.level && Math.abs(row.effect) >= rules.threshold) {
      verdict = row.effect > 0 ? Verdict.SLOWER : Verdict.FASTER;
    } else if (-rules.threshold <= row.low && row.high <= rules.threshold) {
      verdict = Verdict.SAME;
    } else {
      verdict = Verdict.UNCLEAR;
    }
    return new Row(
        row.key,
        row.unit,
        row.baseForks,
        row.newForks,
        row.base,
        row.changed,
        row.effect,
        row.low,
        row.high,
        p,
        verdict);
  }
}
