package org.geodex.information;

import java.util.ArrayList;
import java.util.List;
import org.geodex.matrix.Matrix;
import org.geodex.statistics.Digamma;

/** Sentences about estimates that should not be taken at their word. */
public final class Caution {
  /** Columns up to which KSG's bias stays small at the usual n. */
  private static final int KSG_COLUMNS = 5;

  /** Share of different values in a column below which distances tie often. */
  private static final double MOSTLY_DISTINCT = 0.5;

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
    Digamma psi = new Digamma((int) n);
    double most = psi.at((int) n) - psi.at(k);
    if (value > 0.7 * most) {
      sentences.add(
          "KSG with n = %,d and k = %d cannot exceed %.2f nats, and the value is near it: more rows are needed"
              .formatted(n, k, most));
    }
    return sentences;
  }

  /**
   * Of KSG on data with repeated values: where the k-th distance is shared by several rows, or is
   * 0, too few rows lie strictly within it.
   *
   * @param name what to call x
   */
  public static List<String> ofTies(String name, Matrix x) {
    int n = x.intRows();
    int copies = Repetition.copiedRows(x);
    if (copies > 0) {
      return List.of(
          ("%,d of %,d rows of %s are exact copies of another: KSG assumes continuous data, and"
                  + " where the k-th distance is tied or 0 the value is off, mostly too high and"
                  + " growing with ln n; remove the copies or add noise below the data's resolution")
              .formatted(copies, n, name));
    }
    int distinct = Repetition.fewestDistinct(x);
    return distinct < MOSTLY_DISTINCT * n
        ? List.of(
            ("a column of %s has %,d different values in %,d rows: KSG assumes continuous data, and"
                    + " tied distances bias it; add noise below the data's resolution")
                .formatted(name, distinct, n))
        : List.of();
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
