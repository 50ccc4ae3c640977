package org.geodex.entropy;

import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.MemoryBudgetException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * ZᵀZ of prepared rows Z[n,d], or ZZᵀ when that is smaller: both have the same nonzero eigenvalues.
 *
 * <p>Precision: inputs f32, everything after them f64; an eigenvalue is exact to about 1e-15 of the
 * largest one. Determinism: the same bits for any number of threads. Memory: rows are streamed; the
 * matrix and its partial sums take at most 5·8·min(n,d)² bytes.
 */
public final class SecondMoment implements AutoCloseable {
  private static final int COPIES = 5;

  private final Algebra algebra;
  private final Matrix64 matrix;
  private final long rows;
  private final int columns;
  private final long directions;
  private double[] eigenvalues;

  private SecondMoment(Algebra algebra, Matrix64 matrix, long rows, int columns, long directions) {
    this.algebra = algebra;
    this.matrix = matrix;
    this.rows = rows;
    this.columns = columns;
    this.directions = directions;
  }

  /**
   * Computes the moment in one pass over the rows (two with centring).
   *
   * @param x [n,d], n ≥ 1
   * @throws InputException when no row is left with a length: nothing to measure
   * @throws MemoryBudgetException when min(n,d)² does not fit
   */
  public static SecondMoment of(Backend backend, Matrix x, RowForm form) {
    checkShape(backend, x);
    Algebra algebra = backend.algebra();
    double[] centre = form.centre() ? algebra.means(x) : null;
    Matrix64 matrix =
        x.rows() < x.columns()
            ? algebra.gram(x, centre, form.unitRows())
            : algebra.scatter(x, centre, form.unitRows());
    return of(algebra, matrix, x.rows(), x.columns(), form, centre);
  }

  /** Takes over a matrix that was computed already; closes it when there is nothing in it. */
  static SecondMoment of(
      Algebra algebra, Matrix64 matrix, long rows, int columns, RowForm form, double[] centre) {
    try {
      checkNotEmpty(rows, form, matrix.trace(), centre);
      long directions = form.unitRows() ? Math.round(matrix.trace()) : rows;
      return new SecondMoment(algebra, matrix, rows, columns, directions);
    } catch (Throwable e) {
      matrix.close();
      throw e;
    }
  }

  private static void checkShape(Backend backend, Matrix x) {
    if (x.rows() == 0 || x.columns() == 0) {
      throw new InputException("a %d x %d matrix has no entropy", x.rows(), x.columns());
    }
    long side = Math.min(x.rows(), x.columns());
    // The Gram form widens all rows at once.
    double rows = x.rows() < x.columns() ? 8.0 * x.rows() * x.columns() : 0;
    backend.requireMemory(
        8.0 * COPIES * side * side + rows,
        "the second moments of %d x %d values".formatted(x.rows(), x.columns()),
        "estimate with --method lanczos");
  }

  /**
   * Means of f32 columns leave about 1e-15 of their square where the rows are all equal; as unit
   * rows such have been left out already.
   */
  static void checkNotEmpty(long rows, RowForm form, double trace, double[] centre) {
    double origin = 0;
    for (double c : centre == null ? new double[0] : centre) {
      origin += c * c;
    }
    double noise =
        form.unitRows() ? 0 : rows * origin * Algebra.NO_DIRECTION * Algebra.NO_DIRECTION;
    if (trace <= noise) {
      throw new InputException(
          form.centre()
              ? "the %d rows are all equal: nothing is left after centring"
              : "the %d rows are all zero",
          rows);
    }
  }

  /** The d×d or n×n matrix itself; it stays ours. */
  public Matrix64 matrix() {
    return matrix;
  }

  /** Rows n of the input. */
  public long rows() {
    return rows;
  }

  /** Columns d of the input. */
  public int columns() {
    return columns;
  }

  /** Rows that count: with unit rows those that have a direction, else all. */
  public long directions() {
    return directions;
  }

  /** Tr ZᵀZ = Σλ. */
  public double trace() {
    return matrix.trace();
  }

  /** ‖ZᵀZ‖² = Σλ², without eigenvalues. */
  public double squaredNorm() {
    double sum = 0;
    for (int i = 0; i < matrix.rows(); i++) {
      double row = 0;
      for (int j = 0; j < matrix.columns(); j++) {
        row += matrix.get(i, j) * matrix.get(i, j);
      }
      sum += row;
    }
    return sum;
  }

  /** The min(n,d) eigenvalues, descending, those below zero by rounding set to zero; kept. */
  public double[] eigenvalues() {
    if (eigenvalues == null) {
      double[] ascending = algebra.eigenvalues(matrix);
      eigenvalues = new double[ascending.length];
      for (int i = 0; i < ascending.length; i++) {
        eigenvalues[i] = Math.max(0, ascending[ascending.length - 1 - i]);
      }
    }
    return eigenvalues.clone();
  }

  @Override
  public void close() {
    matrix.close();
  }
}
