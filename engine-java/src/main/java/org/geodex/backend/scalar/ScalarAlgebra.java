package org.geodex.backend.scalar;

import org.geodex.backend.Algebra;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

final class ScalarAlgebra implements Algebra {
  private static final int MAX_SWEEPS = 100;

  @Override
  public void gemm(Matrix a, boolean transposeA, Matrix b, boolean transposeB, Matrix c) {
    long inner = transposeA ? a.rows() : a.columns();
    for (long i = 0; i < c.rows(); i++) {
      for (int j = 0; j < c.columns(); j++) {
        double sum = 0;
        for (int k = 0; k < inner; k++) {
          double left = transposeA ? a.get(k, (int) i) : a.get(i, k);
          double right = transposeB ? b.get(j, k) : b.get(k, j);
          sum += left * right;
        }
        c.set(i, j, (float) sum);
      }
    }
  }

  @Override
  public double[] means(Matrix x) {
    double[] means = new double[x.columns()];
    for (long i = 0; i < x.rows(); i++) {
      for (int j = 0; j < means.length; j++) {
        means[j] += x.get(i, j);
      }
    }
    for (int j = 0; j < means.length; j++) {
      means[j] /= x.rows();
    }
    return means;
  }

  @Override
  public Matrix64 scatter(Matrix x, double[] centre) {
    return crossScatter(x, centre, x, centre);
  }

  @Override
  public Matrix64 scatter(Matrix x, double[] centre, boolean unitRows) {
    int d = x.columns();
    Matrix64 scatter = Matrix64.allocate(d, d);
    double[] row = new double[d];
    for (long i = 0; i < x.rows(); i++) {
      copyRow(x, i, centre, unitRows, row);
      for (int j = 0; j < d; j++) {
        for (int k = 0; k < d; k++) {
          scatter.set(j, k, scatter.get(j, k) + row[j] * row[k]);
        }
      }
    }
    return scatter;
  }

  @Override
  public double[] squaredLengths(Matrix x, double[] centre, boolean unitRows) {
    double[] row = new double[x.columns()];
    double[] squares = new double[x.intRows()];
    for (int i = 0; i < squares.length; i++) {
      copyRow(x, i, centre, unitRows, row);
      squares[i] = dot(row, row);
    }
    return squares;
  }

  @Override
  public Matrix64 scatterTimes(Matrix x, double[] centre, boolean unitRows, Matrix64 v) {
    try (Matrix64 scatter = scatter(x, centre, unitRows)) {
      return multiply(scatter, false, v, false);
    }
  }

  /** Householder reflections on the whole matrix. */
  @Override
  public Matrix64 triangle(Matrix[] xs, double[][] centres) {
    int n = xs[0].intRows();
    int columns = 0;
    for (Matrix x : xs) {
      columns += x.columns();
    }
    double[][] a = new double[columns][n];
    int column = 0;
    for (int m = 0; m < xs.length; m++) {
      for (int j = 0; j < xs[m].columns(); j++, column++) {
        for (int i = 0; i < n; i++) {
          a[column][i] = xs[m].get(i, j) - (centres[m] == null ? 0 : centres[m][j]);
        }
      }
    }
    int rank = Math.min(n, columns);
    for (int k = 0; k < rank; k++) {
      reflect(a, k);
    }
    Matrix64 r = Matrix64.allocate(rank, columns);
    for (int i = 0; i < rank; i++) {
      for (int j = i; j < columns; j++) {
        r.set(i, j, a[j][i]);
      }
    }
    return r;
  }

  /** Turns column k, from its k-th entry on, into a multiple of the unit vector e_k. */
  private static void reflect(double[][] a, int k) {
    int n = a[k].length;
    double[] v = new double[n];
    System.arraycopy(a[k], k, v, k, n - k);
    double length = Math.sqrt(dot(v, v));
    if (length == 0) {
      return;
    }
    v[k] += Math.copySign(length, v[k]);
    double scale = 2 / dot(v, v);
    for (int j = k; j < a.length; j++) {
      double factor = scale * dot(v, a[j]);
      for (int i = k; i < n; i++) {
        a[j][i] -= factor * v[i];
      }
    }
  }

  /** Row i less the centre; with {@code unitRows} at length 1, or zero when it has no direction. */
  private static void copyRow(Matrix x, long i, double[] centre, boolean unitRows, double[] row) {
    x.copyRow(i, row);
    double length = Math.sqrt(dot(row, row));
    subtract(row, centre);
    if (unitRows) {
      double centred = Math.sqrt(dot(row, row));
      double origin = centre == null ? 0 : Math.sqrt(dot(centre, centre));
      boolean direction = centred > NO_DIRECTION * (length + origin);
      for (int j = 0; j < row.length; j++) {
        row[j] = direction ? row[j] / centred : 0;
      }
    }
  }

