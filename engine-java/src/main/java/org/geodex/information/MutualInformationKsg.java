package org.geodex.information;

import java.util.Arrays;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.statistics.Digamma;

/**
 * Mutual information by k-nearest neighbours: Kraskov, Stögbauer, Grassberger, Phys. Rev. E 69,
 * 066138 (2004).
 *
 * <ul>
 *   <li>Algorithm 1 (equation 8): ψ(k) − ⟨ψ(n_x + 1) + ψ(n_y + 1)⟩ + ψ(n), counts strictly within
 *       the distance to the k-th joint neighbour.
 *   <li>Algorithm 2 (equation 9): ψ(k) − 1/k − ⟨ψ(n_x) + ψ(n_y)⟩ + ψ(n), counts within or on the k
 *       neighbours' extent in each space.
 *   <li>Given z (Frenzel and Pompe, Phys. Rev. Lett. 99, 204101 (2007)): ψ(k) + ⟨ψ(n_z + 1) −
 *       ψ(n_xz + 1) − ψ(n_yz + 1)⟩.
 * </ul>
 *
 * <p>{@code x[n,dx]}, {@code y[n,dy]}, row-major, row i of both is one observation; in nats. No
 * noise is added and nothing is scaled. The value may be negative and is not clipped; it cannot
 * exceed ψ(n) − ψ(k). Above about five dimensions it is far too low. Inputs f32, counts as in f64,
 * sums f64. The same bits for any number of threads.
 */
public final class MutualInformationKsg {
  private MutualInformationKsg() {}

  /** Columns apart, and the distances of a few rows to all others for every thread. */
  private static void checkMemory(Backend backend, long n, int columns) {
    backend.requireMemory(
        4.0 * n * columns + 48.0 * n * backend.parallel().threads(),
        "the distances of %d rows".formatted(n),
        "take fewer rows");
  }

  /**
   * I(x; y).
   *
   * @throws InputException when the rows differ in number or are not more than k
   */
  public static double of(Backend backend, Matrix x, Matrix y, KsgParameters parameters) {
    return estimator(backend, x, y, parameters).value(null);
  }

  /**
   * I(x; y | z), by algorithm 1 whatever the variant.
   *
   * @throws InputException when the rows differ in number or are not more than k
   */
  public static double given(
      Backend backend, Matrix x, Matrix y, Matrix z, KsgParameters parameters) {
    Observations.check(x, y, parameters.k() + 1L, "k = " + parameters.k());
    Observations.checkGiven(x, z);
    checkMemory(backend, x.rows(), x.columns() + y.columns() + z.columns());
    return valueGiven(backend.information().ksgCounts(x, y, z, parameters), parameters);
  }

  /** An estimator that pairs the rows anew. */
  public static PairedEstimator estimator(
      Backend backend, Matrix x, Matrix y, KsgParameters parameters) {
    Observations.check(x, y, parameters.k() + 1L, "k = " + parameters.k());
    checkMemory(backend, x.rows(), x.columns() + y.columns());
    return new Pairings(backend, x, y, parameters);
  }

  private record Pairings(Backend backend, Matrix x, Matrix y, KsgParameters parameters)
      implements PairedEstimator {
    @Override
    public double value(int[] pairing) {
      return pairing == null
          ? MutualInformationKsg.value(
              backend.information().ksgCounts(x, y, null, parameters), parameters)
          : values(new int[][] {pairing})[0];
    }

    @Override
    public double[] values(int[][] pairings) {
      KsgCounts[] counts = backend.information().ksgCountsOfPairings(x, y, pairings, parameters);
      return Arrays.stream(counts)
          .mapToDouble(c -> MutualInformationKsg.value(c, parameters))
          .toArray();
    }
  }

  /** The estimate that the counts give. */
  public static double value(KsgCounts counts, KsgParameters parameters) {
    int n = counts.x().length;
    Digamma psi = new Digamma(n);
    int k = parameters.k();
    double sum = 0;
    for (int i = 0; i < n; i++) {
      if (counts.x()[i] < 0 || counts.y()[i] < 0) {
        throw InputException.notFinite("in the distances from row " + i);
      }
      sum +=
          switch (parameters.variant()) {
            case ONE -> psi.at(counts.x()[i] + 1) + psi.at(counts.y()[i] + 1);
            case TWO -> psi.at(counts.x()[i]) + psi.at(counts.y()[i]) + 1.0 / k;
          };
    }
    return psi.at(k) + psi.at(n) - sum / n;
  }

  private static double valueGiven(KsgCounts counts, KsgParameters parameters) {
    int n = counts.x().length;
    Digamma psi = new Digamma(n);
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += psi.at(counts.z()[i] + 1) - psi.at(counts.x()[i] + 1) - psi.at(counts.y()[i] + 1);
    }
    return psi.at(parameters.k()) + sum / n;
  }
}
