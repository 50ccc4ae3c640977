package org.geodex.token;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.Regression;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.TokenBatch;
import org.geodex.statistics.Correlations;

/**
 * What the tokens of many contexts carry in a model: information gains, the tokens that the Lasso
 * picks against those that attention picks, and what happens when tokens are dropped, kept,
 * shuffled or replaced.
 *
 * <p>Selections are made among the tokens before the target of a {@link Context}:
 *
 * <ul>
 *   <li>{@code lasso}: {@link TokenLasso} on the hidden states of the layer
 *   <li>{@code attention}: mean over the heads of the layer that reads this hidden state
 *   <li>{@code rollout}: attention rolled out to the input
 *   <li>{@code content}: tokens of {@link ContentWords} by chance, then others
 *   <li>{@code nearest}, {@code random}: controls of the same number
 * </ul>
 *
 * @param layer hidden state to look at
 * @param select tokens to choose
 * @param eps distortion of the gains' fixed scale, c = d/(n·ε²)
 * @param seed of random selections, replacements and bootstrap samples
 */
public record TokenStudy(int layer, int select, double eps, long seed) {
  static final String LASSO = "lasso";

  /** Whose tokens are dropped, shuffled and replaced; all others are only kept. */
  private static final List<String> CHANGED = List.of(LASSO, "attention", "content", "random");

  private static final double[] DOSES = {0.1, 0.25, 0.5, 0.75};

  /** Contexts that are read, regressed and changed together. */
  private static final int TOGETHER = 32;

  public TokenStudy {
    if (select < 1) {
      throw new UsageException("--select %d: expected at least 1", select);
    }
    InformationGain.scale(1, 1, eps);
  }

  /**
   * Runs the study.
   *
   * @param contexts those with no more candidates than are selected are left out and counted
   * @param progress told of finished contexts
   * @return keys for JSON
   * @throws InputException when no context is long enough or the layer does not exist
   */
  public Map<String, Object> run(
      Backend backend, Model model, List<Context> contexts, LongConsumer progress) {
    int layers = model.config().layers();
    if (layer < 0 || layer > layers) {
      throw new UsageException("--layer %d: the model has hidden states 0 to %d", layer, layers);
    }
    List<Context> used = contexts.stream().filter(c -> c.candidates() > select).toList();
    if (used.isEmpty()) {
      throw new InputException(
          "no context has the %d tokens before its target that --select %d needs",
          select + 1, select);
    }
    for (int i = 0; i < contexts.size(); i++) {
      Context.requireDifferent(model.config(), "context " + (i + 1), contexts.get(i).whole());
    }
    SplittableRandom random = new SplittableRandom(seed);
    int[] pool =
        used.stream()
            .flatMapToInt(c -> Arrays.stream(c.ids(), c.first(), c.ids().length))
            .toArray();
    List<Observation> observations = new ArrayList<>();
    for (int from = 0; from < used.size(); from += TOGETHER) {
      List<Context> part = used.subList(from, Math.min(from + TOGETHER, used.size()));
      observations.addAll(study(backend, model, part, pool, random));
      progress.accept(part.size());
    }
    return TokenSummary.of(this, model, contexts.size() - used.size(), observations);
  }

  private List<Observation> study(
      Backend backend, Model model, List<Context> contexts, int[] pool, SplittableRandom random) {
    List<Observation> observations = new ArrayList<>();
    List<List<Variant>> variants = new ArrayList<>();
    int rows = contexts.stream().mapToInt(c -> c.ids().length).sum();
    try (Matrix.Owned hidden = Matrix.allocate(rows, model.config().width())) {
      List<AttentionScores> attention = read(model, contexts, hidden);
      TokenLasso.Selection[] lasso = lasso(backend, contexts, hidden);
      int first = 0;
      for (int i = 0; i < lasso.length; i++) {
        Context context = contexts.get(i);
        SplittableRandom own = random.split();
        Matrix part = hidden.rows(first, first + context.ids().length);
        Map<String, double[]> scores = scores(context, lasso[i], attention.get(i), own);
        Observation seen = new Observation();
        observeGains(backend, context, part, scores, own, seen);
        compare(context, part, attention.get(i), scores, seen);
        observations.add(seen);
        variants.add(variants(context, scores, pool, own));
        first += context.ids().length;
      }
    }
    new Responses(backend, model, layer, eps).observe(contexts, variants, observations);
    return observations;
  }

  /** Reads every context; writes the rows up to its target one below the other. */
  private List<AttentionScores> read(Model model, List<Context> contexts, Matrix hidden) {
    int last = Math.min(layer, model.config().layers() - 1);
    Keep keep = Keep.layers(IntStream.rangeClosed(0, layer).toArray()).withAttentions();
    List<AttentionScores> scores = new ArrayList<>();
    int row = 0;
    for (Context context : contexts) {
      int n = context.ids().length;
      TokenBatch whole = TokenBatch.of(context.whole());
      try (Activations pass = model.forward(whole, keep, LayerHook.NONE)) {
        var stack = model.config().reader();
        hidden.rows(row, row + n).copyFrom(pass.get(stack.hiddenName(layer)).rows(0, n));
        scores.add(
            AttentionScores.of(pass, stack, last, whole.length(), context.target())
                .between(context.first(), context.target()));
      }
      row += n;
    }
    return scores;
  }

