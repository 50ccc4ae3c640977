package org.geodex.similarity;

import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/** A similarity of two representations of the same rows; 1 for representations it calls equal. */
public interface Similarity {

  /**
   * The similarity of x and y.
   *
   * @param x [n,dx]
   * @param y [n,dy], row i describing the same thing as row i of x
   * @throws InputException when the rows differ in number, are too few, or are all equal
   */
  default double of(Backend backend, Matrix x, Matrix y) {
    return table(backend, List.of(x, y))[0][1];
  }

  /**
   * The similarities of all pairs.
   *
   * @param xs matrices [n, any width]
   * @return [a][b] = similarity of xs[a] and xs[b]
   */
  default double[][] table(Backend backend, List<? extends Matrix> xs) {
    double[][] table = new double[xs.size()][xs.size()];
    for (int a = 0; a < xs.size(); a++) {
      for (int b = 0; b < xs.size(); b++) {
        table[a][b] = of(backend, xs.get(a), xs.get(b));
      }
    }
    return table;
  }
}
