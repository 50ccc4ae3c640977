package org.geodex.geodesic;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;
import org.geodex.matrix.Vectors;

/**
 * Leading eigenpairs of B = −½·J·S·J, J the centring, by block Lanczos with full
 * reorthogonalization and restarts: the space grows by the residuals of the leading Ritz pairs
 * (Parlett 1998, ch. 13; Zhou and Saad 2008). S is read once a step, by an f32 product; all else is
 * f64. A block wider than what is wanted finds eigenvalues that are equal.
 *
 * @param values descending
 * @param vectors entry c: the n entries of eigenvector c, of length 1, that of largest size
 *     positive
 */
record LeadingEigenvectors(double[] values, double[][] vectors) {
  /** Columns of a block beyond those wanted. */
  private static final int EXTRA = 2;

  /** Blocks in the space before it is cut back to {@link #KEPT_BLOCKS} of Ritz vectors. */
  private static final int BLOCKS = 8;

  private static final int KEPT_BLOCKS = 2;
  private static final int MAX_STEPS = 300;

  /** Of the residuals ‖B·v − λ·v‖ relative to λ. */
  private static final double TOLERANCE = 1e-5;

  /** What is left of a direction, relative, when the space has it already. */
  private static final double DEPENDENT = 1e-6;

  /** Bytes held for {@code wanted} pairs of n rows, beside S. */
  static long bytes(long n, int wanted) {
    return n * (wanted + EXTRA) * (16L * BLOCKS + 16);
  }

  /**
   * The leading pairs.
   *
   * @param squares S[n,n], symmetric
   * @param wanted 1 … n − 1
   */
  static LeadingEigenvectors of(Backend backend, Matrix squares, int wanted) {
    return new Search(backend, squares, wanted).run();
  }

  private static final class Search {
    private final Backend backend;
    private final Matrix squares;
    private final int n;
    private final int wanted;
    private final int width;

    /** An orthonormal basis of the space, and B times each vector of it. */
    private List<double[]> basis = new ArrayList<>();

    private List<double[]> images = new ArrayList<>();

    /** basisᵀ·B·basis, of which the first rows and columns are there. */
    private double[][] projected = new double[0][];

    /** Ritz values, descending, and in column c of the turn the coefficients of vector c. */
    private double[] ritz;

    private double[][] turn;

    Search(Backend backend, Matrix squares, int wanted) {
      this.backend = backend;
      this.squares = squares;
      this.n = squares.intRows();
      this.wanted = wanted;
      this.width = Math.min(n, wanted + EXTRA);
    }

    LeadingEigenvectors run() {
      List<double[]> block = start();
      double best = Double.POSITIVE_INFINITY;
      int stale = 0;
      for (int step = 0; step < MAX_STEPS; step++) {
        int before = basis.size();
        extend(block);
        if (basis.size() == before) {
          break;
        }
        rotate();
        block = residuals();
        double residual = 0;
        for (int c = 0; c < wanted; c++) {
          double length = Math.sqrt(Vectors.dot(block.get(c), block.get(c)));
          residual = Math.max(residual, length / Math.abs(ritz[c]));
        }
        // In f32 the residual ends at rounding: stop when it no longer falls.
        stale = residual < 0.9 * best ? 0 : stale + 1;
        best = Math.min(best, residual);
        if (residual <= TOLERANCE || stale == BLOCKS) {
          break;
        }
        if (basis.size() + width > BLOCKS * width) {
          restart();
        }
      }
      return result();
    }

    private List<double[]> start() {
      SplittableRandom random = new SplittableRandom(7);
      List<double[]> block = new ArrayList<>();
      for (int c = 0; c < width; c++) {
        double[] column = new double[n];
        Arrays.setAll(column, i -> random.nextDouble() - 0.5);
        centre(column);
        block.add(column);
      }
      return block;
    }

    /** Takes into the space what is new in a block. */
    private void extend(List<double[]> block) {
      List<double[]> fresh = new ArrayList<>();
      for (double[] column : block) {
        double length = Math.sqrt(Vectors.dot(column, column));
        // Twice is enough (Parlett 1998, section 6.9).
        removeBasis(column);
        removeBasis(column);
        double left = Math.sqrt(Vectors.dot(column, column));
        if (left > DEPENDENT * length) {
          scale(column, 1 / left);
          basis.add(column);
          fresh.add(column);
        }
      }
      if (!fresh.isEmpty()) {
        images.addAll(times(fresh));
      }
    }

