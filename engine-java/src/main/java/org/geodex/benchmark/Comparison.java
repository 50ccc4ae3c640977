package org.geodex.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.commons.statistics.inference.MannWhitneyUTest;
import org.geodex.error.InputException;
import org.geodex.statistics.Holm;

/**
 * Compares two results files, benchmark by benchmark. Forks are the samples. The effect is log(new
 * / base) in cost per operation. Between files of independent forks it is the Hodges-Lehmann
 * estimate with its interval, and the test is Mann-Whitney's U; forks that ran in pairs ({@link
 * AlternatingRun}) are judged by {@link PairedShift}. Holm's step-down correction keeps the chance
 * of any false alarm in the whole file below the level.
 *
 * <p>A benchmark is called slower or faster when the corrected test rejects and the effect passes
 * the threshold and the noise; the same when the interval lies within the threshold; else too noisy
 * to tell.
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
   * @param p two-sided, after Holm's correction
   * @param noise what base against base looked like: an effect without a cause, NaN where it was
   *     not measured
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
      double noise,
      Verdict verdict) {
    private Row judged(double corrected, Rules rules) {
      double least = Double.isNaN(noise) ? rules.threshold : Math.max(rules.threshold, noise);
      Verdict says = Verdict.UNCLEAR;
      if (corrected <= rules.level && Math.abs(effect) >= least) {
        says = effect > 0 ? Verdict.SLOWER : Verdict.FASTER;
      } else if (-rules.threshold <= low && high <= rules.threshold) {
        says = Verdict.SAME;
      }
      return new Row(
          key, unit, baseForks, newForks, base, changed, effect, low, high, corrected, noise, says);
    }
  }

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
   * Compares files of independent forks.
   *
   * @throws InputException when nothing is in both files, or forks are too few
   */
  public static Comparison of(BenchmarkResults base, BenchmarkResults changed, Rules rules) {
    return of(base, changed, rules, false, Map.of());
  }

  /**
   * Compares files in which the i-th forks of a benchmark ran one after the other, in random order.
   *
   * @param noise |effect| of base against base by key; may lack keys
   */
  static Comparison ofPairs(
      BenchmarkResults base, BenchmarkResults changed, Rules rules, Map<String, Double> noise) {
    return of(base, changed, rules, true, noise);
  }

  private static Comparison of(
      BenchmarkResults base,
      BenchmarkResults changed,
      Rules rules,
      boolean paired,
      Map<String, Double> noise) {
    List<Row> rows = new ArrayList<>();
    for (BenchmarkResult before : base.results().values()) {
      BenchmarkResult after = changed.results().get(before.key());
      if (after != null) {
        checkForks(base, before, rules);
        checkForks(changed, after, rules);
        checkUnits(before, after);
        double apparent = noise.getOrDefault(before.key(), Double.NaN);
        rows.add(row(before, after, rules, paired, apparent));
      }
    }
    if (rows.isEmpty()) {
      throw new InputException(
          "%s and %s: no benchmark with the same parameters is in both",
          base.path(), changed.path());
    }
    return new Comparison(corrected(rows, rules), missing(base, changed), missing(changed, base));
  }

  private static void checkForks(BenchmarkResults file, BenchmarkResult result, Rules rules) {
    if (result.forks().size() < rules.minimumForks) {
      throw new InputException(
          "%s: %s has %d forks, expected at least %d (jmh -f; --min-forks to insist)",
          file.path(), result.key(), result.forks().size(), rules.minimumForks);
    }
  }

  private static void checkUnits(BenchmarkResult before, BenchmarkResult after) {
    if (!before.unit().equals(after.unit())) {
      throw new InputException(
          "%s: is in %s in one file and in %s in the other",
          before.key(), before.unit(), after.unit());
    }
  }

  private static List<String> missing(BenchmarkResults from, BenchmarkResults in) {
    return from.results().keySet().stream().filter(key -> !in.results().containsKey(key)).toList();
  }

  private static Row row(
      BenchmarkResult before, BenchmarkResult after, Rules rules, boolean paired, double noise) {
    double[] x = before.logCosts();
    double[] y = after.logCosts();
    double confidence = 1 - rules.level;
    Shift shift = paired ? Shift.ofPairs(x, y, confidence) : Shift.of(x, y, confidence);
    return new Row(
        before.key(),
        before.unit(),
        x.length,
        y.length,
        BenchmarkResult.median(before.samples()),
        BenchmarkResult.median(after.samples()),
        Math.expm1(shift.value()),
        Math.expm1(shift.low()),
        Math.expm1(shift.high()),
        shift.p(),
        noise,
        Verdict.UNCLEAR);
  }

  /** Change of the logarithmic cost with its interval and test. */
  private record Shift(double value, double low, double high, double p) {
    static Shift of(double[] x, double[] y, double confidence) {
      ShiftEstimate shift = ShiftEstimate.of(x, y, confidence);
      double p = MannWhitneyUTest.withDefaults().test(x, y).getPValue();
      // NaN where all values are equal.
      return new Shift(shift.shift(), shift.low(), shift.high(), Double.isNaN(p) ? 1 : p);
    }

    static Shift ofPairs(double[] x, double[] y, double confidence) {
      PairedShift shift = PairedShift.of(x, y, confidence);
      return new Shift(shift.shift(), shift.low(), shift.high(), shift.p());
    }
  }

  private static List<Row> corrected(List<Row> rows, Rules rules) {
    double[] p = Holm.adjust(rows.stream().mapToDouble(Row::p).toArray());
    List<Row> judged = new ArrayList<>();
    for (int i = 0; i < p.length; i++) {
      judged.add(rows.get(i).judged(p[i], rules));
    }
    return List.copyOf(judged);
  }
}
