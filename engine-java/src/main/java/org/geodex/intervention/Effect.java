package org.geodex.intervention;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.commons.statistics.inference.WilcoxonSignedRankTest;
import org.geodex.backend.Parallel;
import org.geodex.statistics.Bootstrap;
import org.geodex.statistics.CliffsDelta;
import org.geodex.statistics.Holm;
import org.geodex.statistics.Interval;

/**
 * What a condition did to a measure, against the unmodified texts of the same prompts and seeds.
 * Pairs in which the measure is not defined on both sides are left out.
 *
 * @param pairs texts compared
 * @param plain mean of the unmodified texts
 * @param modified mean of the modified ones
 * @param relative modified/plain − 1 with a bootstrap interval over prompts
 * @param delta Cliff's δ of modified against plain over all texts, with such an interval
 * @param p two-sided Wilcoxon signed-rank test of the mean differences of the prompts
 * @param adjusted p after Holm over all effects of a model
 */
public record Effect(
    String scale,
    String kind,
    String strength,
    Measure measure,
    int pairs,
    double plain,
    double modified,
    Interval relative,
    Interval delta,
    double p,
    double adjusted) {
  /** Level at which an effect counts as seen. */
  public static final double LEVEL = 0.05;

  private static final int DRAWS = 500;

  public boolean significant() {
    return adjusted < LEVEL;
  }

  /** Values of one measure: [seed][prompt]. */
  private record Pairs(double[][] plain, double[][] modified) {}

  /**
   * All effects of a model.
   *
   * @param plain cells without intervention, one a seed
   * @param modified cells of each condition, one a seed
   */
  static List<Effect> of(
      List<Cell> plain, Map<Condition, List<Cell>> modified, long seed, Parallel parallel) {
    List<Condition> conditions = List.copyOf(modified.keySet());
    List<Measure> measures =
        java.util.Arrays.stream(Measure.values())
            .filter(plain.getFirst().measures()::containsKey)
            .toList();
    Effect[] effects = new Effect[conditions.size() * measures.size()];
    parallel.forEach(
        effects.length,
        task -> {
          Condition condition = conditions.get((int) task / measures.size());
          Measure measure = measures.get((int) task % measures.size());
          Pairs pairs = new Pairs(values(plain, measure), values(modified.get(condition), measure));
          effects[(int) task] = of(condition, measure, pairs, seed);
        });
    return adjusted(List.of(effects));
  }

  private static double[][] values(List<Cell> cells, Measure measure) {
    return cells.stream().map(cell -> cell.measures().get(measure)).toArray(double[][]::new);
  }

  private static List<Effect> adjusted(List<Effect> effects) {
    int[] tested =
        java.util.stream.IntStream.range(0, effects.size())
            .filter(i -> Double.isFinite(effects.get(i).p))
            .toArray();
    double[] p =
        Holm.adjust(java.util.Arrays.stream(tested).mapToDouble(i -> effects.get(i).p).toArray());
    List<Effect> all = new ArrayList<>(effects);
    for (int t = 0; t < tested.length; t++) {
      Effect e = effects.get(tested[t]);
      all.set(tested[t], e.withAdjusted(p[t]));
    }
    return all;
  }

  private Effect withAdjusted(double value) {
    return new Effect(
        scale, kind, strength, measure, pairs, plain, modified, relative, delta, p, value);
  }

  private static Effect of(Condition condition, Measure measure, Pairs values, long seed) {
    int prompts = values.plain[0].length;
    List<double[]> plain = new ArrayList<>();
    List<double[]> modified = new ArrayList<>();
    for (int i = 0; i < prompts; i++) {
      addPrompt(values, i, plain, modified);
    }
    int[] all = java.util.stream.IntStream.range(0, plain.size()).toArray();
    double[] a = joined(plain, all);
    double[] b = joined(modified, all);
    Interval none = new Interval(Double.NaN, Double.NaN, Double.NaN, 0.95);
    Bootstrap bootstrap = new Bootstrap(DRAWS, 0.95, seed);
    boolean empty = a.length == 0;
    return new Effect(
        condition.scale(),
        condition.kind() == null ? "" : condition.kind().toString(),
        condition.strength(),
        measure,
        a.length,
        mean(a),
        mean(b),
        empty
            ? none
            : bootstrap.interval(
                all.length, draw -> mean(joined(modified, draw)) / mean(joined(plain, draw)) - 1),
        empty
            ? none
            : bootstrap.interval(
                all.length, draw -> CliffsDelta.of(joined(modified, draw), joined(plain, draw))),
        p(plain, modified),
        Double.NaN);
  }

  private static void addPrompt(
      Pairs values, int prompt, List<double[]> plain, List<double[]> modified) {
    int[] defined =
        java.util.stream.IntStream.range(0, values.plain.length)
            .filter(
                s ->
                    Double.isFinite(values.plain[s][prompt])
                        && Double.isFinite(values.modified[s][prompt]))
            .toArray();
    if (defined.length > 0) {
      plain.add(
          java.util.Arrays.stream(defined).mapToDouble(s -> values.plain[s][prompt]).toArray());
      modified.add(
          java.util.Arrays.stream(defined).mapToDouble(s -> values.modified[s][prompt]).toArray());
    }
  }

  private static double[] joined(List<double[]> groups, int[] drawn) {
    int length = 0;
    for (int g : drawn) {
      length += groups.get(g).length;
    }
    double[] all = new double[length];
    int at = 0;
    for (int g : drawn) {
      double[] values = groups.get(g);
      System.arraycopy(values, 0, all, at, values.length);
      at += values.length;
    }
    return all;
  }

  private static double mean(double[] values) {
    return java.util.Arrays.stream(values).average().orElse(Double.NaN);
  }

  /** 1 where nothing differs, NaN with fewer than two prompts. */
  private static double p(List<double[]> plain, List<double[]> modified) {
    if (plain.size() < 2) {
      return Double.NaN;
    }
    double[] differences = new double[plain.size()];
    boolean differ = false;
    for (int i = 0; i < differences.length; i++) {
      differences[i] = mean(modified.get(i)) - mean(plain.get(i));
      differ |= differences[i] != 0;
    }
    return differ ? WilcoxonSignedRankTest.withDefaults().test(differences).getPValue() : 1;
  }
}
