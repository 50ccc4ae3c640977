package org.geodex.divergence;

import org.geodex.error.UsageException;

/**
 * How a covariance is drawn towards a multiple of the identity: (1 − a)·S + a·(tr S / d)·I.
 *
 * @param intensity a in [0, 1]; NaN where the data decide it (Ledoit and Wolf, J. Multivariate
 *     Analysis 88 (2004) 365)
 */
public record Shrinkage(double intensity) {
  public static final Shrinkage NONE = new Shrinkage(0);
  public static final Shrinkage LEDOIT_WOLF = new Shrinkage(Double.NaN);

  /** Reads {@code none}, {@code ledoit-wolf} or a number from 0 to 1. */
  public static Shrinkage parse(String text) {
    return switch (text) {
      case "none" -> NONE;
      case "ledoit-wolf" -> LEDOIT_WOLF;
      default -> new Shrinkage(number(text));
    };
  }

  private static double number(String text) {
    try {
      double value = Double.parseDouble(text);
      if (value >= 0 && value <= 1) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw refused(text);
    }
    throw refused(text);
  }

  private static UsageException refused(String text) {
    return new UsageException(
        "--shrinkage %s: expected none, ledoit-wolf or a number from 0 to 1", text);
  }

  boolean fromData() {
    return Double.isNaN(intensity);
  }
}
