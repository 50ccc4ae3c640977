package org.geodex.token;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.apache.commons.statistics.inference.WilcoxonSignedRankTest;
import org.geodex.backend.Backend;
import org.geodex.backend.Regression;
import org.geodex.entropy.CodingLength;
import org.geodex.entropy.RowForm;
import org.geodex.entropy.SecondMoment;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.Stack;
import org.geodex.model.TokenBatch;
import org.geodex.statistics.Bootstrap;
import org.geodex.statistics.CliffsDelta;
import org.geodex.statistics.Correlations;
import org.geodex.statistics.Holm;

/**
 * What the tokens of many contexts carry in a model: information gains, the tokens that the Lasso
 * picks against those that attention picks, and what happens when tokens are dropped, kept,
 * shuffled or replaced.
 *
 * <p>The target of a context is its last token, in a causal model the last but one, so that the
 * loss of the token after it can be measured. Selections are made among the tokens before the
 * target:
 *
 * <ul>
 *   <li>{@code lasso}: {@link TokenLasso} on the hidden states of the layer
 *   <li>{@code attention}: mean over the heads of the layer that reads this hidden state
 *   <li>{@code rollout}: attention rolled out to the input
 *   <li>{@code nearest}, {@code random}: controls of the same number
 * </ul>
 *
 * @param layer hidden state to look at
 * @param select tokens to choose
 * @param eps distortion of the gains' fixed scale, c = d/(n·ε²)
 * @param seed of random selections, replacements and bootstrap samples
 */
public record TokenStudy(int layer, int select, double eps, long seed) {
  private static final List<String> METHODS =
      List.of("lasso", "attention", "rollout", "nearest", "random");
  private static final List<String> CHANGED = List.of("lasso", "attention", "random");
  private static final double[] DOSES = {0.1, 0.25, 0.5, 0.75};

  public TokenStudy {
    if (select < 1) {
      throw new UsageException("--select %d: expected at least 1", select);
    }
    InformationGain.scale(1, 1, eps);
  }

  /** The shortest context that can be used: a target, a next token and more than are selected. */
  public int shortest() {
    return select + 3;
  }

  /**
   * Runs the study.
   *
   * @param contexts token ids; those shorter than {@link #shortest} are left out and counted
   * @param progress told of each context
   * @return keys for JSON
   * @throws InputException when no context is long enough or the layer does not exist
   */
  public Map<String, Object> run(
      Backend backend, Model model, List<int[]> contexts, LongConsumer progress) {
    int layers = model.config().layers();
    if (layer < 0 || layer > layers) {
      throw new UsageException("--layer %d: the model has hidden states 0 to %d", layer, layers);
    }
    List<int[]> used = contexts.stream().filter(ids -> ids.length >= shortest()).toList();
    if (used.isEmpty()) {
      throw new InputException(
          "no context has the %d tokens that --select %d needs", shortest(), select);
    }
    Samples samples = new Samples();
    SplittableRandom random = new SplittableRandom(seed);
    int[] pool = used.stream().flatMapToInt(Arrays::stream).toArray();
    for (int[] ids : used) {
      study(backend, model, ids, pool, random.split(), samples);
      progress.accept(1);
    }
    return summary(model, contexts.size(), used.size(), samples);
  }

  /** Values of each measured quantity, one a context, in the order of the contexts. */
  private static final class Samples {
    private final Map<String, List<Double>> values = new LinkedHashMap<>();

    void add(String key, double value) {
      values.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
    }

    double[] of(String key) {
      return values.getOrDefault(key, List.of()).stream()
          .mapToDouble(Double::doubleValue)
          .toArray();
    }

    boolean has(String key) {
      return values.containsKey(key);
    }
  }

  private static Stack stack(Model model) {
    return model.config().decoderLayers() > 0 ? Stack.ENCODER : Stack.ONLY;
  }

