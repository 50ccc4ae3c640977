package org.geodex.token;

import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.IntStream;
import org.geodex.error.InputException;
import org.geodex.statistics.Bootstrap;
import org.geodex.statistics.Correlations;
import org.geodex.statistics.GrowthFit;
import org.geodex.statistics.Interval;
import org.geodex.token.ScalingStudy.Measurement;

/**
 * Laws of growth through the models of a {@link ScalingStudy}, compared by AIC, with percentile
 * bootstrap intervals over the texts, and the models' conditional entropy against their loss.
 *
 * @param models the smallest first
 * @param seed of the bootstrap: the same texts are drawn for every model
 */
public record ScalingLaws(List<Measurement> models, long seed) {
  private static final String LOSS = "loss";

  /**
   * The laws through one quantity; those with fewer parameters than there are models.
   *
   * @param best the law of smallest AIC
   * @param exponent b of a·N^b, with its interval over texts
   */
  public record Laws(Map<GrowthFit.Law, GrowthFit> fits, GrowthFit.Law best, Interval exponent) {}

  /**
   * Fits the laws through every quantity that all models have and that is positive.
   *
   * @throws InputException when all models have the same size
   */
  public Map<String, Laws> fit() {
    Map<String, Laws> laws = new LinkedHashMap<>();
    for (String quantity : models.getFirst().values().keySet()) {
      if (haveAll(quantity) && models.stream().allMatch(m -> m.mean(quantity) > 0)) {
        laws.put(quantity, fit(quantity));
      }
    }
    return laws;
  }

  private boolean haveAll(String quantity) {
    return models.stream().allMatch(m -> m.values().containsKey(quantity));
  }

  private double[] sizes() {
    return models.stream().mapToDouble(Measurement::parameters).toArray();
  }

  private Laws fit(String quantity) {
    double[] sizes = sizes();
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
    return new Laws(fits, best, exponent(quantity, sizes));
  }

  private Interval exponent(String quantity, double[] sizes) {
    return Bootstrap.of(seed)
        .interval(
            texts(quantity),
            drawn -> {
              double[] means = means(quantity, drawn);
              return Arrays.stream(means).allMatch(mean -> mean > 0)
                  ? GrowthFit.of(GrowthFit.Law.POWER, sizes, means).parameters()[1]
                  : Double.NaN;
            });
  }

  private int texts(String quantity) {
    return models.stream().mapToInt(m -> m.values().get(quantity).length).min().orElseThrow();
  }

  private double[] means(String quantity, int[] drawn) {
    return models.stream().mapToDouble(m -> m.mean(quantity, drawn)).toArray();
  }

  /** Correlation over the models of mean conditional entropy and loss. */
  public record LossCorrelation(Interval pearson, Interval spearman) {}

  /** Null where a model has no loss. */
  public LossCorrelation lossCorrelation() {
    return haveAll(LOSS)
        ? new LossCorrelation(
            correlation(Correlations::pearson), correlation(Correlations::spearman))
        : null;
  }

  private Interval correlation(ToDoubleBiFunction<double[], double[]> correlation) {
    return Bootstrap.of(seed)
        .interval(
            texts(LOSS),
            drawn ->
                correlation.applyAsDouble(means("conditional_entropy", drawn), means(LOSS, drawn)));
  }

  /** Power law of a model's conditional entropy against the place in the context, from place 1. */
  public static GrowthFit decay(Measurement model) {
    double[] values = model.conditionalEntropy();
    double[] places = IntStream.range(1, values.length).asDoubleStream().toArray();
    return GrowthFit.of(GrowthFit.Law.POWER, places, Arrays.copyOfRange(values, 1, values.length));
  }

  /** Keys for JSON. */
  public Map<String, Object> summary(ScalingStudy study, Map<String, Laws> laws) {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("layers", study.layers());
    result.put("eps", study.epsilons());
    result.put("models", models.stream().map(ScalingLaws::describe).toList());
    Map<String, Object> fits = new LinkedHashMap<>();
    laws.forEach((quantity, found) -> fits.put(quantity, describe(found)));
    result.put("fits", fits);
    LossCorrelation correlation = lossCorrelation();
    if (correlation != null) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("pearson", interval(correlation.pearson()));
      map.put("spearman", interval(correlation.spearman()));
      result.put("loss_against_conditional_entropy", map);
    }
    if (models.stream().anyMatch(model -> texts(model) < 2)) {
      result.put(
          "warnings",
          List.of("intervals are over the texts, and of one text they have no width: give more"));
    }
    return result;
  }

  private static int texts(Measurement model) {
    return model.values().values().iterator().next().length;
  }

  private static Map<String, Object> describe(Measurement model) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", model.name());
    map.put("parameters", model.parameters());
    map.put("hidden_size", model.width());
    map.put("tokens", model.tokens());
    map.put("texts", texts(model));
    model.values().keySet().forEach(quantity -> map.put(quantity, model.mean(quantity)));
    if (model.diffErank().length > 0) {
      map.put("diff_erank_of_mean_entropy_by_seed", model.diffErank());
    }
    map.put("conditional_entropy_by_position", model.conditionalEntropy());
    if (model.conditionalEntropy().length > 2) {
      map.put("conditional_entropy_decay", describe(decay(model)));
    }
    if (model.loss().length > 0) {
      map.put("loss_by_position", Arrays.copyOfRange(model.loss(), 1, model.loss().length));
    }
    return map;
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

  private static Map<String, Object> interval(Interval interval) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("value", interval.value());
    map.put("low", interval.low());
    map.put("high", interval.high());
    return map;
  }
}