  /** All regressions in one batch. */
  private TokenLasso.Selection[] lasso(Backend backend, List<Context> contexts, Matrix hidden) {
    Regression.Problem[] problems = new Regression.Problem[contexts.size()];
    int row = 0;
    for (int i = 0; i < problems.length; i++) {
      Context context = contexts.get(i);
      int target = row + context.target();
      problems[i] = new Regression.Problem(row + context.first(), target, target);
      row += context.ids().length;
    }
    return TokenLasso.of(select).select(backend, hidden, problems);
  }

  /** How much each method wants each candidate, the first candidate first. */
  private static Map<String, double[]> scores(
      Context context,
      TokenLasso.Selection lasso,
      AttentionScores attention,
      SplittableRandom random) {
    int n = context.candidates();
    Map<String, double[]> scores = new LinkedHashMap<>();
    scores.put(LASSO, Arrays.stream(lasso.coefficients()).map(Math::abs).toArray());
    scores.put("attention", attention.mean());
    scores.put("rollout", attention.rollout());
    if (context.content() != null) {
      double[] content = random.doubles(n).toArray();
      for (int place : context.places(true)) {
        content[place - context.first()] += 1;
      }
      scores.put("content", content);
    }
    scores.put("nearest", IntStream.range(0, n).asDoubleStream().toArray());
    scores.put("random", random.doubles(n).toArray());
    return scores;
  }

  private static int[] places(Context context, double[] scores, int count) {
    return Arrays.stream(Selections.largest(scores, count)).map(i -> context.first() + i).toArray();
  }

  private void observeGains(
      Backend backend,
      Context context,
      Matrix hidden,
      Map<String, double[]> scores,
      SplittableRandom random,
      Observation out) {
    try (Matrix.Owned unit = InformationGain.unitRows(hidden)) {
      double c = InformationGain.scale(unit.rows(), unit.columns(), eps);
      double[] gains = InformationGain.logDeterminant(backend, unit, c);
      double[] ridge = InformationGain.ridge(backend, unit, c);
      double difference = 0;
      for (int t = 0; t < gains.length; t++) {
        difference = Math.max(difference, Math.abs(gains[t] - ridge[t]));
      }
      out.add("gain.difference", difference);
      out.add("gain.last", gains[gains.length - 1]);
      out.add("gain.first", gains[0]);
      out.add("gain.mean", Arrays.stream(gains).average().orElseThrow());
      if (context.content() != null) {
        out.add("gain.content_words", mean(gains, context.places(true)));
        out.add("gain.other_words", mean(gains, context.places(false)));
      }
      observeSpread("", gains, out);
      double[] control = directionless(backend, unit.intRows(), unit.columns(), c, random);
      observeSpread("control_", control, out);
      observeSpread("attention_", scores.get("attention"), out);
      observeSpread("lasso_", scores.get(LASSO), out);
    }
  }

  /** NaN, which an observation leaves out, when there is no place. */
  private static double mean(double[] values, int[] places) {
    return Arrays.stream(places).mapToDouble(i -> values[i]).average().orElse(Double.NaN);
  }

  private static void observeSpread(String prefix, double[] values, Observation out) {
    Spread spread = Spread.of(values);
    out.add("spread." + prefix + "gini", spread.gini());
    out.add("spread." + prefix + "effective_number", spread.effectiveNumber());
    out.add("spread." + prefix + "effective_share", spread.effectiveShare());
  }

  /** The control of the spread: gains of as many independent random directions. */
  private static double[] directionless(
      Backend backend, int n, int d, double c, SplittableRandom random) {
    try (Matrix.Owned rows = Matrix.allocate(n, d)) {
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < d; j++) {
          rows.set(i, j, (float) random.nextGaussian());
        }
      }
      try (Matrix.Owned unit = InformationGain.unitRows(rows)) {
        return InformationGain.logDeterminant(backend, unit, c);
      }
    }
  }

  private void compare(
      Context context,
      Matrix hidden,
      AttentionScores attention,
      Map<String, double[]> scores,
      Observation out) {
    int[] lasso = places(context, scores.get(LASSO), select);
    scores.forEach(
        (method, values) -> {
          int[] chosen = places(context, values, select);
          out.add(
              "unexplained." + method, Selections.unexplained(hidden, context.target(), 0, chosen));
          if (!method.equals(LASSO)) {
            out.add("jaccard." + method, Selections.jaccard(lasso, chosen));
            out.add("kendall." + method, Correlations.kendall(scores.get(LASSO), values));
          }
        });
    for (int h = 0; h < attention.heads().length; h++) {
      int[] head = places(context, attention.heads()[h], select);
      out.add("head." + h, Selections.jaccard(lasso, head));
    }
  }

  private List<Variant> variants(
      Context context, Map<String, double[]> scores, int[] pool, SplittableRandom random) {
    List<Variant> variants = new ArrayList<>();
    variants.add(Variant.whole(context));
    scores.forEach(
        (method, values) -> {
          int[] chosen = places(context, values, select);
          variants.add(Variant.keep(method, context, chosen));
          if (CHANGED.contains(method)) {
            variants.add(Variant.drop("drop", method, context, chosen));
            variants.add(Variant.shuffle(method, context, chosen, random));
            variants.add(Variant.replace(method, context, chosen, pool, random));
            for (double dose : DOSES) {
              int[] share = places(context, values, (int) Math.round(dose * values.length));
              variants.add(Variant.drop("dose." + dose, method, context, share));
            }
          }
        });
    return variants;
  }
}
