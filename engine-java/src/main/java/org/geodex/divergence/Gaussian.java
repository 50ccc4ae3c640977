package org.geodex.divergence;

import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * A multivariate normal distribution fitted to rows: mean and covariance with the divisor n − 1,
 * f64. Fit once and hand it to every estimator that needs it.
 *
 * <p>Owns its covariance and, once asked for, the Cholesky factor; close it.
 */
public final class Gaussian implements AutoCloseable {
  /**
   * A pivot this small beside its variance, times d, is rounding: f32 data carry a relative noise
   * of 6e-8, whose square is 4e-15.
   */
  private static final double SINGULAR = 1e-14;

  /** Partial sums of the scatter, then the covariance and factors of two distributions. */
  private static final int COPIES = 8;

  private final String name;
  private final long n;
  private final double[] mean;
  private final double intensity;
  private final Matrix64 covariance;
  private Matrix64 factor;

  private Gaussian(String name, long n, double[] mean, double intensity, Matrix64 covariance) {
    this.name = name;
    this.n = n;
    this.mean = mean;
    this.intensity = intensity;
    this.covariance = covariance;
  }

  /**
   * Fits x[n,d]. Reads the rows twice and keeps d² f64 values.
   *
   * @param name what to call the rows in an error
   * @throws InputException with fewer than two rows
   */
  public static Gaussian fit(Backend backend, String name, Matrix x, Shrinkage shrinkage) {
    if (x.rows() < 2) {
      throw new InputException("%s has %d rows: a covariance needs at least 2", name, x.rows());
    }
    backend.requireMemory(
        8.0 * COPIES * x.columns() * x.columns(),
        "the covariance and its factors for %d columns".formatted(x.columns()),
        "take fewer columns");
    double[] mean = backend.algebra().means(x);
    Matrix64 scatter = backend.algebra().scatter(x, mean);
    double intensity =
        shrinkage.fromData()
            ? ledoitWolf(x.rows(), scatter, backend.information().fourthMoment(x, mean))
            : shrinkage.intensity();
    scale(scatter, 1.0 / (x.rows() - 1));
    shrink(scatter, intensity);
    return new Gaussian(name, x.rows(), mean, intensity, scatter);
  }

  /**
   * A distribution whose moments the caller has.
   *
   * @param covariance [d,d], owned by the result from now on
   */
  public static Gaussian of(String name, long n, double[] mean, Matrix64 covariance) {
    return new Gaussian(name, n, mean.clone(), 0, covariance);
  }

  public long n() {
    return n;
  }

  public int d() {
    return mean.length;
  }

  public double mean(int j) {
    return mean[j];
  }

  /** The covariance after shrinkage; belongs to this object. */
  public Matrix64 covariance() {
    return covariance;
  }

  /** The shrinkage that was used, 0 for none. */
  public double intensity() {
    return intensity;
  }

  /**
   * Lower Cholesky factor of the covariance; belongs to this object.
   *
   * @throws InputException when the covariance is singular, saying why
   */
  public synchronized Matrix64 factor(Backend backend) {
    if (factor == null) {
      Matrix64 copy = covariance.copy();
      try {
        int info = backend.algebra().cholesky(copy);
        refuseSingular(copy, info);
      } catch (Throwable e) {
        copy.close();
        throw e;
      }
      factor = copy;
    }
    return factor;
  }

  /** ln det of the covariance. */
  public double logDeterminant(Backend backend) {
    Matrix64 l = factor(backend);
    double sum = 0;
    for (int j = 0; j < l.rows(); j++) {
      sum += Math.log(l.get(j, j));
    }
    return 2 * sum;
  }

  private void refuseSingular(Matrix64 l, int info) {
    String remedy = intensity == 0 ? "drop it or use --shrinkage ledoit-wolf" : "drop it";
    for (int j = 0; j < d(); j++) {
      if (!(covariance.get(j, j) > 0)) {
        throw new InputException(
            "%s: column %d is constant, so the covariance is singular; %s", name, j, remedy);
      }
    }
    if (intensity == 0 && n <= d()) {
      throw new InputException(
          "%s has %d rows and %d columns, so its covariance is singular; give at least %d rows, or"
              + " use --shrinkage ledoit-wolf",
          name, n, d(), d() + 1);
    }
    for (int j = 0; j < d(); j++) {
      double pivot = l.get(j, j) * l.get(j, j);
      boolean failed = info == j + 1;
      if (failed || !(pivot > SINGULAR * d() * covariance.get(j, j))) {
        throw new InputException(
            "%s: column %d is a linear combination of the columns before it, so the covariance is"
                + " singular; %s",
            name, j, remedy);
      }
    }
  }

  private static double ledoitWolf(long n, Matrix64 scatter, double fourth) {
    int d = scatter.rows();
    double norm = 0;
    for (int i = 0; i < d; i++) {
      for (int j = 0; j < d; j++) {
        double s = scatter.get(i, j) / n;
        norm += s * s;
      }
    }
    double mu = scatter.trace() / n / d;
    double distance = norm - d * mu * mu;
    double noise = (fourth / n - norm) / n;
    return distance > 0 ? Math.clamp(noise / distance, 0, 1) : 0;
  }

  private static void scale(Matrix64 a, double factor) {
    for (int i = 0; i < a.rows(); i++) {
      for (int j = 0; j < a.columns(); j++) {
        a.set(i, j, a.get(i, j) * factor);
      }
    }
  }

  private static void shrink(Matrix64 a, double intensity) {
    if (intensity == 0) {
      return;
    }
    double mu = a.trace() / a.rows();
    scale(a, 1 - intensity);
    for (int j = 0; j < a.rows(); j++) {
      a.set(j, j, a.get(j, j) + intensity * mu);
    }
  }

  @Override
  public void close() {
    covariance.close();
    if (factor != null) {
      factor.close();
    }
  }
}
