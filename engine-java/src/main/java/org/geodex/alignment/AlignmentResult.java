package org.geodex.alignment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.statistics.inference.WilcoxonSignedRankTest;
import org.geodex.alignment.AlignmentStudy.Direction;
import org.geodex.statistics.Bootstrap;
import org.geodex.statistics.CliffsDelta;
import org.geodex.statistics.Holm;
import org.geodex.statistics.Interval;
import org.geodex.statistics.PermutationTest;

/**
 * What a study found: means with 95 % bootstrap intervals over the pairs of seed and split, and for
 * each setting whether it differs from the full loss. Tests are paired and two-sided: permutation
 * of signs (exact up to 2¹² arrangements) and Wilcoxon, both Holm-corrected over the settings of
 * one map and one measure; Cliff's δ beside them. With n pairs no exact p is below 2^(1−n), so five
 * pairs cannot reach 0.05.
 */
public final class AlignmentResult {
  /** The share of the baseline's diagonal Gaussian KL that a setting took away. */
  public static final String KL_REDUCTION = "kl_reduction";

  /** What settings are compared in. */
  static final List<String> TESTED =
      List.of(
          "kl_gaussian_diag",
          "stress",
          "residual",
          "mi_gaussian",
          "mi_ksg",
          "distance_correlation",
          "effective_rank_ratio");

  /** Setting that the others are compared with. */
  static final String REFERENCE = "full";

  private static final int DRAWS = 1 << 12;
  private static final double LEVEL = 0.05;

  private final AlignmentStudy.Plan plan;
  private final List<AlignmentCell> cells;
  private final int resumed;

  AlignmentResult(AlignmentStudy.Plan plan, List<AlignmentCell> cells, int resumed) {
    this.plan = plan;
    this.cells = List.copyOf(cells);
    this.resumed = resumed;
  }

  /** Runs a study and collects it. */
  public static AlignmentResult of(AlignmentStudy study, AlignmentStudy.Plan plan) {
    List<AlignmentCell> cells = study.run();
    return new AlignmentResult(plan, cells, study.resumed());
  }

  List<AlignmentCell> cells() {
    return cells;
  }

  AlignmentStudy.Plan plan() {
    return plan;
  }

  /** The cells of one setting and map, by seed and split. */
  List<AlignmentCell> cells(Direction direction, String setting) {
    return cells.stream()
        .filter(c -> c.direction().equals(direction.toString()) && c.setting().equals(setting))
        .toList();
  }

  /** The values of a measure, by seed and split. */
  double[] values(Direction direction, String setting, String measure) {
    double[] after = raw(direction, setting, measure);
    if (!measure.equals(KL_REDUCTION)) {
      return after;
    }
    double[] before = raw(direction, Setting.BASELINE.name(), "kl_gaussian_diag");
    double[] share = raw(direction, setting, "kl_gaussian_diag");
    for (int i = 0; i < share.length; i++) {
      share[i] = 1 - share[i] / before[i];
    }
    return share;
  }

  private double[] raw(Direction direction, String setting, String measure) {
    return cells(direction, setting).stream()
        .mapToDouble(c -> c.measures().getOrDefault(measure, Double.NaN))
        .toArray();
  }

  /** Mean and interval; NaN where a value is missing. */
  Interval interval(Direction direction, String setting, String measure) {
    return Bootstrap.of(plan.firstSeed()).mean(values(direction, setting, measure));
  }

  /** The names of the settings, in order. */
  List<String> settings() {
    return plan.settings().stream().map(Setting::name).toList();
  }

  /** The measures that were taken, and the reduction of the KL. */
  List<String> measures() {
    List<String> names = new ArrayList<>(List.of(KL_REDUCTION));
    AlignmentMeasures.names().stream()
        .filter(name -> cells.getFirst().measures().containsKey(name))
        .forEach(names::add);
    return names;
  }

  /** Everything for {@code alignment.json}, but for the cells. */
  public Map<String, Object> summary() {
    Map<String, Object> summary = new LinkedHashMap<>();
    summary.put("settings", plan.settings());
    summary.put("training", plan.training());
    summary.put("seeds", plan.seeds());
    summary.put("splits", plan.splits());
    summary.put("cells", cells.size());
    summary.put("resumed", resumed);
    Map<String, Object> maps = new LinkedHashMap<>();
    for (Direction direction : Direction.values()) {
      maps.put(direction.toString(), statistics(direction));
    }
    summary.put("results", maps);
    summary.put("tests", tests());
    summary.put("bound", bound());
    return summary;
  }

