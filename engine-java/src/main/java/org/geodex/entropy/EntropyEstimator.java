package org.geodex.entropy;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.geodex.backend.Backend;
import org.geodex.entropy.StochasticLanczos.Effort;
import org.geodex.entropy.StochasticLanczos.Estimate;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;

/** The estimators by their names, each with the form of the rows that its source prescribes. */
public enum EntropyEstimator {
  /** {@link CodingLength}; nats. */
  CODING_LENGTH(RowForm.UNIT),
  /** Von Neumann entropy, {@link MatrixEntropy}; nats. */
  MATRIX(RowForm.CENTRED_UNIT),
  /** {@link MatrixEntropy#effectiveRank}. */
  EFFECTIVE_RANK(RowForm.CENTRED_UNIT),
  /** {@link MatrixEntropy#renyi}; nats. */
  RENYI(RowForm.CENTRED_UNIT),
  /** {@link RankMe}. */
  RANKME(RowForm.RAW),
  /** {@link ParticipationRatio}. */
  PARTICIPATION_RATIO(RowForm.CENTRED),
  /** {@link IsoScore}. */
  ISOSCORE(RowForm.CENTRED);

  /**
   * What the estimators can be told; each reads its own part.
   *
   * @param eps distortion of the coding length, &gt; 0
   * @param alpha Rényi order, ≥ 0
   * @param normalize divide by the largest value: ln d for entropies, d for ranks
   * @param form what is done to the rows
   */
  public record Settings(double eps, double alpha, boolean normalize, RowForm form) {
    public Settings {
      if (!(alpha >= 0)) {
        throw new UsageException("--alpha %s: expected a number from 0 on", alpha);
      }
      if (!(eps > 0) || Double.isInfinite(eps)) {
        throw new UsageException("--eps %s: expected a positive number", eps);
      }
    }
  }

  /**
   * One estimate.
   *
   * @param unit {@code nats}, {@code dimensions}, or {@code share} of the largest value
   * @param rowsWithoutDirection rows left out because unit length is not defined for them
   */
  public record Value(double value, String unit, long rowsWithoutDirection) {}

  private final RowForm ownForm;

  EntropyEstimator(RowForm ownForm) {
    this.ownForm = ownForm;
  }

  /** The estimator of this name, as the command line writes it. */
  public static EntropyEstimator named(String name) {
    for (EntropyEstimator estimator : values()) {
      if (estimator.toString().equalsIgnoreCase(name)) {
        return estimator;
      }
    }
    throw new UsageException(
        "--estimator %s: expected one of %s",
        name, String.join(", ", java.util.Arrays.stream(values()).map(Object::toString).toList()));
  }

  /** The source's own form of the rows, with the user's choices (null: none) in its place. */
  public RowForm form(Boolean centre, Boolean unitRows) {
    return new RowForm(
        centre == null ? ownForm.centre() : centre,
        unitRows == null ? ownForm.unitRows() : unitRows);
  }

  /** The default settings of this estimator. */
  public Settings defaults() {
    return new Settings(CodingLength.DEFAULT_EPS, 2, false, ownForm);
  }

  /** The settings that this estimator reads, for the record. */
  public Map<String, Object> describe(Settings settings) {
    Map<String, Object> read = new LinkedHashMap<>();
    if (this == CODING_LENGTH) {
      read.put("eps", settings.eps());
    }
    if (this == RENYI) {
      read.put("alpha", settings.alpha());
    }
    read.put("center", settings.form().centre());
    read.put("unit_rows", settings.form().unitRows());
    read.put("normalized", settings.normalize() || this == ISOSCORE);
    return read;
  }

  /** Estimates from rows x[n,d]. */
  public Value of(Backend backend, Matrix x, Settings settings) {
    if (this == RANKME) {
      if (settings.form().unitRows()) {
        throw new UsageException("rankme takes the rows as they are: leave out --unit-rows");
      }
      double rank = RankMe.of(backend, x, settings.form());
      return rank(settings, rank, x.columns(), 0);
    }
    try (SecondMoment moment = SecondMoment.of(backend, x, settings.form())) {
      return of(backend, moment, settings);
    }
  }

  /** Estimates from a second moment that the caller has already; RankMe has none. */
  public Value of(Backend backend, SecondMoment moment, Settings settings) {
    int d = moment.columns();
    long lost = moment.rows() - moment.directions();
    return switch (this) {
      case CODING_LENGTH ->
          settings.normalize()
              ? new Value(CodingLength.normalized(backend, moment, settings.eps()), "share", lost)
              : new Value(CodingLength.of(backend, moment, settings.eps()), "nats", lost);
      case MATRIX -> entropy(settings, MatrixEntropy.of(moment), d, lost);
      case RENYI -> entropy(settings, MatrixEntropy.renyi(moment, settings.alpha()), d, lost);
      case EFFECTIVE_RANK -> rank(settings, MatrixEntropy.effectiveRank(moment), d, lost);
      case PARTICIPATION_RATIO -> rank(settings, ParticipationRatio.of(moment), d, lost);
      case ISOSCORE -> new Value(IsoScore.of(moment), "share", lost);
      case RANKME -> throw new IllegalArgumentException("RankMe is not in the second moment");
    };
  }

  /**
   * Estimates by stochastic Lanczos quadrature, for widths whose second moment is too large; not
   * normalized. The error of an effective rank is that of its logarithm times the rank.
   *
   * @throws UsageException for an estimator that is no trace of a function of the second moment
   */
  public Estimate estimate(StochasticLanczos lanczos, Settings settings, Effort effort) {
    return switch (this) {
      case CODING_LENGTH -> lanczos.codingLength(effort, settings.eps());
      case MATRIX -> lanczos.entropy(effort);
      case EFFECTIVE_RANK -> {
        Estimate entropy = lanczos.entropy(effort);
        double rank = Math.exp(entropy.value());
        yield new Estimate(rank, rank * entropy.standardError());
      }
      case RENYI, RANKME, PARTICIPATION_RATIO, ISOSCORE ->
          throw new UsageException(
              "--method lanczos estimates matrix, effective-rank and coding-length, not %s", this);
    };
  }

  /** With d = 1 every entropy is 0, and 0/0 is given as 0. */
  private static Value entropy(Settings settings, double nats, int d, long lost) {
    return settings.normalize()
        ? new Value(d == 1 ? 0 : nats / Math.log(d), "share", lost)
        : new Value(nats, "nats", lost);
  }

  private static Value rank(Settings settings, double rank, int d, long lost) {
    return settings.normalize()
        ? new Value(rank / d, "share", lost)
        : new Value(rank, "dimensions", lost);
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
