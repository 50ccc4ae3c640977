package org.geodex.intervention;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * A row of the published table of interventions (arXiv 2505.20333, its repository's README) and the
 * nearest of ours.
 *
 * @param model as published
 * @param type model type of ours that compares; its beginning
 * @param kind the beginning of the kind that compares
 * @param measure the nearest measure
 * @param sign the published direction: 1 grew, −1 fell, 0 held
 * @param change as published
 */
record PublishedEffect(
    String model,
    String type,
    String scale,
    String action,
    String outcome,
    String kind,
    Measure measure,
    int sign,
    String change) {

  static final List<PublishedEffect> ALL =
      List.of(
          gpt2(
              "global",
              "amplify",
              "lexical diversity",
              Measure.TYPE_TOKEN_RATIO,
              1,
              "+7.4 %, δ 0.23"),
          gpt2("global", "amplify", "coherence", Measure.COHERENCE, -1, "−24 %, δ −0.24"),
          gpt2("intermediate", "scale", "sentence count", Measure.SENTENCES, 1, "+25 %, δ 0.24"),
          gpt2(
              "intermediate",
              "scale",
              "mean sentence length",
              Measure.SENTENCE_LENGTH,
              -1,
              "−19 %, δ −0.27"),
          gpt2("local", "amplify", "lexical variation", Measure.MTLD, 1, "+34 %, δ 0.34"),
          new PublishedEffect(
              "BERT",
              "bert",
              "intermediate",
              "attention",
              "structure",
              "attention",
              Measure.DEPTH_MEAN,
              0,
              "preserved"),
          new PublishedEffect(
              "XLM-R",
              "roberta",
              "global",
              "noise",
              "sentiment",
              "noise",
              Measure.SENTIMENT_CONSISTENCY,
              0,
              "resilient, −14 %"));

  private static PublishedEffect gpt2(
      String scale, String action, String outcome, Measure measure, int sign, String change) {
    return new PublishedEffect(
        "GPT-2", "gpt2", scale, action, outcome, "scale", measure, sign, change);
  }

  /**
   * Ours beside it.
   *
   * @param setUp intervention and measure
   * @param change relative change and δ
   * @param verdict whether the direction is seen
   */
  record Comparison(String setUp, String change, String verdict) {}

  /** One for each strength that compares, the strongest last; one that says why there is none. */
  List<Comparison> compare(Study.Result result) {
    if (!result.config().modelType().startsWith(type)) {
      return List.of(new Comparison("", "", "another model: " + result.config().modelType()));
    }
    List<Comparison> all =
        result.effects().stream()
            .filter(e -> e.scale().equals(scale) && e.kind().startsWith(kind))
            .filter(e -> e.measure() == measure && Double.isFinite(e.delta().value()))
            .filter(e -> sign == 0 || amplifies(result, e))
            .sorted(Comparator.comparingDouble(e -> alpha(result, e)))
            .map(this::compare)
            .toList();
    return all.isEmpty() ? List.of(new Comparison("", "", "not measured")) : all;
  }

  private Comparison compare(Effect e) {
    String change =
        String.format(
            Locale.ROOT, "%+.1f %%, δ %+.2f", 100 * e.relative().value(), e.delta().value());
    String setUp = e.kind() + ", " + e.strength() + ": " + e.measure().words();
    return new Comparison(setUp, change, verdict(e));
  }

  /** To amplify is to scale by more than 1. */
  private static boolean amplifies(Study.Result result, Effect e) {
    return alpha(result, e) > 1;
  }

  private static double alpha(Study.Result result, Effect e) {
    return result.conditions().stream()
        .filter(c -> c.condition().kind() != null)
        .filter(
            c ->
                c.condition().scale().equals(e.scale())
                    && c.condition().kind().toString().equals(e.kind())
                    && c.condition().strength().equals(e.strength()))
        .mapToDouble(Study.Carried::alpha)
        .findFirst()
        .orElse(Double.NaN);
  }

  private String verdict(Effect e) {
    if (sign == 0) {
      return e.significant() ? "not seen: it changes" : "seen: no significant change";
    }
    if (!e.significant()) {
      return "not seen: not significant";
    }
    return Math.signum(e.delta().value()) == sign ? "seen" : "not seen: the opposite";
  }
}
