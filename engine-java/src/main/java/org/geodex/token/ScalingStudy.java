package org.geodex.token;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import org.geodex.backend.Backend;
import org.geodex.entropy.CodingLength;
import org.geodex.entropy.MatrixEntropy;
import org.geodex.entropy.RowForm;
import org.geodex.entropy.SecondMoment;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.SafetensorsFolder;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.Stack;
import org.geodex.model.TokenBatch;
import org.geodex.statistics.Bootstrap;
import org.geodex.statistics.Correlations;
import org.geodex.statistics.GrowthFit;
import org.geodex.statistics.Interval;

/**
 * Entropy of representations against model size. Every text gives one value of each quantity in
 * each model; a model's value is the mean over texts; laws of growth are fitted through the models
 * and compared by AIC, with percentile bootstrap intervals over the texts.
 *
 * <p>Quantities: normalized coding length (unit rows) at each ε; matrix entropy and effective rank
 * (centred unit rows), absolute and as a share of ln d and d; the conditional entropy of a token
 * given its context, half the information gain at the fixed scale c = d/(T·ε²), T the longest
 * context; and the model's own next-token loss where it has one.
 *
 * @param epsilons distortions, the first also for the conditional entropy
 * @param layer hidden state to look at; −1 for the last
 * @param length T, the longest context in tokens
 * @param seed of the bootstrap
 */
public record ScalingStudy(double[] epsilons, int layer, int length, long seed) {
  public ScalingStudy {
    if (epsilons.length == 0) {
      throw new UsageException("--eps: expected at least one distortion");
    }
    for (double eps : epsilons) {
      InformationGain.scale(1, 1, eps);
    }
  }

  /**
   * What one model gave.
   *
   * @param name folder
   * @param parameters numbers in its weights
   * @param width d
   * @param values quantity → one value a text
   * @param conditionalEntropy mean by place in the context, nats
   */
  public record Measurement(
      String name,
      long parameters,
      int width,
      long tokens,
      Map<String, double[]> values,
      double[] conditionalEntropy) {

    /** Mean over the texts. */
    public double mean(String quantity) {
      return Arrays.stream(values.get(quantity)).average().orElseThrow();
    }

    double mean(String quantity, int[] texts) {
      double[] all = values.get(quantity);
      double sum = 0;
      for (int text : texts) {
        sum += all[text];
      }
      return sum / texts.length;
    }
  }

  /** Numbers in the weights of a checkpoint, each stored tensor once. */
  public static long parameters(Path folder) {
    try (SafetensorsFolder weights = SafetensorsFolder.open(folder)) {
      return weights.names().stream().mapToLong(name -> weights.tensor(name).elements()).sum();
    }
  }

  /**
   * Runs a model over texts, one at a time.
   *
   * @param contexts token ids; texts of one token are left out
   */
  public Measurement measure(
      Backend backend, Model model, List<int[]> contexts, LongConsumer progress) {
    int hidden = layer < 0 ? model.config().layers() : layer;
    if (hidden > model.config().layers()) {
      throw new UsageException(
          "--layer %d: %s has hidden states 0 to %d",
          layer, model.folder(), model.config().layers());
    }
    Map<String, List<Double>> values = new LinkedHashMap<>();
    double[] conditional = new double[length];
    long[] seen = new long[length];
    long tokens = 0;
    for (int[] ids : contexts) {
      if (ids.length > 1) {
        text(backend, model, hidden, ids, values, conditional, seen);
        tokens += ids.length;
      }
      progress.accept(1);
    }
    if (values.isEmpty()) {
      throw new InputException("%s: no text has two tokens", model.folder());
    }
    int places = 0;
    while (places < length && seen[places] > 0) {
      conditional[places] /= seen[places];
      places++;
    }
    Map<String, double[]> arrays = new LinkedHashMap<>();
    values.forEach(
        (key, list) -> arrays.put(key, list.stream().mapToDouble(Double::doubleValue).toArray()));
    return new Measurement(
        model.folder().toString(),
        parameters(model.folder()),
        model.config().width(),
        tokens,
        arrays,
        Arrays.copyOf(conditional, places));
  }

