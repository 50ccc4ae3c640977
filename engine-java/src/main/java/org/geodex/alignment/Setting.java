package org.geodex.alignment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.error.UsageException;

/**
 * One row of the ablation table: a map with a closed form, or weights to train one with.
 *
 * @param name as the tables show it
 * @param map the closed form that is used, or that training starts from
 * @param weights of the loss; all 0 for no training
 */
public record Setting(String name, Start map, LossWeights weights) {
  /** A map with a closed form. */
  public enum Start {
    /** x itself. */
    IDENTITY,
    /** Column means and variances of the target. */
    MOMENTS,
    /** Rotation. */
    PROCRUSTES,
    /** Ridge regression. */
    RIDGE
  }

  /** The settings of the publication, and two that put its figures in their place. */
  public static final List<String> ALL =
      List.of(
          "full",
          "no_geo",
          "no_info",
          "no_curv",
          "baseline",
          "procrustes",
          "only_geo",
          "only_info",
          "only_curv",
          "moments",
          "ridge");

  /** The identity, which every other setting is compared with as "before". */
  public static final Setting BASELINE = new Setting("baseline", Start.IDENTITY, LossWeights.NONE);

  boolean trained() {
    return weights.any();
  }

  /**
   * Weights to train with. Training starts at the minimizer of the fit term, ridge regression,
   * where the loss has that term, and at the identity where it has not: no setting is handed a fit
   * that its loss does not ask for.
   */
  private static Setting training(String name, LossWeights weights) {
    return new Setting(name, weights.geo() > 0 ? Start.RIDGE : Start.IDENTITY, weights);
  }

  /**
   * The settings of a comma-separated list; {@code all} is {@link #ALL}. {@code only_geo_0.3} sets
   * the weight of its one term.
   *
   * @param sweeps by term ({@code geo}, {@code info}, {@code curv}) the values to train {@code
   *     full} with, named {@code geo=0.3}
   */
  public static List<Setting> parse(
      String list, LossWeights weights, Map<String, List<Double>> sweeps) {
    Map<String, Setting> settings = new LinkedHashMap<>();
    List<String> names = new ArrayList<>();
    for (String name : list.split(",")) {
      names.addAll(name.strip().equals("all") ? ALL : List.of(name.strip()));
    }
    for (String name : names) {
      settings.put(name, named(name, weights));
    }
    sweeps.forEach(
        (term, values) -> {
          for (double value : values) {
            String name = term + "=" + value;
            settings.put(name, training(name, with(weights, term, value)));
          }
        });
    return List.copyOf(settings.values());
  }

  private static LossWeights with(LossWeights weights, String term, double value) {
    return switch (term) {
      case "geo" -> new LossWeights(value, weights.info(), weights.curv());
      case "info" -> new LossWeights(weights.geo(), value, weights.curv());
      case "curv" -> new LossWeights(weights.geo(), weights.info(), value);
      default -> throw new UsageException("--sweep %s: expected geo, info or curv", term);
    };
  }

  private static Setting named(String name, LossWeights weights) {
    return switch (name) {
      case "full" -> training(name, weights);
      case "no_geo", "no_info", "no_curv" -> training(name, with(weights, name.substring(3), 0));
      case "only_geo" -> training(name, new LossWeights(weights.geo(), 0, 0));
      case "only_info" -> training(name, new LossWeights(0, weights.info(), 0));
      case "only_curv" -> training(name, new LossWeights(0, 0, weights.curv()));
      case "baseline" -> BASELINE;
      case "procrustes" -> new Setting(name, Start.PROCRUSTES, LossWeights.NONE);
      case "moments" -> new Setting(name, Start.MOMENTS, LossWeights.NONE);
      case "ridge" -> new Setting(name, Start.RIDGE, LossWeights.NONE);
      default -> onlyWithWeight(name);
    };
  }

  private static Setting onlyWithWeight(String name) {
    String[] parts = name.split("_", -1);
    if (parts.length == 3 && parts[0].equals("only")) {
      try {
        double value = Double.parseDouble(parts[2]);
        return training(name, with(LossWeights.NONE, parts[1], value));
      } catch (NumberFormatException e) {
        throw new UsageException(e, "--ablations %s: %s is no weight", name, parts[2]);
      }
    }
    throw new UsageException(
        "--ablations %s: expected all, or some of %s", name, String.join(", ", ALL));
  }
}
