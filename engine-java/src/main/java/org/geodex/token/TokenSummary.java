package org.geodex.token;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.apache.commons.statistics.inference.WilcoxonSignedRankTest;
import org.geodex.model.BertConfig;
import org.geodex.model.Model;
import org.geodex.model.T5Config;
import org.geodex.statistics.Bootstrap;
import org.geodex.statistics.CliffsDelta;
import org.geodex.statistics.Holm;

/** What the contexts of a {@link TokenStudy} say together: means with intervals, and tests. */
final class TokenSummary {
  private static final String CHANGE = "change.";

  private final List<Observation> observations;
  private final Set<String> keys = new LinkedHashSet<>();
  private final long seed;

  private TokenSummary(List<Observation> observations, long seed) {
    this.observations = observations;
    this.seed = seed;
    observations.forEach(o -> o.keys().forEach(keys::add));
  }

  /** Keys for JSON. */
  static Map<String, Object> of(
      TokenStudy study, Model model, int tooShort, List<Observation> observations) {
    TokenSummary summary = new TokenSummary(observations, study.seed());
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("model_type", model.config().modelType());
    result.put("layer", study.layer());
    result.put("select", study.select());
    result.put("eps", study.eps());
    result.put("contexts", observations.size());
    result.put("contexts_too_short", tooShort);
    summary.write(model, result);
    return result;
  }

  private void write(Model model, Map<String, Object> result) {
    result.put("information_gain", group("gain."));
    result.put(
        "max_difference_log_det_ridge",
        Arrays.stream(values("gain.difference")).max().orElseThrow());
    result.put("spread", group("spread."));
    result.put("jaccard_with_lasso", group("jaccard."));
    result.put("jaccard_with_lasso_by_head", group("head."));
    result.put("kendall_with_lasso", group("kendall."));
    result.put("unexplained", group("unexplained."));
    if (keys.contains("loss")) {
      result.put("loss_of", asked(model));
      result.put("loss", interval(values("loss")));
    }
    result.put("changes", changes());
    result.put("tests", tests());
  }

  private static String asked(Model model) {
    return switch (model.config()) {
      case BertConfig bert -> "the masked target";
      case T5Config t5 -> "the target behind a sentinel";
      default -> "the next token";
    };
  }

  private double[] values(String key) {
    return Observation.values(observations, key);
  }

  private Map<String, Object> group(String prefix) {
    Map<String, Object> group = new LinkedHashMap<>();
    withPrefix(prefix, (name, values) -> group.put(name, interval(values)));
    return group;
  }

  private void withPrefix(String prefix, BiConsumer<String, double[]> use) {
    for (String key : keys) {
      if (key.startsWith(prefix)) {
        use.accept(key.substring(prefix.length()), values(key));
      }
    }
  }

  /** action → method → quantity → interval; an action may have a dot in its name. */
  @SuppressWarnings("unchecked")
  private Map<String, Object> changes() {
    Map<String, Object> changes = new LinkedHashMap<>();
    withPrefix(
        CHANGE,
        (name, values) -> {
          int end = name.lastIndexOf('.');
          int middle = name.lastIndexOf('.', end - 1);
          var action =
              (Map<String, Object>)
                  changes.computeIfAbsent(
                      name.substring(0, middle), a -> new LinkedHashMap<String, Object>());
          var method =
              (Map<String, Object>)
                  action.computeIfAbsent(
                      name.substring(middle + 1, end), m -> new LinkedHashMap<String, Object>());
          method.put(name.substring(end + 1), interval(values));
        });
    return changes;
  }

  private Map<String, Object> interval(double[] values) {
    var interval = Bootstrap.of(seed).mean(values);
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("mean", interval.value());
    map.put("low", interval.low());
    map.put("high", interval.high());
    return map;
  }

  /**
   * Lasso against each other method, content words against others, each paired by context; p-values
   * corrected by Holm.
   */
  private List<Map<String, Object>> tests() {
    List<Map<String, Object>> tests = new ArrayList<>();
    withPrefix(
        "jaccard.",
        (method, values) -> {
          addTest("unexplained.lasso", "unexplained." + method, tests);
          addTest("change.keep.lasso.loss", "change.keep." + method + ".loss", tests);
          addTest("change.drop.lasso.loss", "change.drop." + method + ".loss", tests);
        });
    addTest("change.drop.content.loss", "change.drop.random.loss", tests);
    addTest("gain.content_words", "gain.other_words", tests);
    double[] adjusted =
        Holm.adjust(tests.stream().mapToDouble(test -> (double) test.get("p_value")).toArray());
    for (int i = 0; i < adjusted.length; i++) {
      tests.get(i).put("p_holm", adjusted[i]);
    }
    return tests;
  }

  private void addTest(String first, String second, List<Map<String, Object>> tests) {
    List<Observation> both =
        observations.stream().filter(o -> o.has(first) && o.has(second)).toList();
    if (both.size() < 2) {
      return;
    }
    double[] a = Observation.values(both, first);
    double[] b = Observation.values(both, second);
    Map<String, Object> test = new LinkedHashMap<>();
    test.put("first", first);
    test.put("second", second);
    test.put("test", "Wilcoxon signed rank");
    test.put("p_value", wilcoxon(a, b));
    test.put("cliffs_delta", CliffsDelta.of(a, b));
    tests.add(test);
  }

  /** 1 where every difference is zero. */
  private static double wilcoxon(double[] a, double[] b) {
    return Arrays.equals(a, b) ? 1 : WilcoxonSignedRankTest.withDefaults().test(a, b).getPValue();
  }
}