  @Override
  public Matrix64 gram(Matrix x, double[] centre) {
    return gram(x, centre, false);
  }

  @Override
  public Matrix64 gram(Matrix x, double[] centre, boolean unitRows) {
    int n = x.intRows();
    Matrix64 gram = Matrix64.allocate(n, n);
    double[][] rows = new double[n][x.columns()];
    for (int i = 0; i < n; i++) {
      copyRow(x, i, centre, unitRows, rows[i]);
      for (int j = 0; j <= i; j++) {
        double sum = 0;
        for (int k = 0; k < x.columns(); k++) {
          sum += rows[i][k] * rows[j][k];
        }
        gram.set(i, j, sum);
        gram.set(j, i, sum);
      }
    }
    return gram;
  }

  @Override
  public Matrix64 crossScatter(Matrix x, double[] a, Matrix y, double[] b) {
    Matrix64 scatter = Matrix64.allocate(x.columns(), y.columns());
    double[] left = new double[x.columns()];
    double[] right = new double[y.columns()];
    for (long i = 0; i < x.rows(); i++) {
      x.copyRow(i, left);
      y.copyRow(i, right);
      subtract(left, a);
      subtract(right, b);
      for (int j = 0; j < left.length; j++) {
        for (int k = 0; k < right.length; k++) {
          scatter.set(j, k, scatter.get(j, k) + left[j] * right[k]);
        }
      }
    }
    return scatter;
  }

  private static void subtract(double[] row, double[] centre) {
    if (centre != null) {
      for (int j = 0; j < row.length; j++) {
        row[j] -= centre[j];
      }
    }
  }

  @Override
  public int cholesky(Matrix64 a) {
    int n = a.rows();
    for (int j = 0; j < n; j++) {
      double pivot = a.get(j, j);
      for (int k = 0; k < j; k++) {
        pivot -= a.get(j, k) * a.get(j, k);
      }
      if (!(pivot > 0)) {
        return j + 1;
      }
      double root = Math.sqrt(pivot);
      a.set(j, j, root);
      for (int i = j + 1; i < n; i++) {
        double sum = a.get(i, j);
        for (int k = 0; k < j; k++) {
          sum -= a.get(i, k) * a.get(j, k);
        }
        a.set(i, j, sum / root);
        a.set(j, i, 0);
      }
    }
    return 0;
  }

  @Override
  public void solveLower(Matrix64 l, boolean transpose, Matrix64 b) {
    int m = l.rows();
    for (int step = 0; step < m; step++) {
      int i = transpose ? m - 1 - step : step;
      for (int c = 0; c < b.columns(); c++) {
        double sum = b.get(i, c);
        for (int k = transpose ? i + 1 : 0; k < (transpose ? m : i); k++) {
          sum -= (transpose ? l.get(k, i) : l.get(i, k)) * b.get(k, c);
        }
        b.set(i, c, sum / l.get(i, i));
      }
    }
  }

  @Override
  public double[] eigenvalues(Matrix64 a) {
    try (Matrix64 copy = a.copy()) {
      return eigenvectors(copy);
    }
  }

