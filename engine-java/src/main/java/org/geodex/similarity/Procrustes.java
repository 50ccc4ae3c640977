package org.geodex.similarity;

import java.util.List;
import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * Orthogonal Procrustes similarity of centred x and y brought to Frobenius norm 1:
 *
 * <pre>s = max over orthogonal R of ⟨xR, y⟩ = ‖xᵀy‖_*  (sum of singular values)</pre>
 *
 * between 0 and 1, 1 exactly when y is x rotated, reflected, shifted and scaled. The squared
 * Procrustes distance min ‖xR − y‖² is 2 − 2s; SciPy's {@code procrustes} disparity, which also
 * fits the scale, is 1 − s². Different widths are compared as if the narrower were padded with
 * zeros.
 *
 * <p>Source: Schönemann, Psychometrika 31 (1966); Williams et al., NeurIPS 2021.
 */
public final class Procrustes implements Similarity {

  @Override
  public double of(Backend backend, Matrix x, Matrix y) {
    Rows.check(List.of(x, y), 2, "procrustes");
    backend.requireMemory(
        56.0 * x.columns() * y.columns(),
        "the cross moments of %d x %d columns".formatted(x.columns(), y.columns()),
        "take fewer columns");
    Algebra algebra = backend.algebra();
    double[] a = algebra.means(x);
    double[] b = algebra.means(y);
    double scale = Math.sqrt(energy(algebra, x, a, 0)) * Math.sqrt(energy(algebra, y, b, 1));
    try (Matrix64 cross = algebra.crossScatter(x, a, y, b)) {
      double nuclear = 0;
      for (double s : algebra.singularValues(cross)) {
        nuclear += s;
      }
      return nuclear / scale;
    }
  }

  private static double energy(Algebra algebra, Matrix x, double[] centre, int which) {
    double sum = 0;
    for (double square : algebra.squaredLengths(x, centre, false)) {
      sum += square;
    }
    double origin = 0;
    for (double c : centre) {
      origin += c * c;
    }
    Rows.checkVaries(sum, x.rows() * origin, which, "procrustes");
    return sum;
  }
}
