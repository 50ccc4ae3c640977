package org.geodex.token;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Vectors;

/** Rival ways to choose k tokens of a context, and how alike and how good two choices are. */
public final class Selections {
  private Selections() {}

  /** The k places with the largest scores, the largest first, ties by lower place. */
  public static int[] largest(double[] scores, int k) {
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(Comparator.comparingDouble(j -> -scores[j]))
        .limit(k)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** The last k of n places: the nearest tokens. */
  public static int[] nearest(int n, int k) {
    return IntStream.range(0, Math.min(n, k)).map(i -> n - 1 - i).toArray();
  }

  /** k different places of n by chance. */
  public static int[] random(int n, int k, SplittableRandom random) {
    int[] places = IntStream.range(0, n).toArray();
    int count = Math.min(n, k);
    for (int i = 0; i < count; i++) {
      int j = i + random.nextInt(n - i);
      int held = places[i];
      places[i] = places[j];
      places[j] = held;
    }
    return Arrays.copyOf(places, count);
  }

  /** |a ∩ b| / |a ∪ b|; 1 for two empty sets. */
  public static double jaccard(int[] a, int[] b) {
    long shared = Arrays.stream(a).filter(i -> Arrays.stream(b).anyMatch(j -> i == j)).count();
    long union = a.length + (long) b.length - shared;
    return union == 0 ? 1 : (double) shared / union;
  }

  /**
   * Share of a row's squared length that the chosen rows leave unexplained: min_w ‖y − Σ wⱼzⱼ‖² /
   * ‖y‖² by orthogonalizing them one after the other; 0 when y lies in their span.
   *
   * @param z token rows
   * @param target row to explain, not zero
   * @param from row that place 0 means
   * @param places chosen places
   */
  public static double unexplained(Matrix z, long target, long from, int[] places) {
    int d = z.columns();
    double[] residual = new double[d];
    z.copyRow(target, residual);
    double whole = Vectors.dot(residual, residual);
    double[][] basis = new double[places.length][];
    int count = 0;
    for (int place : places) {
      double[] row = new double[d];
      z.copyRow(from + place, row);
      double square = Vectors.dot(row, row);
      for (int round = 0; round < 2; round++) {
        for (int b = 0; b < count; b++) {
          subtract(row, Vectors.dot(row, basis[b]), basis[b]);
        }
      }
      double rest = Vectors.dot(row, row);
      if (rest > 1e-20 * square) {
        double length = Math.sqrt(rest);
        for (int i = 0; i < d; i++) {
          row[i] /= length;
        }
        basis[count++] = row;
        subtract(residual, Vectors.dot(residual, row), row);
      }
    }
    return Vectors.dot(residual, residual) / whole;
  }

  private static void subtract(double[] from, double factor, double[] row) {
    for (int i = 0; i < from.length; i++) {
      from[i] -= factor * row[i];
    }
  }
}
