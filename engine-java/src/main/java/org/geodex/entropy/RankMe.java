package org.geodex.entropy;

import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * RankMe: exp(−Σ p ln p) with p = σ/Σσ, σ the singular values of the rows as they are; between 1
 * and min(n,d).
 *
 * <p>Source: Garrido, Balestriero, Najman, LeCun, ICML 2023 (arXiv 2210.02885), eq. 1–2. Their 1e-7
 * added to each p, a guard for f32, is left out. The singular values come from a streamed QR
 * decomposition, not from the Gram matrix, which would lose those below 1e-8 of the largest.
 */
public final class RankMe {
  /** What the streamed QR decomposition holds at a time. */
  private static final int QR_COPIES = 18;

  private RankMe() {}

  /**
   * RankMe of the rows.
   *
   * @throws InputException when all rows are zero
   */
  public static double of(Backend backend, Matrix x, RowForm form) {
    return Math.exp(Spectrum.entropy(singularValues(backend, x, form)));
  }

  /** Singular values of the rows, centred when {@code form} says so, descending. */
  static double[] singularValues(Backend backend, Matrix x, RowForm form) {
    backend.requireMemory(
        8.0 * QR_COPIES * x.columns() * x.columns(),
        "the triangular factors of %d columns".formatted(x.columns()),
        "take fewer columns");
    double[] centre = form.centre() ? backend.algebra().means(x) : null;
    try (Matrix64 r = backend.algebra().triangle(new Matrix[] {x}, new double[][] {centre})) {
      double[] s = backend.algebra().singularValues(r);
      double energy = 0;
      for (double value : s) {
        energy += value * value;
      }
      SecondMoment.checkNotEmpty(x.rows(), form, energy, centre);
      return s;
    }
  }
}
