package org.geodex.token;

import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * What each token adds to those before it. With the scale c fixed and A = Σ_{i&lt;t} zᵢzᵢᵀ,
 *
 * <pre>gain_t = ln det(I + c(A + z_t z_tᵀ)) − ln det(I + cA)
 *        = ln(1 + c·min_w { ‖z_t − Σ wᵢzᵢ‖² + λ‖w‖² }),   λ = 1/c</pre>
 *
 * in nats: the second line is a ridge regression of the token on its context (matrix determinant
 * lemma and Woodbury). Half of it is the conditional entropy H(z_t | z₁ … z_{t−1}) of the Gaussian
 * code with that fixed scale. Both sides are computed: one reads pivots, the other evaluates the
 * ridge objective at its weights; they agree to about 1e-12.
 *
 * <p>c must be the same before and after: with c = d/(n·ε²) taken anew for each n the identity is
 * wrong, by −0.949 nats for the 21st of orthogonal tokens at d = 64, ε = 0.5.
 *
 * <p>Source: arXiv 2402.03471, section 4; the constant is ours. Precision: f64 from f32 rows.
 */
public final class InformationGain {
  /** Tokens by which the ridge regressions' inverse moves on. */
  private static final int RIDGE_BLOCK = 256;

  private InformationGain() {}

  /**
   * The fixed scale c = d/(n·ε²) of a whole context, as in the coding length of its n tokens.
   *
   * @throws UsageException when ε is not positive
   */
  public static double scale(long n, int d, double eps) {
    if (!(eps > 0) || Double.isInfinite(eps)) {
      throw new UsageException("--eps %s: expected a positive number", eps);
    }
    return d / (n * eps * eps);
  }

  /**
   * Gains as log-determinant differences. For n ≤ d from one Cholesky factor of I + cZZᵀ, whose
   * squared pivots are the ratios of consecutive determinants; for n &gt; d in blocks of d tokens,
   * each a Cholesky factor of I + c·Z_b(I + cA)⁻¹Z_bᵀ. O(n·min(n,d)²).
   *
   * @param z tokens in order [n,d]
   * @param c scale, &gt; 0
   * @return n gains; the first is against the empty context
   */
  public static double[] logDeterminant(Backend backend, Matrix z, double c) {
    check(z);
    return z.rows() <= z.columns()
        ? byGram(backend.algebra(), z, c)
        : byBlocks(backend.algebra(), z, c);
  }

  /**
   * The same gains as ln(1 + ridge optimum/λ): for every token the ridge weights over its context
   * are solved for and the objective is evaluated at them. O(n·d·min(n,d)).
   */
  public static double[] ridge(Backend backend, Matrix z, double c) {
    check(z);
    double lambda = 1 / c;
    double[] optima = ridgeOptima(backend, z, lambda);
    for (int t = 0; t < optima.length; t++) {
      optima[t] = Math.log1p(optima[t] / lambda);
    }
    return optima;
  }

  /** A copy with every row at length 1, f64 until the last rounding; zero rows stay zero. */
  public static Matrix.Owned unitRows(Matrix x) {
    Matrix.Owned unit = x.copy();
    float[] row = new float[x.columns()];
    for (long i = 0; i < x.rows(); i++) {
      x.copyRow(i, row);
      double square = 0;
      for (float value : row) {
        square += (double) value * value;
      }
      for (int j = 0; j < row.length; j++) {
        row[j] = square > 0 ? (float) (row[j] / Math.sqrt(square)) : 0;
      }
      unit.setRow(i, row);
    }
    return unit;
  }

  private static void check(Matrix z) {
    if (z.rows() == 0 || z.columns() == 0) {
      throw new InputException("a context of %d x %d has no tokens", z.rows(), z.columns());
    }
  }

  private static double[] byGram(Algebra algebra, Matrix z, double c) {
    try (Matrix64 gram = algebra.gram(z, null)) {
      return pivots(algebra, gram, c);
    }
  }

  /** 2·ln of the pivots of I + c·a. */
  private static double[] pivots(Algebra algebra, Matrix64 a, double c) {
    try (Matrix64 factor = factor(algebra, a, c)) {
      double[] gains = new double[a.rows()];
      for (int t = 0; t < gains.length; t++) {
        gains[t] = 2 * Math.log(factor.get(t, t));
      }
      return gains;
    }
  }

  /** Cholesky factor of I + c·a; the caller closes it. */
  private static Matrix64 factor(Algebra algebra, Matrix64 a, double c) {
    Matrix64 factor = a.identityPlus(c);
    if (algebra.cholesky(factor) != 0) {
      factor.close();
      throw new InputException(
          "I + c·ZZᵀ is not positive definite in f64 at the scale c = %.3g: take a larger --eps",
          c);
    }
    return factor;
  }

  private static double[] byBlocks(Algebra algebra, Matrix z, double c) {
    int d = z.columns();
    int n = z.intRows();
    double[] gains = new double[n];
    try (Matrix64 context = Matrix64.allocate(d, d)) {
      for (int from = 0; from < n; from += d) {
        Matrix block = z.rows(from, Math.min(n, from + d));
        double[] part = blockGains(algebra, block, context, c);
        System.arraycopy(part, 0, gains, from, part.length);
        addScatter(algebra, block, context);
      }
    }
    return gains;
  }

  /** With I + cA = LLᵀ and W = L⁻¹Z_bᵀ the block's determinants are those of I + c·WᵀW. */
  private static double[] blockGains(Algebra algebra, Matrix block, Matrix64 context, double c) {
    try (Matrix64 factor = factor(algebra, context, c);
        Matrix64 rows = Matrix64.of(block);
        Matrix64 w = rows.transpose()) {
      algebra.solveLower(factor, false, w);
      try (Matrix64 gram = algebra.multiply(w, true, w, false)) {
        return pivots(algebra, gram, c);
      }
    }
  }