  private void study(
      Backend backend, Model model, int[] ids, int[] pool, SplittableRandom random, Samples out) {
    boolean causal = model.config().causal();
    int target = causal ? ids.length - 2 : ids.length - 1;
    int[] given = Arrays.copyOf(ids, target + 1);
    Keep keep = Keep.layers(IntStream.rangeClosed(0, layer).toArray()).withAttentions();
    try (Activations run =
        model.forward(TokenBatch.of(given), causal ? keep.withHeads() : keep, LayerHook.NONE)) {
      Matrix hidden = run.get(stack(model).hiddenName(layer));
      measureGains(backend, hidden, random.split(), out);
      int attentionLayer = Math.min(layer, model.config().layers() - 1);
      AttentionScores attention =
          new AttentionScores(run, stack(model), attentionLayer, given.length);
      Map<String, double[]> scores = scores(backend, hidden, attention, target, random);
      Map<String, int[]> chosen = chosen(scores);
      compare(hidden, attention, target, scores, chosen, out);
      boolean loss = causal && run.has("logits");
      double whole = loss ? NextTokenLoss.of(run.get("logits"), target, ids[target + 1]) : 0;
      if (loss) {
        out.add("loss", whole);
      }
      Origin origin =
          new Origin(
              loss, whole, loss ? ids[target + 1] : -1, meanRow(hidden), entropy(backend, hidden));
      List<Variant> variants = variants(given, target, scores, chosen, pool, random);
      measure(backend, model, variants, origin, out);
    }
  }

  private void measureGains(Backend backend, Matrix hidden, SplittableRandom random, Samples out) {
    try (Matrix.Owned unit = InformationGain.unitRows(hidden)) {
      double c = InformationGain.scale(unit.rows(), unit.columns(), eps);
      double[] gains = InformationGain.logDeterminant(backend, unit, c);
      double[] ridge = InformationGain.ridge(backend, unit, c);
      double difference = 0;
      for (int t = 0; t < gains.length; t++) {
        difference = Math.max(difference, Math.abs(gains[t] - ridge[t]));
      }
      Spread spread = Spread.of(gains);
      out.add("gain.difference", difference);
      out.add("gain.last", gains[gains.length - 1]);
      out.add("gain.first", gains[0]);
      out.add("gain.mean", Arrays.stream(gains).average().orElseThrow());
      out.add("spread.gini", spread.gini());
      out.add("spread.effective_number", spread.effectiveNumber());
      out.add("spread.effective_share", spread.effectiveShare());
      Spread control = directionless(backend, unit.intRows(), unit.columns(), c, random);
      out.add("spread.control_gini", control.gini());
      out.add("spread.control_effective_number", control.effectiveNumber());
      out.add("spread.control_effective_share", control.effectiveShare());
    }
  }

