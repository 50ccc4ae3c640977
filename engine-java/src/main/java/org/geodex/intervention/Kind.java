package org.geodex.intervention;

import java.util.Arrays;
import java.util.Locale;
import org.geodex.error.UsageException;

/**
 * What an intervention does to a row h of the residual stream, or to a row w of attention weights
 * (after softmax, over the keys that the row sees). α is its number; at {@link #identity} nothing
 * changes, not a bit.
 */
public enum Kind {
  /** h + α‖h‖u, u a direction of unit length. */
  TRANSLATE(false, 0, Double.POSITIVE_INFINITY),
  /** αh. */
  SCALE(false, 1, Double.POSITIVE_INFINITY),
  /** h + α·rms(h)·ε, ε standard normal, drawn anew for each sequence, place and layer. */
  NOISE(false, 0, Double.POSITIVE_INFINITY),
  /** Softmax at temperature α: w^(1/α) over its sum. */
  ATTENTION_TEMPERATURE(true, 1, Double.POSITIVE_INFINITY),
  /** (1 − α)w + α/n, n the keys with a weight above 0. */
  ATTENTION_UNIFORM(true, 0, 1),
  /** Weights of keys farther away than {@code span} tokens times 1 − α, then over their sum. */
  ATTENTION_SPAN(true, 0, 1),
  /** Weights of the named heads times 1 − α. */
  REMOVE_HEADS(true, 0, 1);

  private final boolean onAttention;
  private final double identity;
  private final double strongest;

  Kind(boolean onAttention, double identity, double strongest) {
    this.onAttention = onAttention;
    this.identity = identity;
    this.strongest = strongest;
  }

  /** Whether it acts on attention weights; otherwise on the residual stream. */
  public boolean onAttention() {
    return onAttention;
  }

  /** The α that changes nothing. */
  public double identity() {
    return identity;
  }

  /**
   * The α of a strength: strength 0 changes nothing, more acts more. {@code 1 + s} for {@code
   * scale}, {@code exp(s)} for the temperature, {@code s} for the others.
   */
  public double alpha(double strength) {
    return switch (this) {
      case SCALE -> 1 + strength;
      case ATTENTION_TEMPERATURE -> Math.exp(strength);
      default -> strength;
    };
  }

  /** The largest strength there is; infinite where there is no limit. */
  public double strongest() {
    return strongest;
  }

  void check(double alpha) {
    boolean allowed =
        switch (this) {
          case TRANSLATE, SCALE -> Double.isFinite(alpha);
          case NOISE -> alpha >= 0 && Double.isFinite(alpha);
          case ATTENTION_TEMPERATURE -> alpha > 0 && Double.isFinite(alpha);
          default -> alpha >= 0 && alpha <= 1;
        };
    if (!allowed) {
      String expected =
          switch (this) {
            case TRANSLATE, SCALE -> "a finite number";
            case NOISE -> "0 or more";
            case ATTENTION_TEMPERATURE -> "more than 0";
            default -> "0 to 1";
          };
      throw new UsageException("%s: alpha %s: expected %s", this, alpha, expected);
    }
  }

  /** Reads a name such as {@code attention-span}. */
  public static Kind parse(String name) {
    for (Kind kind : values()) {
      if (kind.toString().equals(name)) {
        return kind;
      }
    }
    throw new UsageException(
        "kind \"%s\": expected one of %s",
        name, String.join(", ", Arrays.stream(values()).map(Kind::toString).toList()));
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