  /** Cyclic Jacobi rotations: slow, simple, and accurate to the last digits. */
  @Override
  public double[] eigenvectors(Matrix64 a) {
    int n = a.rows();
    double[][] m = a.toArray();
    double[][] v = new double[n][n];
    for (int i = 0; i < n; i++) {
      v[i][i] = 1;
    }
    for (int sweep = 0; sweep < MAX_SWEEPS && offDiagonal(m) > 1e-30 * norm(m); sweep++) {
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          rotate(m, v, p, q);
        }
      }
    }
    Integer[] order = new Integer[n];
    for (int i = 0; i < n; i++) {
      order[i] = i;
    }
    java.util.Arrays.sort(order, java.util.Comparator.comparingDouble(i -> m[i][i]));
    double[] values = new double[n];
    for (int j = 0; j < n; j++) {
      values[j] = m[order[j]][order[j]];
      for (int i = 0; i < n; i++) {
        a.set(i, j, v[i][order[j]]);
      }
    }
    return values;
  }

  private static void rotate(double[][] m, double[][] v, int p, int q) {
    if (m[p][q] == 0) {
      return;
    }
    double theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
    double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.hypot(theta, 1));
    double c = 1 / Math.hypot(t, 1);
    double s = t * c;
    int n = m.length;
    for (int k = 0; k < n; k++) {
      double kp = m[k][p];
      double kq = m[k][q];
      m[k][p] = c * kp - s * kq;
      m[k][q] = s * kp + c * kq;
    }
    for (int k = 0; k < n; k++) {
      double pk = m[p][k];
      double qk = m[q][k];
      m[p][k] = c * pk - s * qk;
      m[q][k] = s * pk + c * qk;
      double vp = v[k][p];
      double vq = v[k][q];
      v[k][p] = c * vp - s * vq;
      v[k][q] = s * vp + c * vq;
    }
  }

  private static double offDiagonal(double[][] m) {
    double sum = 0;
    for (int i = 0; i < m.length; i++) {
      for (int j = 0; j < i; j++) {
        sum += m[i][j] * m[i][j];
      }
    }
    return sum;
  }

  private static double norm(double[][] m) {
    double sum = Double.MIN_NORMAL;
    for (double[] row : m) {
      for (double value : row) {
        sum += value * value;
      }
    }
    return sum;
  }

  @Override
  public double[] singularValues(Matrix64 a) {
    try (Svd svd = svd(a)) {
      return svd.s();
    }
  }

  /** One-sided Jacobi on the columns of the taller of A and Aᵀ. */
  @Override
  public Svd svd(Matrix64 a) {
    boolean tall = a.rows() >= a.columns();
    int m = tall ? a.rows() : a.columns();
    int r = tall ? a.columns() : a.rows();
    double[][] u = new double[r][m];
    double[][] v = new double[r][r];
    for (int j = 0; j < r; j++) {
      v[j][j] = 1;
      for (int i = 0; i < m; i++) {
        u[j][i] = tall ? a.get(i, j) : a.get(j, i);
      }
    }
    boolean turned = true;
    for (int sweep = 0; sweep < MAX_SWEEPS && turned; sweep++) {
      turned = false;
      for (int p = 0; p < r; p++) {
        for (int q = p + 1; q < r; q++) {
          turned |= orthogonalize(u, v, p, q);
        }
      }
    }
    return ordered(u, v, tall);
  }

  private static boolean orthogonalize(double[][] u, double[][] v, int p, int q) {
    double pp = dot(u[p], u[p]);
    double qq = dot(u[q], u[q]);
    double pq = dot(u[p], u[q]);
    if (Math.abs(pq) <= 1e-16 * Math.sqrt(pp * qq)) {
      return false;
    }
    double theta = (qq - pp) / (2 * pq);
    double t = Math.copySign(1, theta) / (Math.abs(theta) + Math.hypot(theta, 1));
    double c = 1 / Math.hypot(t, 1);
    turn(u[p], u[q], c, t * c);
    turn(v[p], v[q], c, t * c);
    return true;
  }

  private static void turn(double[] x, double[] y, double c, double s) {
    for (int i = 0; i < x.length; i++) {
      double a = x[i];
      double b = y[i];
      x[i] = c * a - s * b;
      y[i] = s * a + c * b;
    }
  }

  private static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private static Svd ordered(double[][] u, double[][] v, boolean tall) {
    int r = u.length;
    int m = u[0].length;
    Integer[] order = new Integer[r];
    double[] norms = new double[r];
    for (int j = 0; j < r; j++) {
      order[j] = j;
      norms[j] = Math.sqrt(dot(u[j], u[j]));
    }
    java.util.Arrays.sort(order, java.util.Comparator.comparingDouble(j -> -norms[j]));
    double[] s = new double[r];
    Matrix64 left = Matrix64.allocate(tall ? m : r, r);
    Matrix64 right = Matrix64.allocate(r, tall ? r : m);
    for (int k = 0; k < r; k++) {
      int j = order[k];
      s[k] = norms[j];
      for (int i = 0; i < m; i++) {
        double unit = s[k] > 0 ? u[j][i] / s[k] : 0;
        if (tall) {
          left.set(i, k, unit);
        } else {
          right.set(k, i, unit);
        }
      }
      for (int i = 0; i < r; i++) {
        if (tall) {
          right.set(k, i, v[j][i]);
        } else {
          left.set(i, k, v[j][i]);
        }
      }
    }
    return new Svd(left, s, right);
  }

  @Override
  public Matrix64 multiply(Matrix64 a, boolean transposeA, Matrix64 b, boolean transposeB) {
    int m = transposeA ? a.columns() : a.rows();
    int inner = transposeA ? a.rows() : a.columns();
    int n = transposeB ? b.rows() : b.columns();
    Matrix64 c = Matrix64.allocate(m, n);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int k = 0; k < inner; k++) {
          double left = transposeA ? a.get(k, i) : a.get(i, k);
          sum += left * (transposeB ? b.get(j, k) : b.get(k, j));
        }
        c.set(i, j, sum);
      }
    }
    return c;
  }
}
