package org.geodex.divergence;

import java.util.Arrays;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.matrix.Matrix;
import org.geodex.statistics.Digamma;

/**
 * KL(P‖Q) from samples by nearest neighbours, in nats: Wang, Kulkarni, Verdú, IEEE Trans. Inform.
 * Theory 55 (2009) 2392.
 *
 * <p>{@code p[n,d]}, {@code q[m,d]}; ρᵢ and νᵢ are the euclidean distances of p[i] to its
 * neighbours among the other rows of p and among the rows of q.
 *
 * <ul>
 *   <li>{@link Bias#FIXED_ORDER} (their equation 5): (d/n)·Σ ln(ν_k/ρ_k) + ln(m/(n − 1)), both of
 *       order k.
 *   <li>{@link Bias#COMMON_RADIUS} (their section IV): with ε = max(ρ_k, ν_k), the l rows of p and
 *       the r rows of q within ε give (d/n)·Σ ln(ν_r/ρ_l) + (1/n)·Σ [ψ(l) − ψ(r)] + ln(m/(n − 1)),
 *       which compares the two densities over one ball.
 * </ul>
 *
 * <p>The estimate may be negative and is not clipped. A row with k exact copies has a distance of 0
 * and no density; such rows are left out of the mean and counted in {@link Estimate#duplicates}.
 * Distances f64. The same bits for any number of threads.
 */
public final class KlKnn {
  private KlKnn() {}

  /** The two ways in which the paper chooses the neighbours. */
  public enum Bias {
    FIXED_ORDER("fixed-order"),
    COMMON_RADIUS("common-radius");

    private final String label;

    Bias(String label) {
      this.label = label;
    }

    /** Reads a name of the command line. */
    public static Bias parse(String text) {
      for (Bias bias : values()) {
        if (bias.label.equals(text)) {
          return bias;
        }
      }
      throw new UsageException("--bias %s: expected fixed-order or common-radius", text);
    }

    /** The name on the command line. */
    @Override
    public String toString() {
      return label;
    }
  }

  /**
   * An estimate.
   *
   * @param value nats
   * @param duplicates rows of p that were left out, because a k-th distance was 0
   */
  public record Estimate(double value, int duplicates) {}

  /**
   * Finds the neighbours and compares.
   *
   * @param k at least 1, less than n and at most m
   * @throws InputException when the columns differ in number, there are too few rows, or every row
   *     has k copies
   */
  public static Estimate of(Backend backend, Matrix p, Matrix q, int k, Bias bias) {
    Rows.checkColumns(p, q);
    if (k < 1) {
      throw new UsageException("--k %d: expected at least 1", k);
    }
    Rows.checkCount("P", p, k + 1L, "k = " + k);
    Rows.checkCount("Q", q, k, "k = " + k);
    backend.requireMemory(
        4.0 * (p.rows() + q.rows()) * p.columns() + 24.0 * p.rows() * k,
        "the neighbours of %d and %d rows".formatted(p.rows(), q.rows()),
        "take fewer rows");
    NeighbourTable within = backend.geometry().knn(p, null, k, Metric.EUCLIDEAN);
    NeighbourTable across = backend.geometry().knn(p, q, k, Metric.EUCLIDEAN);
    return switch (bias) {
      case FIXED_ORDER -> of(within, across, q.rows(), p.columns(), k);
      case COMMON_RADIUS -> commonRadius(backend, p, q, within, across);
    };
  }

  /**
   * The fixed-order estimate from neighbours that the caller has.
   *
   * @param within neighbours of each row of p among the others, at least k
   * @param across neighbours of each row of p in q, at least k
   * @param m rows of q
   */
  public static Estimate of(NeighbourTable within, NeighbourTable across, long m, int d, int k) {
    int n = within.n();
    double sum = 0;
    int duplicates = 0;
    for (int i = 0; i < n; i++) {
      double rho = within.distance(i, k - 1);
      double nu = across.distance(i, k - 1);
      if (rho == 0 || nu == 0) {
        duplicates++;
      } else {
        sum += Math.log(nu / rho);
      }
    }
    refuseAllDuplicates(duplicates, n, k);
    double value = d * sum / (n - duplicates) + Math.log((double) m / (n - 1));
    return new Estimate(value, duplicates);
  }

  private static Estimate commonRadius(
      Backend backend, Matrix p, Matrix q, NeighbourTable within, NeighbourTable across) {
    int n = p.intRows();
    int last = within.k() - 1;
    double[] radius = new double[n];
    for (int i = 0; i < n; i++) {
      radius[i] = Math.max(within.distance(i, last), across.distance(i, last));
    }
    Digamma psi = new Digamma((int) Math.max(p.rows(), q.rows()));
    BallCounts own = BallCounts.of(backend, p, p, radius);
    BallCounts other = BallCounts.of(backend, p, q, radius);
    double[] terms = new double[n];
    int duplicates = 0;
    for (int i = 0; i < n; i++) {
      if (within.distance(i, last) == 0 || across.distance(i, last) == 0) {
        duplicates++;
      } else {
        terms[i] =
            p.columns() * Math.log(other.farthest(i) / own.farthest(i))
                + psi.at(own.count(i) - 1)
                - psi.at(other.count(i));
      }
    }
    refuseAllDuplicates(duplicates, n, within.k());
    double mean = Arrays.stream(terms).sum() / (n - duplicates);
    return new Estimate(mean + Math.log((double) q.rows() / (n - 1)), duplicates);
  }

  private static void refuseAllDuplicates(int duplicates, int n, int k) {
    if (duplicates == n) {
      throw new InputException(
          "every row of P has %d exact copies in P or in Q, so there is no density to compare;"
              + " remove the copies or raise --k",
          k);
    }
  }
}
