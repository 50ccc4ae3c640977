package org.geodex.information;

import org.geodex.backend.Backend;
import org.geodex.divergence.Gaussian;
import org.geodex.divergence.Shrinkage;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * Mutual information of jointly normal variables: ½·(ln det Σ_x + ln det Σ_y − ln det Σ_xy) = −½·Σ
 * ln(1 − ρᵢ²) over the canonical correlations, in nats. For any other data it is what the
 * covariances alone tell, a lower bound when the margins are normal.
 *
 * <p>{@code x[n,dx]}, {@code y[n,dy]}, row i of both one observation. Covariance (divisor n − 1),
 * Cholesky and logarithms in f64, so it is unchanged by any invertible linear map of x or of y.
 * With finite n it is too high by about dx·dy/(2n). A singular covariance is refused: with y a
 * linear image of x the value is infinite. With a condition z, Σ is the covariance given z.
 */
public final class MutualInformationGaussian {
  private MutualInformationGaussian() {}

  /**
   * I(x; y), or I(x; y | z).
   *
   * @param z [n,dz] or null
   * @param shrinkage of the joint covariance
   * @throws InputException when the rows differ in number or the joint covariance is singular
   */
  public static double of(Backend backend, Matrix x, Matrix y, Matrix z, Shrinkage shrinkage) {
    Observations.check(x, y, 2, "a covariance");
    if (z != null) {
      Observations.checkGiven(x, z);
    }
    backend.requireMemory(
        4.0 * x.rows() * (x.columns() + y.columns() + (z == null ? 0 : z.columns())),
        "the joint rows of %d observations".formatted(x.rows()),
        "take fewer rows");
    try (Matrix.Owned joint = Columns.join(z, x, y);
        Gaussian gaussian = Gaussian.fit(backend, "the joint of X and Y", joint, shrinkage)) {
      return of(backend, gaussian, z == null ? 0 : z.columns(), x.columns());
    }
  }

  /** An estimator that pairs the rows anew. */
  public static PairedEstimator estimator(
      Backend backend, Matrix x, Matrix y, Shrinkage shrinkage) {
    return pairing -> {
      try (Matrix.Owned shuffled = pairing == null ? null : y.gather(pairing)) {
        return of(backend, x, shuffled == null ? y : shuffled, null, shrinkage);
      }
    };
  }

  /**
   * The value from a joint distribution that the caller has fitted, its columns in the order z, x,
   * y.
   *
   * <p>The trailing block of a Cholesky factor is the factor of the covariance given what stands
   * before it: with x before y it holds y given z and x; without x, y given z.
   */
  public static double of(Backend backend, Gaussian joint, int dz, int dx) {
    Matrix64 l = joint.factor(backend);
    int d = joint.d();
    int dy = d - dz - dx;
    try (Gaussian withoutX = without(joint, dz, dx)) {
      Matrix64 m = withoutX.factor(backend);
      double sum = 0;
      for (int j = 0; j < dy; j++) {
        sum += Math.log(m.get(dz + j, dz + j) / l.get(dz + dx + j, dz + dx + j));
      }
      return sum;
    }
  }

  private static Gaussian without(Gaussian joint, int from, int count) {
    int d = joint.d() - count;
    double[] mean = new double[d];
    Matrix64 covariance = Matrix64.allocate(d, d);
    for (int i = 0; i < d; i++) {
      int row = i < from ? i : i + count;
      mean[i] = joint.mean(row);
      for (int j = 0; j < d; j++) {
        covariance.set(i, j, joint.covariance().get(row, j < from ? j : j + count));
      }
    }
    return Gaussian.of("Y", joint.n(), mean, covariance);
  }
}
