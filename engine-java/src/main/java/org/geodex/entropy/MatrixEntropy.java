package org.geodex.entropy;

import java.util.ArrayList;
import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;

/**
 * Entropy of the eigenvalues of the second moment, in nats: p = λ / Σλ, −Σ p ln p (von Neumann), or
 * ln(Σ p^α) / (1 − α) (Rényi). Between 0, when all rows lie on one line, and ln min(n,d).
 *
 * <p>Source: Giraldo, Rao, Principe, IEEE Trans. Inf. Theory 61 (2015), eq. 6; with centred unit
 * rows it is the matrix entropy of Diff-eRank (arXiv 2401.17139).
 */
public final class MatrixEntropy {
  private MatrixEntropy() {}

  /** Von Neumann entropy of prepared rows, in nats. */
  public static double of(Backend backend, Matrix x, RowForm form) {
    try (SecondMoment moment = SecondMoment.of(backend, x, form)) {
      return of(moment);
    }
  }

  public static double of(SecondMoment moment) {
    return Spectrum.entropy(moment.eigenvalues());
  }

  /**
   * Von Neumann entropies of many sets of rows, such as the layers of a model: the moments one
   * after the other on all threads, then the eigenvalues of all of them side by side, since one
   * decomposition hardly uses a second thread. The same bits as {@link #of(Backend, Matrix,
   * RowForm)}.
   */
  public static double[] ofAll(Backend backend, List<? extends Matrix> xs, RowForm form) {
    double[] entropies = new double[xs.size()];
    int from = 0;
    while (from < entropies.length) {
      int to = Math.min(entropies.length, from + together(backend, xs.get(from)));
      List<SecondMoment> moments = new ArrayList<>();
      try {
        for (Matrix x : xs.subList(from, to)) {
          moments.add(SecondMoment.of(backend, x, form));
        }
        int first = from;
        backend
            .parallel()
            .forEach(moments.size(), i -> entropies[first + (int) i] = of(moments.get((int) i)));
      } finally {
        moments.forEach(SecondMoment::close);
      }
      from = to;
    }
    return entropies;
  }

  /** Moments like that of x that fit in half of the budget. */
  private static int together(Backend backend, Matrix x) {
    long side = Math.min(x.rows(), x.columns());
    return Math.clamp(backend.memoryBudget() / (16 * side * side), 1, 64);
  }

  /** Rényi entropy of order α ≥ 0 in nats; α = 2 needs no eigenvalues. */
  public static double renyi(SecondMoment moment, double alpha) {
    if (alpha == 2) {
      double trace = moment.trace();
      return -Math.log(moment.squaredNorm() / (trace * trace));
    }
    return Spectrum.renyi(moment.eigenvalues(), alpha);
  }

  /**
   * Effective rank exp(−Σ p ln p) of the second moment, between 1 and min(n,d).
   *
   * <p>Roy, Vetterli, EUSIPCO 2007 define it on singular values; Diff-eRank, and so we, take the
   * eigenvalues of the covariance. {@link RankMe} is the form on singular values.
   */
  public static double effectiveRank(SecondMoment moment) {
    return Math.exp(of(moment));
  }
}