  /** The control of the spread: as many independent random directions in the same space. */
  private static Spread directionless(
      Backend backend, int n, int d, double c, SplittableRandom random) {
    try (Matrix.Owned rows = Matrix.allocate(n, d)) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < d; j++) {
          rows.set(i, j, (float) random.nextGaussian());
        }
      }
      try (Matrix.Owned unit = InformationGain.unitRows(rows)) {
        return Spread.of(InformationGain.logDeterminant(backend, unit, c));
      }
    }
  }

  private Map<String, double[]> scores(
      Backend backend,
      Matrix hidden,
      AttentionScores attention,
      int target,
      SplittableRandom random) {
    TokenLasso.Selection lasso =
        TokenLasso.of(select)
            .select(
                backend,
                hidden,
                new Regression.Problem[] {new Regression.Problem(0, target, target)})[0];
    Map<String, double[]> scores = new LinkedHashMap<>();
    scores.put("lasso", Arrays.stream(lasso.coefficients()).map(Math::abs).toArray());
    scores.put("attention", attention.headMean(target));
    scores.put("rollout", attention.rollout(target));
    double[] nearness = new double[target];
    Arrays.setAll(nearness, i -> i);
    scores.put("nearest", nearness);
    scores.put("random", random.doubles(target).toArray());
    return scores;
  }

  private Map<String, int[]> chosen(Map<String, double[]> scores) {
    Map<String, int[]> chosen = new LinkedHashMap<>();
    scores.forEach((method, values) -> chosen.put(method, Selections.largest(values, select)));
    return chosen;
  }

  private void compare(
      Matrix hidden,
      AttentionScores attention,
      int target,
      Map<String, double[]> scores,
      Map<String, int[]> chosen,
      Samples out) {
    for (String method : METHODS) {
      out.add(
          "unexplained." + method, Selections.unexplained(hidden, target, 0, chosen.get(method)));
      if (!method.equals("lasso")) {
        out.add("jaccard." + method, Selections.jaccard(chosen.get("lasso"), chosen.get(method)));
        double tau = Correlations.kendall(scores.get("lasso"), scores.get(method));
        if (!Double.isNaN(tau)) {
          out.add("kendall." + method, tau);
        }
      }
    }
    for (int h = 0; h < attention.headCount(); h++) {
      int[] head = Selections.largest(attention.head(h, target), select);
      out.add("head." + h, Selections.jaccard(chosen.get("lasso"), head));
    }
  }

  private List<Variant> variants(
      int[] ids,
      int target,
      Map<String, double[]> scores,
      Map<String, int[]> chosen,
      int[] pool,
      SplittableRandom random) {
    List<Variant> variants = new ArrayList<>();
    for (String method : METHODS) {
      variants.add(Variant.keep(method, ids, target, chosen.get(method)));
    }
    for (String method : CHANGED) {
      int[] tokens = chosen.get(method);
      variants.add(Variant.drop("drop", method, ids, target, tokens));
      variants.add(Variant.shuffle(method, ids, target, tokens, random));
      variants.add(Variant.replace(method, ids, target, tokens, pool, random));
      for (double dose : DOSES) {
        int count = (int) Math.round(dose * target);
        variants.add(
            Variant.drop(
                "dose." + dose,
                method,
                ids,
                target,
                Selections.largest(scores.get(method), count)));
      }
    }
    return variants;
  }

  /** What a variant is compared with. */
  private record Origin(boolean hasLoss, double loss, int next, double[] mean, double entropy) {}

  /** Runs variants of one length together. */
  private void measure(
      Backend backend, Model model, List<Variant> variants, Origin origin, Samples out) {
    Map<Integer, List<Variant>> byLength = new LinkedHashMap<>();
    for (Variant variant : variants) {
      byLength.computeIfAbsent(variant.ids().length, n -> new ArrayList<>()).add(variant);
    }
    byLength.forEach((length, group) -> measureGroup(backend, model, group, origin, out));
  }

  private void measureGroup(
      Backend backend, Model model, List<Variant> group, Origin origin, Samples out) {
    Keep keep = origin.hasLoss() ? Keep.layers(layer).withHeads() : Keep.layers(layer);
    int[][] ids = group.stream().map(Variant::ids).toArray(int[][]::new);
    int n = ids[0].length;
    try (Activations run = model.forward(TokenBatch.of(ids), keep, LayerHook.NONE)) {
      Matrix hidden = run.get(stack(model).hiddenName(layer));
      for (int b = 0; b < group.size(); b++) {
        Variant variant = group.get(b);
        String key = "change." + variant.action() + "." + variant.method() + ".";
        Matrix rows = hidden.rows((long) b * n, (b + 1L) * n);
        out.add(key + "representation", 1 - cosine(meanRow(rows), origin.mean()));
        out.add(key + "entropy", entropy(backend, rows) - origin.entropy());
        if (origin.hasLoss()) {
          long row = (long) b * n + variant.target();
          double loss = NextTokenLoss.of(run.get("logits"), row, origin.next());
          out.add(key + "loss", loss - origin.loss());
        }
      }
    }
  }

  private double entropy(Backend backend, Matrix rows) {
    try (SecondMoment moment = SecondMoment.of(backend, rows, RowForm.UNIT)) {
      return CodingLength.normalized(backend, moment, eps);
    }
  }

  private static double[] meanRow(Matrix x) {
    double[] mean = new double[x.columns()];
    double[] row = new double[x.columns()];
    for (long i = 0; i < x.rows(); i++) {
      x.copyRow(i, row);
      for (int j = 0; j < row.length; j++) {
        mean[j] += row[j] / x.rows();
      }
    }
    return mean;
  }

  private static double cosine(double[] a, double[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return ab / Math.sqrt(aa) / Math.sqrt(bb);
  }

  private Map<String, Object> summary(Model model, int given, int used, Samples samples) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("model_type", model.config().modelType());
    result.put("layer", layer);
    result.put("select", select);
    result.put("eps", eps);
    result.put("contexts", used);
    result.put("contexts_too_short", given - used);
    result.put("information_gain", group(samples, "gain."));
    result.put(
        "max_difference_log_det_ridge",
        Arrays.stream(samples.of("gain.difference")).max().orElseThrow());
    result.put("spread", group(samples, "spread."));
    result.put("jaccard_with_lasso", group(samples, "jaccard."));
    result.put("jaccard_with_lasso_by_head", group(samples, "head."));
    result.put("kendall_with_lasso", group(samples, "kendall."));
    result.put("unexplained", group(samples, "unexplained."));
    if (samples.has("loss")) {
      result.put("loss", interval(samples.of("loss")));
    }
    result.put("changes", changes(samples));
    result.put("tests", tests(samples));
    return result;
  }

  private Map<String, Object> group(Samples samples, String prefix) {
    Map<String, Object> group = new LinkedHashMap<>();
    for (String key : samples.values.keySet()) {
      if (key.startsWith(prefix)) {
        group.put(key.substring(prefix.length()), interval(samples.of(key)));
      }
    }
    return group;
  }

  /** action → method → quantity → interval. */
  @SuppressWarnings("unchecked")
  private Map<String, Object> changes(Samples samples) {
    Map<String, Object> changes = new LinkedHashMap<>();
    for (String key : samples.values.keySet()) {
      if (key.startsWith("change.")) {
        int end = key.lastIndexOf('.');
        int middle = key.lastIndexOf('.', end - 1);
        Map<String, Object> action =
            (Map<String, Object>)
                changes.computeIfAbsent(
                    key.substring("change.".length(), middle), a -> new LinkedHashMap<>());
        Map<String, Object> method =
            (Map<String, Object>)
                action.computeIfAbsent(key.substring(middle + 1, end), m -> new LinkedHashMap<>());
        method.put(key.substring(end + 1), interval(samples.of(key)));
      }
    }
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

  /** Lasso against each other method, paired by context, p-values corrected by Holm. */
  private static List<Map<String, Object>> tests(Samples samples) {
    List<Map<String, Object>> tests = new ArrayList<>();
    for (String method : METHODS.subList(1, METHODS.size())) {
      addTest(samples, "unexplained.lasso", "unexplained." + method, tests);
      addTest(samples, "change.keep.lasso.loss", "change.keep." + method + ".loss", tests);
    }
    double[] adjusted =
        Holm.adjust(tests.stream().mapToDouble(test -> (double) test.get("p_value")).toArray());
    for (int i = 0; i < adjusted.length; i++) {
      tests.get(i).put("p_holm", adjusted[i]);
    }
    return tests;
  }

  private static void addTest(
      Samples samples, String first, String second, List<Map<String, Object>> tests) {
    double[] a = samples.of(first);
    double[] b = samples.of(second);
    if (a.length < 2 || a.length != b.length) {
      return;
    }
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
    for (int i = 0; i < a.length; i++) {
      if (a[i] != b[i]) {
        return WilcoxonSignedRankTest.withDefaults().test(a, b).getPValue();
      }
    }
    return 1;
  }
}
