package org.geodex.backend;

import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/** Dense linear algebra. Inputs are f32, moments and factorizations f64. */
public interface Algebra {

  /**
   * C = op(A)·op(B), op the transpose where asked.
   *
   * @param c [m,n], overwritten
   */
  void gemm(Matrix a, boolean transposeA, Matrix b, boolean transposeB, Matrix c);

  /**
   * Column means in f64, summed in a fixed order.
   *
   * @param x [n,d]
   * @return d means
   */
  double[] means(Matrix x);

  /**
   * Second moments about given centres: Σᵢ (xᵢ − c)(xᵢ − c)ᵀ in f64, both triangles filled.
   *
   * @param x [n,d]
   * @param centre d values, or null for zero
   * @return [d,d], not divided by n; the caller closes it
   */
  Matrix64 scatter(Matrix x, double[] centre);

  /**
   * As {@link #scatter(Matrix, double[])} with each centred row brought to unit length first. A row
   * that equals the centre to within {@link #NO_DIRECTION} of its length has no direction and adds
   * nothing, so the trace counts the rows that have one.
   */
  Matrix64 scatter(Matrix x, double[] centre, boolean unitRows);

  /**
   * Gram matrix of centred rows: (xᵢ − c)·(xⱼ − c) in f64, both triangles filled.
   *
   * @param x [n,d]
   * @param centre d values, or null for zero
   * @return [n,n]; the caller closes it
   */
  Matrix64 gram(Matrix x, double[] centre);

  /** As {@link #gram(Matrix, double[])}, rows at unit length as in {@code scatter}. */
  Matrix64 gram(Matrix x, double[] centre, boolean unitRows);

  /**
   * Relative length under which a centred row counts as zero: ‖x − c‖ ≤ 1e-12·(‖x‖ + ‖c‖). The
   * means of f32 columns are exact to about 1e-15, so this is noise of the centring, not data.
   */
  double NO_DIRECTION = 1e-12;

  /**
   * Squared lengths ‖z‖² of the centred rows in f64; with {@code unitRows} they are 1, or 0 for a
   * row without a direction. Their sum is the trace of the scatter matrix.
   *
   * @return n values
   */
  double[] squaredLengths(Matrix x, double[] centre, boolean unitRows);

  /**
   * Out = Zᵀ·(Z·V) for the centred, perhaps unit-length rows Z of x, in one pass over x and without
   * the scatter matrix.
   *
   * @param v [d,p]
   * @return [d,p]; the caller closes it
   */
  Matrix64 scatterTimes(Matrix x, double[] centre, boolean unitRows, Matrix64 v);

  /**
   * The triangular factor R[r,c] of a QR decomposition of the centred columns of all matrices side
   * by side: [X₁ X₂ …] = Q·R with r = min(n,c), c the sum of the widths. Rows are streamed; unlike
   * the scatter matrix, R keeps small singular values to full precision. The signs of its rows are
   * not fixed.
   *
   * @param xs matrices with the same rows
   * @param centres one array for each matrix; null entries for no centring
   * @return R; the caller closes it
   */
  Matrix64 triangle(Matrix[] xs, double[][] centres);

  /**
   * Cross moments Σᵢ (xᵢ − a)(yᵢ − b)ᵀ in f64.
   *
   * @return [dx,dy]; the caller closes it
   */
  Matrix64 crossScatter(Matrix x, double[] a, Matrix y, double[] b);

  /**
   * Cholesky factor in place: on return the lower triangle is L, the upper one is zero.
   *
   * @return 0, or i &gt; 0 when the leading minor of order i is not positive definite
   */
  int cholesky(Matrix64 a);

  /**
   * Solves L·X = B, or Lᵀ·X = B, in place of B.
   *
   * @param l [m,m], lower triangle used
   * @param b [m,n], overwritten by X
   */
  void solveLower(Matrix64 l, boolean transpose, Matrix64 b);

  /** Eigenvalues of a symmetric matrix, ascending. The argument is left as it is. */
  double[] eigenvalues(Matrix64 a);

  /**
   * Eigenvalues, ascending, and eigenvectors: on return column j of {@code a} belongs to value j.
   */
  double[] eigenvectors(Matrix64 a);

  /** Singular values, descending. The argument is left as it is. */
  double[] singularValues(Matrix64 a);

  /** Thin decomposition A[m,n] = U[m,r]·diag(s)·Vᵀ[r,n], r = min(m,n), s descending. */
  Svd svd(Matrix64 a);

  /** C = op(A)·op(B) in f64; the caller closes the result. */
  Matrix64 multiply(Matrix64 a, boolean transposeA, Matrix64 b, boolean transposeB);

  /** Factors of a thin singular value decomposition; closing it frees both. */
  record Svd(Matrix64 u, double[] s, Matrix64 vt) implements AutoCloseable {
    @Override
    public void close() {
      u.close();
      vt.close();
    }
  }
}
