package org.geodex.information;

import java.util.ArrayList;
import java.util.List;

/** Sentences about estimates that should not be taken at their word. */
public final class Caution {
  /** Columns up to which KSG's bias stays small at the usual n. */
  private static final int KSG_COLUMNS = 5;

  private Caution() {}

  /** Of KSG in the given space. */
  public static List<String> ofKsg(long n, int dx, int dy, int k, double value) {
    List<String> sentences = new ArrayList<>();
    if (Math.max(dx, dy) > KSG_COLUMNS) {
      sentences.add(
          ("KSG is far too low above about %d columns (0.18 for a true 3.02 at 64+64 and n = 10"
                  + " 000): with %d+%d columns and n = %,d take the value as a lower bound; --pca,"
                  + " gaussian or geodesic-ksg may serve better")
              .formatted(KSG_COLUMNS, dx, dy, n));
    }
    double most = Math.log((double) n / k);
    if (value > 0.7 * most) {
      sentences.add(
          "KSG with n = %,d and k = %d cannot exceed about %.2f nats, and the value is near it: more rows are needed"
              .formatted(n, k, most));
    }
    return sentences;
  }

  /** Of KSG with neighbours along the manifold. */
  public static List<String> ofGeodesicKsg(long n, int k, double value) {
    List<String> sentences = ofKsg(n, 1, 1, k, value);
    sentences.add(
        "geodesic-ksg assumes that X and Y lie on manifolds of few dimensions; geodex dimension"
            + " tells");
    return sentences;
  }

  /** Of the Gaussian form: (dx·dy)/(2n) is its bias to first order. */
  public static List<String> ofGaussian(long n, int dx, int dy) {
    double bias = (double) dx * dy / (2 * n);
    return n < 10L * (dx + dy)
        ? List.of(
            ("n = %,d is small for %d+%d columns: the value is too high by about %.2f nats; --pca,"
                    + " --shrinkage ledoit-wolf or more rows")
                .formatted(n, dx, dy, bias))
        : List.of();
  }

  /** Of InfoNCE, which cannot exceed ln(batch). */
  public static List<String> ofInfoNce(int batch, double value) {
    return value > 0.8 * Math.log(batch)
        ? List.of(
            "InfoNCE cannot exceed ln(batch) = %.2f nats, and the value is near it: raise --batch"
                .formatted(Math.log(batch)))
        : List.of();
  }

  /** Of a trained bound with few rows to be judged by. */
  public static List<String> ofTraining(long n) {
    return n < 1000
        ? List.of(
            "n = %,d leaves %d rows for the held-out value: its error is large".formatted(n, n / 5))
        : List.of();
  }
}