    /**
     * What the space has not, and 1 neither: S·1 is so much larger than B·v that the little of 1
     * which rounding leaves in a direction would be taken for more of its eigenvalue.
     */
    private void removeBasis(double[] column) {
      centre(column);
      for (double[] q : basis) {
        add(column, -Vectors.dot(q, column), q);
      }
    }

    /** B times each vector. */
    private List<double[]> times(List<double[]> vectors) {
      List<double[]> products = new ArrayList<>();
      try (Matrix.Owned columns = Matrix.allocate(n, vectors.size());
          Matrix.Owned product = Matrix.allocate(n, vectors.size())) {
        for (int c = 0; c < vectors.size(); c++) {
          for (int i = 0; i < n; i++) {
            columns.set(i, c, (float) vectors.get(c)[i]);
          }
        }
        backend.algebra().gemm(squares, false, columns, false, product);
        for (int c = 0; c < vectors.size(); c++) {
          double[] image = new double[n];
          for (int i = 0; i < n; i++) {
            image[i] = -0.5 * product.get(i, c);
          }
          centre(image);
          products.add(image);
        }
      }
      return products;
    }

    /** Rayleigh–Ritz: eigenpairs of basisᵀ·B·basis. */
    private void rotate() {
      int m = basis.size();
      project(m);
      try (Matrix64 small = Matrix64.of(projected)) {
        double[] ascending = backend.algebra().eigenvectors(small);
        ritz = new double[m];
        turn = new double[m][m];
        for (int c = 0; c < m; c++) {
          ritz[c] = ascending[m - 1 - c];
          for (int r = 0; r < m; r++) {
            turn[r][c] = small.get(r, m - 1 - c);
          }
        }
      }
    }

    /** Computes what the new vectors of the basis add to the projected matrix. */
    private void project(int m) {
      int known = projected.length;
      projected = Arrays.copyOf(projected, m);
      for (int a = 0; a < m; a++) {
        projected[a] = a < known ? Arrays.copyOf(projected[a], m) : new double[m];
      }
      for (int a = known; a < m; a++) {
        for (int b = 0; b <= a; b++) {
          double value =
              (Vectors.dot(basis.get(a), images.get(b)) + Vectors.dot(basis.get(b), images.get(a)))
                  / 2;
          if (!Double.isFinite(value)) {
            throw new InputException(
                "some distances are not finite, or so large that their squares leave f32's range:"
                    + " there are no coordinates");
          }
          projected[a][b] = value;
          projected[b][a] = value;
        }
      }
    }

    /** B·v − λ·v of the leading pairs, for at most a block. */
    private List<double[]> residuals() {
      List<double[]> residuals = new ArrayList<>();
      for (int c = 0; c < Math.min(width, basis.size()); c++) {
        double[] residual = combine(images, c);
        add(residual, -ritz[c], combine(basis, c));
        residuals.add(residual);
      }
      return residuals;
    }

    private void restart() {
      int kept = Math.min(KEPT_BLOCKS * width, basis.size());
      List<double[]> vectors = new ArrayList<>();
      List<double[]> products = new ArrayList<>();
      for (int c = 0; c < kept; c++) {
        vectors.add(combine(basis, c));
        products.add(combine(images, c));
      }
      basis = vectors;
      images = products;
      projected = new double[0][];
    }

    private double[] combine(List<double[]> vectors, int c) {
      double[] sum = new double[n];
      for (int r = 0; r < vectors.size(); r++) {
        add(sum, turn[r][c], vectors.get(r));
      }
      return sum;
    }

    private LeadingEigenvectors result() {
      if (ritz[0] == 0) {
        throw new InputException(
            "all distances are 0, or so small that their squares leave f32's range: there are no"
                + " coordinates");
      }
      double[][] vectors = new double[wanted][];
      for (int c = 0; c < wanted; c++) {
        vectors[c] = combine(basis, c);
        fixSign(vectors[c]);
      }
      return new LeadingEigenvectors(Arrays.copyOf(ritz, wanted), vectors);
    }
  }

  private static void fixSign(double[] vector) {
    double extreme = 0;
    for (double value : vector) {
      extreme = Math.abs(value) > Math.abs(extreme) ? value : extreme;
    }
    if (extreme < 0) {
      scale(vector, -1);
    }
  }

  private static void centre(double[] column) {
    double mean = 0;
    for (double value : column) {
      mean += value / column.length;
    }
    for (int i = 0; i < column.length; i++) {
      column[i] -= mean;
    }
  }

  private static void scale(double[] column, double by) {
    for (int i = 0; i < column.length; i++) {
      column[i] *= by;
    }
  }

  private static void add(double[] sum, double factor, double[] x) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += factor * x[i];
    }
  }
}