  private void text(
      Backend backend,
      Model model,
      int hidden,
      int[] ids,
      Map<String, List<Double>> values,
      double[] conditional,
      long[] seen) {
    boolean causal = model.config().causal();
    Keep keep = causal ? Keep.layers(hidden).withHeads() : Keep.layers(hidden);
    Stack stack = model.config().decoderLayers() > 0 ? Stack.ENCODER : Stack.ONLY;
    try (Activations run = model.forward(TokenBatch.of(ids), keep, LayerHook.NONE)) {
      Matrix rows = run.get(stack.hiddenName(hidden));
      entropies(backend, rows, values);
      double last = conditional(backend, rows, conditional, seen);
      add(values, "conditional_entropy_last", last);
      if (run.has("logits")) {
        add(values, "loss", loss(run.get("logits"), ids));
      }
    }
  }

  private void entropies(Backend backend, Matrix rows, Map<String, List<Double>> values) {
    int d = rows.columns();
    try (SecondMoment unit = SecondMoment.of(backend, rows, RowForm.UNIT)) {
      for (double eps : epsilons) {
        add(
            values,
            "coding_length_normalized_eps_" + eps,
            CodingLength.normalized(backend, unit, eps));
      }
    }
    try (SecondMoment centred = SecondMoment.of(backend, rows, RowForm.CENTRED_UNIT)) {
      double entropy = MatrixEntropy.of(centred);
      add(values, "matrix_entropy", entropy);
      add(values, "matrix_entropy_share", entropy / Math.log(d));
      add(values, "effective_rank", Math.exp(entropy));
      add(values, "effective_rank_share", Math.exp(entropy) / d);
    }
  }

  /** Adds half the gain of every place; returns that of the last token. */
  private double conditional(Backend backend, Matrix rows, double[] sums, long[] seen) {
    try (Matrix.Owned unit = InformationGain.unitRows(rows)) {
      double c = InformationGain.scale(length, rows.columns(), epsilons[0]);
      double[] gains = InformationGain.logDeterminant(backend, unit, c);
      for (int t = 0; t < gains.length; t++) {
        sums[t] += gains[t] / 2;
        seen[t]++;
      }
      return gains[gains.length - 1] / 2;
    }
  }

  private static double loss(Matrix logits, int[] ids) {
    double sum = 0;
    for (int i = 0; i + 1 < ids.length; i++) {
      sum += NextTokenLoss.of(logits, i, ids[i + 1]);
    }
    return sum / (ids.length - 1);
  }

  private static void add(Map<String, List<Double>> values, String key, double value) {
    values.computeIfAbsent(key, k -> new ArrayList<>()).add(value);
  }

