package org.geodex.similarity;

import java.util.Arrays;
import java.util.List;
import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * Similarities from canonical correlations ρ₁ ≥ ρ₂ ≥ … of centred x and y, the cosines of the
 * angles between their column spaces:
 *
 * <ul>
 *   <li>{@link Form#CCA}: mean ρ over min(rank x, rank y).
 *   <li>{@link Form#SVCCA}: x and y are first reduced to the fewest principal components that hold
 *       99 % of their variance Σσ²; then the mean ρ.
 *   <li>{@link Form#PWCCA}: Σ αᵢρᵢ/Σαᵢ with αᵢ = Σⱼ |⟨hᵢ, xⱼ⟩|, hᵢ the canonical variables of x and
 *       xⱼ its columns; so it depends on the order of x and y.
 * </ul>
 *
 * With no more rows than columns any two matrices have ρ = 1, so CCA and PWCCA refuse n ≤ max(dx,
 * dy), and SVCCA the same for the components it keeps.
 *
 * <p>Source: Hotelling 1936; Raghu et al., NeurIPS 2017; Morcos, Raghu, Bengio, NeurIPS 2018, eq.
 * 2–3. The QR decomposition of [x y] is streamed, then singular values of its small blocks: no
 * covariance is formed or inverted. Directions under max(n,d)·2⁻⁵² of the largest singular value
 * count as absent.
 */
public final class CanonicalCorrelation implements Similarity {
  /** Which mean of the correlations. */
  public enum Form {
    CCA,
    SVCCA,
    PWCCA;

    @Override
    public String toString() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  /**
   * Canonical correlations and what was kept.
   *
   * @param correlations ρ, descending
   * @param weights one for each correlation; they sum to 1
   * @param componentsX directions of x that took part
   * @param componentsY directions of y that took part
   */
  public record Result(double[] correlations, double[] weights, int componentsX, int componentsY) {
    public double value() {
      double sum = 0;
      for (int i = 0; i < correlations.length; i++) {
        sum += weights[i] * correlations[i];
      }
      return sum;
    }
  }

  /** What the streamed QR decomposition and the decompositions after it hold at a time. */
  private static final int QR_COPIES = 20;

  private final Form form;
  private final double variance;

  public CanonicalCorrelation(Form form) {
    this(form, 0.99);
  }

  /**
   * With a share of variance for SVCCA to keep.
   *
   * @throws UsageException unless 0 &lt; variance ≤ 1
   */
  public CanonicalCorrelation(Form form, double variance) {
    if (!(variance > 0 && variance <= 1)) {
      throw new UsageException("--variance %s: expected more than 0 and at most 1", variance);
    }
    this.form = form;
    this.variance = variance;
  }

  @Override
  public double of(Backend backend, Matrix x, Matrix y) {
    return correlations(backend, x, y).value();
  }

  /** The correlations themselves. */
  public Result correlations(Backend backend, Matrix x, Matrix y) {
    int n = Rows.check(List.of(x, y), 2, form.toString());
    double width = x.columns() + (double) y.columns();
    backend.requireMemory(
        QR_COPIES * 8 * width * width,
        "the triangular factors of %d + %d columns".formatted(x.columns(), y.columns()),
        "take fewer columns");
    Algebra algebra = backend.algebra();
    double[][] centres = {algebra.means(x), algebra.means(y)};
    try (Matrix64 r = algebra.triangle(new Matrix[] {x, y}, centres);
        Matrix64 blockX = columns(r, 0, x.columns());
        Matrix64 blockY = columns(r, x.columns(), y.columns());
        Algebra.Svd svdX = algebra.svd(blockX);
        Algebra.Svd svdY = algebra.svd(blockY)) {
      int keptX = kept(svdX.s(), n, x.columns(), 1);
      int keptY = kept(svdY.s(), n, y.columns(), 2);
      checkRows(n, form == Form.SVCCA ? Math.max(keptX, keptY) : widest(x, y));
      return correlate(algebra, svdX, keptX, svdY, keptY);
    }
  }

  private static int widest(Matrix x, Matrix y) {
    return Math.max(x.columns(), y.columns());
  }

  private void checkRows(int n, int width) {
    if (n <= width) {
      throw new InputException(
          "%s needs more rows than %s: %d rows against %d, where every correlation is 1; give"
              + " more rows%s",
          form,
          form == Form.SVCCA ? "components" : "columns",
          n,
          width,
          form == Form.SVCCA ? " or a smaller --variance" : " or use svcca");
    }
  }

  private int kept(double[] s, int n, int d, int which) {
    if (!(s[0] > 0)) {
      throw new InputException(
          "%s is not defined: the rows of matrix %d are all equal", form, which);
    }
    double smallest = s[0] * Math.max(n, d) * Math.ulp(1.0);
    int rank = 0;
    double total = 0;
    while (rank < s.length && s[rank] > smallest) {
      total += s[rank] * s[rank];
      rank++;
    }
    if (form != Form.SVCCA) {
      return rank;
    }
    double sum = 0;
    for (int k = 0; k < rank; k++) {
      sum += s[k] * s[k];
      if (sum >= variance * total) {
        return k + 1;
      }
    }
    return rank;
  }

  private Result correlate(Algebra algebra, Algebra.Svd x, int keptX, Algebra.Svd y, int keptY) {
    try (Matrix64 ux = columns(x.u(), 0, keptX);
        Matrix64 uy = columns(y.u(), 0, keptY);
        Matrix64 product = algebra.multiply(ux, true, uy, false);
        Algebra.Svd svd = algebra.svd(product)) {
      double[] rho = svd.s();
      for (int i = 0; i < rho.length; i++) {
        rho[i] = Math.min(1, rho[i]);
      }
      double[] weights =
          form == Form.PWCCA ? projections(algebra, x, keptX, svd.u()) : new double[rho.length];
      if (form != Form.PWCCA) {
        Arrays.fill(weights, 1);
      }
      double sum = Arrays.stream(weights).sum();
      for (int i = 0; i < weights.length; i++) {
        weights[i] /= sum;
      }
      return new Result(rho, weights, keptX, keptY);
    }
  }

  /** αᵢ = Σⱼ |⟨hᵢ, xⱼ⟩| with H = Q·Uₓ·W and X = Q·Uₓ·diag(s)·Vᵀ, so HᵀX = Wᵀ·diag(s)·Vᵀ. */
  private static double[] projections(Algebra algebra, Algebra.Svd x, int kept, Matrix64 w) {
    int d = x.vt().columns();
    double[] weights = new double[w.columns()];
    try (Matrix64 scaled = Matrix64.allocate(kept, d)) {
      for (int k = 0; k < kept; k++) {
        for (int j = 0; j < d; j++) {
          scaled.set(k, j, x.s()[k] * x.vt().get(k, j));
        }
      }
      try (Matrix64 inner = algebra.multiply(w, true, scaled, false)) {
        for (int i = 0; i < weights.length; i++) {
          for (int j = 0; j < d; j++) {
            weights[i] += Math.abs(inner.get(i, j));
          }
        }
      }
    }
    return weights;
  }

  private static Matrix64 columns(Matrix64 a, int from, int count) {
    Matrix64 part = Matrix64.allocate(a.rows(), count);
    for (int i = 0; i < a.rows(); i++) {
      for (int j = 0; j < count; j++) {
        part.set(i, j, a.get(i, from + j));
      }
    }
    return part;
  }
}