  private Map<String, Object> statistics(Direction direction) {
    Map<String, Object> bySetting = new LinkedHashMap<>();
    for (String setting : settings()) {
      Map<String, Object> byMeasure = new LinkedHashMap<>();
      for (String measure : measures()) {
        double[] values = values(direction, setting, measure);
        Interval interval = interval(direction, setting, measure);
        Map<String, Object> figure = new LinkedHashMap<>();
        figure.put("mean", interval.value());
        figure.put("sd", deviation(values));
        figure.put("low", interval.low());
        figure.put("high", interval.high());
        byMeasure.put(measure, figure);
      }
      bySetting.put(setting, byMeasure);
    }
    return bySetting;
  }

  private static double deviation(double[] values) {
    double mean = Arrays.stream(values).average().orElse(Double.NaN);
    double sum = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
    return values.length < 2 ? Double.NaN : Math.sqrt(sum / (values.length - 1));
  }

  /**
   * One comparison with the full loss.
   *
   * @param difference mean of the setting's values minus the full loss's
   * @param significant whether the corrected permutation test is below 0.05
   */
  public record Test(
      String direction,
      String measure,
      String setting,
      int n,
      double difference,
      double p_permutation,
      double p_permutation_holm,
      double p_wilcoxon,
      double p_wilcoxon_holm,
      double cliffs_delta,
      boolean significant) {}

  /** Every setting against the full loss; empty without it. */
  List<Test> tests() {
    List<Test> tests = new ArrayList<>();
    if (settings().contains(REFERENCE) && plan.seeds() * plan.splits() > 1) {
      for (Direction direction : Direction.values()) {
        for (String measure : TESTED) {
          tests.addAll(tests(direction, measure));
        }
      }
    }
    return tests;
  }

  private List<Test> tests(Direction direction, String measure) {
    double[] full = values(direction, REFERENCE, measure);
    List<String> others = settings().stream().filter(name -> !name.equals(REFERENCE)).toList();
    double[] permutation = new double[others.size()];
    double[] wilcoxon = new double[others.size()];
    for (int i = 0; i < permutation.length; i++) {
      double[] other = values(direction, others.get(i), measure);
      permutation[i] = new PermutationTest(DRAWS, plan.firstSeed()).paired(other, full);
      wilcoxon[i] = wilcoxon(other, full);
    }
    double[] permutationHolm = Holm.adjust(permutation);
    double[] wilcoxonHolm = Holm.adjust(wilcoxon);
    List<Test> tests = new ArrayList<>();
    for (int i = 0; i < permutation.length; i++) {
      double[] other = values(direction, others.get(i), measure);
      double difference = 0;
      for (int k = 0; k < full.length; k++) {
        difference += (other[k] - full[k]) / full.length;
      }
      tests.add(
          new Test(
              direction.toString(),
              measure,
              others.get(i),
              full.length,
              difference,
              permutation[i],
              permutationHolm[i],
              wilcoxon[i],
              wilcoxonHolm[i],
              CliffsDelta.of(other, full),
              permutationHolm[i] < LEVEL));
    }
    return tests;
  }

  /** 1 where no difference is known to be other than zero. */
  private static double wilcoxon(double[] a, double[] b) {
    boolean differ = false;
    for (int i = 0; i < a.length; i++) {
      if (Double.isNaN(a[i] - b[i])) {
        return 1;
      }
      differ |= a[i] != b[i];
    }
    return differ ? WilcoxonSignedRankTest.withDefaults().test(a, b).getPValue() : 1;
  }

  /** Measured KL beside the bound from the validation rows, and how often it was violated. */
  private Map<String, Object> bound() {
    List<Map<String, Object>> points = new ArrayList<>();
    int violated = 0;
    int vacuous = 0;
    for (AlignmentCell cell : cells) {
      double kl = cell.measures().get("kl_gaussian_diag");
      boolean broken = kl > cell.bound();
      violated += broken ? 1 : 0;
      vacuous += cell.boundFailing() > 0 ? 1 : 0;
      Map<String, Object> point = new LinkedHashMap<>();
      point.put("direction", cell.direction());
      point.put("setting", cell.setting());
      point.put("seed", cell.seed());
      point.put("split", cell.split());
      point.put("kl", kl);
      point.put("bound", cell.bound());
      point.put("columns_without_bound", cell.boundFailing());
      point.put("bound_on_test", cell.boundOnTest());
      point.put("violated", broken);
      points.add(point);
    }
    Map<String, Object> bound = new LinkedHashMap<>();
    bound.put("violated", violated);
    bound.put("without_bound", vacuous);
    bound.put("points", points);
    return bound;
  }
}