  private static void addScatter(Algebra algebra, Matrix block, Matrix64 sum) {
    try (Matrix64 scatter = algebra.scatter(block, null)) {
      sum.add(1, scatter);
    }
  }

  /** min_w ‖z_t − Σ wᵢzᵢ‖² + λ‖w‖² for every t, the objective at weights that are solved for. */
  static double[] ridgeOptima(Backend backend, Matrix z, double lambda) {
    return z.rows() <= z.columns()
        ? optimaByGram(backend.algebra(), z, lambda)
        : optimaByBlocks(backend.algebra(), z, lambda);
  }

  /**
   * All weights by one triangular inverse. With I + ZZᵀ/λ = LLᵀ row t of diag(L)·L⁻¹ is (−w, 1, 0
   * …), w the weights of token t on those before it; so this matrix times Z has the residuals.
   */
  private static double[] optimaByGram(Algebra algebra, Matrix z, double lambda) {
    double[] optima = new double[z.intRows()];
    try (Matrix64 gram = algebra.gram(z, null);
        Matrix64 factor = factor(algebra, gram, 1 / lambda);
        Matrix64 weights = Matrix64.identity(optima.length);
        Matrix64 rows = Matrix64.of(z)) {
      algebra.solveLower(factor, false, weights);
      timesDiagonal(factor, 1, weights);
      try (Matrix64 residuals = algebra.multiply(weights, false, rows, false)) {
        for (int t = 0; t < optima.length; t++) {
          optima[t] = square(residuals, t, z.columns()) + lambda * square(weights, t, t);
        }
      }
    }
    return optima;
  }

  /** Row i of b times c·L_ii. */
  private static void timesDiagonal(Matrix64 l, double c, Matrix64 b) {
    for (int i = 0; i < b.rows(); i++) {
      for (int j = 0; j < b.columns(); j++) {
        b.set(i, j, c * l.get(i, i) * b.get(i, j));
      }
    }
  }

  /** Σ a_ij² over j &lt; length. */
  private static double square(Matrix64 a, int i, int length) {
    double sum = 0;
    for (int j = 0; j < length; j++) {
      sum += a.get(i, j) * a.get(i, j);
    }
    return sum;
  }

  /**
   * Sherman, Morrison and Woodbury: M = (I + A/λ)⁻¹ is kept up to date block by block. With I +
   * Z_b·M·Z_bᵀ/λ = LLᵀ and V = L⁻¹·Z_b·M, token t of the block has the weights w = Z·u_t on all
   * tokens before it, u_t = L_tt·v_t/λ, and M loses VᵀV/λ to the next block.
   */
  private static double[] optimaByBlocks(Algebra algebra, Matrix z, double lambda) {
    int d = z.columns();
    int n = z.intRows();
    int size = Math.min(d, RIDGE_BLOCK);
    double[] optima = new double[n];
    try (Matrix64 context = Matrix64.allocate(d, d);
        Matrix64 inverse = Matrix64.identity(d)) {
      for (int from = 0; from < n; from += size) {
        Matrix block = z.rows(from, Math.min(n, from + size));
        double[] part = blockOptima(algebra, block, context, inverse, lambda);
        System.arraycopy(part, 0, optima, from, part.length);
        addScatter(algebra, block, context);
      }
    }
    return optima;
  }

  private static double[] blockOptima(
      Algebra algebra, Matrix block, Matrix64 context, Matrix64 inverse, double lambda) {
    try (Matrix64 rows = Matrix64.of(block);
        Matrix64 v = algebra.multiply(rows, false, inverse, false);
        Matrix64 products = algebra.multiply(v, false, rows, true);
        Matrix64 factor = factor(algebra, products, 1 / lambda)) {
      algebra.solveLower(factor, false, v);
      try (Matrix64 update = algebra.multiply(v, true, v, false)) {
        inverse.add(-1 / lambda, update);
      }
      timesDiagonal(factor, 1 / lambda, v);
      return objectives(algebra, rows, context, v, lambda);
    }
  }

  /**
   * ‖z_t − Σ wᵢzᵢ‖² + λ‖w‖² at w = Z·u_t: Σ wᵢzᵢ = A_t·u_t and ‖w‖² = u_tᵀA_t·u_t, where A_t is the
   * context and the block's tokens before t.
   */
  private static double[] objectives(
      Algebra algebra, Matrix64 rows, Matrix64 context, Matrix64 u, double lambda) {
    double[] objectives = new double[rows.rows()];
    try (Matrix64 fitted = algebra.multiply(u, false, context, false);
        Matrix64 weights = algebra.multiply(u, false, rows, true)) {
      clearFromDiagonal(weights);
      try (Matrix64 inside = algebra.multiply(weights, false, rows, false)) {
        fitted.add(1, inside);
      }
      for (int t = 0; t < objectives.length; t++) {
        double residual = 0;
        double penalty = 0;
        for (int j = 0; j < rows.columns(); j++) {
          double r = rows.get(t, j) - fitted.get(t, j);
          residual += r * r;
          penalty += u.get(t, j) * fitted.get(t, j);
        }
        objectives[t] = residual + lambda * penalty;
      }
    }
    return objectives;
  }

  /** A token has no weight on itself and on later ones. */
  private static void clearFromDiagonal(Matrix64 weights) {
    for (int t = 0; t < weights.rows(); t++) {
      for (int i = t; i < weights.columns(); i++) {
        weights.set(t, i, 0);
      }
    }
  }
}
