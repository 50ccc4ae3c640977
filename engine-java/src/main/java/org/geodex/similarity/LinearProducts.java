package org.geodex.similarity;

import java.util.ArrayList;
import java.util.List;
import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * Inner products ⟨XXᵀ, YYᵀ⟩ = ‖XᵀY‖² of the centred Gram matrices of several representations, each
 * self term once.
 */
final class LinearProducts {
  private final double[][] products;
  private final double[][] squares;
  private final double[] scales;

  private LinearProducts(double[][] products, double[][] squares, double[] scales) {
    this.products = products;
    this.squares = squares;
    this.scales = scales;
  }

  static LinearProducts of(Backend backend, List<? extends Matrix> xs) {
    return of(backend, xs, null);
  }

  /**
   * The products.
   *
   * @param self ‖XᵀX‖² of every representation, or null where they are not known yet
   */
  static LinearProducts of(Backend backend, List<? extends Matrix> xs, double[] self) {
    boolean byRows = byRows(xs);
    backend.requireMemory(
        byRows ? gramBytes(xs) : momentBytes(xs),
        "the inner products of %d x %d matrices"
            .formatted(xs.getFirst().rows(), xs.getFirst().columns()),
        "take fewer columns");
    Algebra algebra = backend.algebra();
    double[][] centres = new double[xs.size()][];
    double[][] squares = new double[xs.size()][];
    double[] scales = new double[xs.size()];
    for (int a = 0; a < xs.size(); a++) {
      centres[a] = algebra.means(xs.get(a));
      squares[a] = algebra.squaredLengths(xs.get(a), centres[a], false);
      scales[a] = xs.get(a).rows() * sumOfSquares(centres[a]);
    }
    double[][] products =
        byRows ? byGram(algebra, xs, centres) : byFeatures(algebra, xs, centres, self);
    return new LinearProducts(products, squares, scales);
  }

  /** Whether the n×n Gram matrices are smaller than the moments. */
  private static boolean byRows(List<? extends Matrix> xs) {
    return xs.getFirst().rows() * xs.size() < xs.stream().mapToLong(Matrix::columns).sum();
  }

  private static double gramBytes(List<? extends Matrix> xs) {
    double n = xs.getFirst().rows();
    return 8 * n * (n * xs.size() + widest(xs));
  }

  /** A cross moment in four partial sums. */
  private static double momentBytes(List<? extends Matrix> xs) {
    return 32.0 * widest(xs) * widest(xs);
  }

  private static long widest(List<? extends Matrix> xs) {
    return xs.stream().mapToLong(Matrix::columns).max().orElseThrow();
  }

  private static double sumOfSquares(double[] v) {
    double sum = 0;
    for (double value : v) {
      sum += value * value;
    }
    return sum;
  }

  private static double[][] byFeatures(
      Algebra algebra, List<? extends Matrix> xs, double[][] centres, double[] self) {
    double[][] products = new double[xs.size()][xs.size()];
    for (int a = 0; a < xs.size(); a++) {
      if (self != null) {
        products[a][a] = self[a];
      }
      for (int b = 0; b < (self == null ? a + 1 : a); b++) {
        try (Matrix64 moment =
            a == b
                ? algebra.scatter(xs.get(a), centres[a])
                : algebra.crossScatter(xs.get(a), centres[a], xs.get(b), centres[b])) {
          products[a][b] = inner(moment, moment);
          products[b][a] = products[a][b];
        }
      }
    }
    return products;
  }

  private static double[][] byGram(Algebra algebra, List<? extends Matrix> xs, double[][] centres) {
    List<Matrix64> grams = new ArrayList<>();
    try {
      for (int a = 0; a < xs.size(); a++) {
        grams.add(algebra.gram(xs.get(a), centres[a]));
      }
      double[][] products = new double[xs.size()][xs.size()];
      for (int a = 0; a < xs.size(); a++) {
        for (int b = 0; b < xs.size(); b++) {
          products[a][b] = inner(grams.get(a), grams.get(b));
        }
      }
      return products;
    } finally {
      grams.forEach(Matrix64::close);
    }
  }

  private static double inner(Matrix64 a, Matrix64 b) {
    double sum = 0;
    for (int i = 0; i < a.rows(); i++) {
      double row = 0;
      for (int j = 0; j < a.columns(); j++) {
        row += a.get(i, j) * b.get(i, j);
      }
      sum += row;
    }
    return sum;
  }

  /** [a][b] = ‖XₐᵀX_b‖². */
  double[][] products() {
    return products;
  }

  /** Σᵢ ‖xᵢ‖². */
  double trace(int a) {
    double sum = 0;
    for (double square : squares[a]) {
      sum += square;
    }
    return sum;
  }

  /** Σᵢ ‖xᵢ‖²·‖yᵢ‖²: the diagonals' part of the inner product. */
  double diagonalProduct(int a, int b) {
    double sum = 0;
    for (int i = 0; i < squares[a].length; i++) {
      sum += squares[a][i] * squares[b][i];
    }
    return sum;
  }

  /** Refuses matrices whose rows are all equal. */
  void checkVaries(String measure) {
    for (int a = 0; a < squares.length; a++) {
      Rows.checkVaries(trace(a), scales[a], a, measure);
    }
  }
}