  /**
   * Fits and correlations over the models.
   *
   * @param laws what {@link #laws} gave for them
   * @return keys for JSON
   */
  public Map<String, Object> summary(List<Measurement> models, Map<String, Laws> laws) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("layer", layer < 0 ? "last" : layer);
    result.put("eps", epsilons);
    result.put("models", models.stream().map(ScalingStudy::describe).toList());
    Map<String, Object> fits = new LinkedHashMap<>();
    laws.forEach((quantity, found) -> fits.put(quantity, describe(found)));
    result.put("fits", fits);
    if (models.stream().allMatch(m -> m.values().containsKey("loss"))) {
      result.put("loss_against_conditional_entropy", correlations(models));
    }
    return result;
  }

  private static Map<String, Object> describe(Measurement model) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", model.name());
    map.put("parameters", model.parameters());
    map.put("hidden_size", model.width());
    map.put("tokens", model.tokens());
    model.values().keySet().forEach(quantity -> map.put(quantity, model.mean(quantity)));
    map.put("conditional_entropy_by_position", model.conditionalEntropy());
    return map;
  }

  private static double[] sizes(List<Measurement> models) {
    return models.stream().mapToDouble(Measurement::parameters).toArray();
  }

  /**
   * The laws through one quantity of all models; those with fewer parameters than there are models.
   *
   * @param best the law of smallest AIC
   * @param exponent b of a·N^b, with its interval over texts
   */
  public record Laws(Map<GrowthFit.Law, GrowthFit> fits, GrowthFit.Law best, Interval exponent) {}

  /**
   * Fits the laws through every quantity that all models have.
   *
   * @throws InputException when all models have the same size
   */
  public Map<String, Laws> laws(List<Measurement> models) {
    Map<String, Laws> laws = new LinkedHashMap<>();
    for (String quantity : models.getFirst().values().keySet()) {
      if (models.stream().allMatch(m -> m.values().containsKey(quantity))) {
        laws.put(quantity, laws(models, quantity));
      }
    }
    return laws;
  }

  private Laws laws(List<Measurement> models, String quantity) {
    double[] sizes = sizes(models);
    double[] means = models.stream().mapToDouble(m -> m.mean(quantity)).toArray();
    Map<GrowthFit.Law, GrowthFit> fits = new EnumMap<>(GrowthFit.Law.class);
    for (GrowthFit.Law law : GrowthFit.Law.values()) {
      if (law.parameters() < models.size()) {
        fits.put(law, GrowthFit.of(law, sizes, means));
      }
    }
    GrowthFit.Law best =
        fits.keySet().stream()
            .min(Comparator.comparingDouble(law -> fits.get(law).aic()))
            .orElseThrow();
    return new Laws(fits, best, exponent(models, quantity, sizes));
  }

  private static Map<String, Object> describe(Laws laws) {
    Map<String, Object> fits = new LinkedHashMap<>();
    laws.fits().forEach((law, fit) -> fits.put(law.toString(), describe(fit)));
    fits.put("best_by_aic", laws.best().toString());
    fits.put("exponent", interval(laws.exponent()));
    return fits;
  }

  private static Map<String, Object> describe(GrowthFit fit) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("parameters", fit.parameters());
    map.put("r_squared", fit.rSquared());
    map.put("aic", fit.aic());
    map.put("aicc", fit.aicc());
    map.put("residuals", fit.residuals());
    return map;
  }

  /** b of a·N^b with its interval: the same texts are drawn for every model. */
  private Interval exponent(List<Measurement> models, String quantity, double[] sizes) {
    return Bootstrap.of(seed)
        .interval(
            texts(models, quantity),
            drawn -> {
              double[] means = models.stream().mapToDouble(m -> m.mean(quantity, drawn)).toArray();
              return GrowthFit.of(GrowthFit.Law.POWER, sizes, means).parameters()[1];
            });
  }

  private static int texts(List<Measurement> models, String quantity) {
    return models.stream().mapToInt(m -> m.values().get(quantity).length).min().orElseThrow();
  }

  private Map<String, Object> correlations(List<Measurement> models) {
    Map<String, Object> map = new LinkedHashMap<>();
    int texts = texts(models, "loss");
    for (boolean ranks : new boolean[] {false, true}) {
      Interval interval =
          Bootstrap.of(seed)
              .interval(
                  texts,
                  drawn -> {
                    double[] loss = means(models, "loss", drawn);
                    double[] entropy = means(models, "conditional_entropy_last", drawn);
                    return ranks
                        ? Correlations.spearman(loss, entropy)
                        : Correlations.pearson(loss, entropy);
                  });
      map.put(ranks ? "spearman" : "pearson", interval(interval));
    }
    return map;
  }

  private static double[] means(List<Measurement> models, String quantity, int[] drawn) {
    return models.stream().mapToDouble(m -> m.mean(quantity, drawn)).toArray();
  }

  private static Map<String, Object> interval(Interval interval) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("value", interval.value());
    map.put("low", interval.low());
    map.put("high", interval.high());
    return map;
  }
}
