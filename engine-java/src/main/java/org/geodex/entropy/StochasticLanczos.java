package org.geodex.entropy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.geodex.backend.Algebra;
import org.geodex.backend.Backend;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;

/**
 * Stochastic Lanczos quadrature: an estimate of tr f(A), A = ZᵀZ, for widths whose d×d matrix is
 * too large to form or to factor. For each of {@code probes} random sign vectors v, {@code steps}
 * steps of Lanczos from v give nodes θ and weights τ² with vᵀf(A)v ≈ d·Σ τ²·f(θ); the mean over the
 * probes is the estimate, and its standard error is given beside it. All probes share each pass
 * over the rows.
 *
 * <p>The error bar covers the sampling of probes; the quadrature error falls exponentially in the
 * steps and is exact from rank + 1 steps on. Lanczos vectors are orthogonalized fully. Precision:
 * f64. Cost: {@code steps} passes of 4·n·d·probes operations. Memory: 8·d·probes·(steps + 2) bytes.
 * Determinism: probes follow from the seed; the same bits for any number of threads.
 *
 * <p>Source: Ubaru, Chen, Saad, SIAM J. Matrix Anal. 38 (2017), algorithm 1.
 */
public final class StochasticLanczos {

  /** Below this length, relative to tr A, a Lanczos vector is rounding: the space is exhausted. */
  private static final double EXHAUSTED = 1e-12;

  /**
   * How hard to try.
   *
   * @param probes random vectors, at least 2
   * @param steps Lanczos steps, at least 1
   * @param seed of the vectors
   */
  public record Effort(int probes, int steps, long seed) {
    public Effort {
      if (probes < 2) {
        throw new UsageException("--probes %d: expected at least 2", probes);
      }
      if (steps < 1) {
        throw new UsageException("--steps %d: expected at least 1", steps);
      }
    }
  }

  /**
   * An estimate with the standard error of its mean over the probes.
   *
   * @param value the estimate
   * @param standardError one standard error
   */
  public record Estimate(double value, double standardError) {
    /** The estimate times a constant. */
    Estimate times(double factor) {
      return new Estimate(value * factor, standardError * Math.abs(factor));
    }
  }

  private final Backend backend;
  private final Matrix x;
  private final RowForm form;
  private final double[] centre;
  private final long directions;
  private final double trace;

  /** Takes two passes over the rows, for the means and the trace. */
  public StochasticLanczos(Backend backend, Matrix x, RowForm form) {
    this.backend = backend;
    this.x = x;
    this.form = form;
    this.centre = form.centre() ? backend.algebra().means(x) : null;
    this.trace = Arrays.stream(backend.algebra().squaredLengths(x, centre, form.unitRows())).sum();
    SecondMoment.checkNotEmpty(x.rows(), form, trace, centre);
    this.directions = form.unitRows() ? Math.round(trace) : x.rows();
  }

  /** Rows that count, as in {@link SecondMoment#directions}. */
  public long directions() {
    return directions;
  }

  /** Von Neumann entropy −Σ p ln p, p = λ / Σλ, in nats. */
  public Estimate entropy(Effort effort) {
    return trace(effort, lambda -> lambda > 0 ? -lambda / trace * Math.log(lambda / trace) : 0);
  }

  /** Coding length in nats, as {@link CodingLength}. */
  public Estimate codingLength(Effort effort, double eps) {
    double c = x.columns() / (directions * eps * eps);
    return trace(effort, lambda -> Math.log1p(c * Math.max(0, lambda)))
        .times((directions + x.columns()) / 2.0);
  }

  /** tr f(A) with its standard error. */
  public Estimate trace(Effort effort, DoubleUnaryOperator f) {
    int d = x.columns();
    int probes = effort.probes();
    Tridiagonal[] bands = lanczos(effort, Math.min(effort.steps(), d));
    double mean = 0;
    double[] values = new double[probes];
    for (int p = 0; p < probes; p++) {
      values[p] = d * bands[p].quadrature(backend.algebra(), f);
      mean += values[p] / probes;
    }
    double variance = 0;
    for (double value : values) {
      variance += (value - mean) * (value - mean) / (probes - 1);
    }
    return new Estimate(mean, Math.sqrt(variance / probes));
  }

  /** Lanczos from every probe at once: column p of each matrix belongs to probe p. */
  private Tridiagonal[] lanczos(Effort effort, int steps) {
    Algebra algebra = backend.algebra();
    int probes = effort.probes();
    Tridiagonal[] bands = new Tridiagonal[probes];
    Arrays.setAll(bands, p -> new Tridiagonal(steps));
    List<Matrix64> basis = new ArrayList<>();
    try {
      basis.add(signs(effort));
      for (int k = 0; k < steps; k++) {
        Matrix64 next = algebra.scatterTimes(x, centre, form.unitRows(), basis.get(k));
        basis.add(next);
        for (int p = 0; p < probes; p++) {
          bands[p].diagonal[k] = dot(basis.get(k), next, p);
        }
        orthogonalize(basis, next);
        for (int p = 0; p < probes; p++) {
          double length = Math.sqrt(dot(next, next, p));
          boolean exhausted = length <= EXHAUSTED * trace;
          bands[p].extend(k, exhausted ? 0 : length);
          scale(next, p, exhausted ? 0 : 1 / length);
        }
      }
      return bands;
    } finally {
      basis.forEach(Matrix64::close);
    }
  }

  /** Takes the parts along all earlier vectors out of the last, twice, probe by probe. */
  private void orthogonalize(List<Matrix64> basis, Matrix64 last) {
    int earlier = basis.size() - 1;
    backend
        .parallel()
        .forEach(
            last.columns(),
            p -> {
              int column = (int) p;
              for (int round = 0; round < 2; round++) {
                for (int k = 0; k < earlier; k++) {
                  Matrix64 v = basis.get(k);
                  double part = dot(v, last, column);
                  for (int i = 0; i < last.rows(); i++) {
                    last.set(i, column, last.get(i, column) - part * v.get(i, column));
                  }
                }
              }
            });
  }

  private Matrix64 signs(Effort effort) {
    SplittableRandom random = new SplittableRandom(effort.seed());
    Matrix64 v = Matrix64.allocate(x.columns(), effort.probes());
    double unit = 1 / Math.sqrt(x.columns());
    for (int p = 0; p < v.columns(); p++) {
      for (int i = 0; i < v.rows(); i++) {
        v.set(i, p, random.nextBoolean() ? unit : -unit);
      }
    }
    return v;
  }

  private static double dot(Matrix64 a, Matrix64 b, int column) {
    double sum = 0;
    for (int i = 0; i < a.rows(); i++) {
      sum += a.get(i, column) * b.get(i, column);
    }
    return sum;
  }

  private static void scale(Matrix64 a, int column, double factor) {
    for (int i = 0; i < a.rows(); i++) {
      a.set(i, column, a.get(i, column) * factor);
    }
  }

  /** A symmetric tridiagonal matrix that ends where its probe's space is exhausted. */
  private static final class Tridiagonal {
    final double[] diagonal;
    final double[] beside;
    private int size;
    private boolean ended;

    Tridiagonal(int steps) {
      diagonal = new double[steps];
      beside = new double[steps];
    }

    /** Takes in step k, of which the next vector has this length; 0 ends the matrix. */
    void extend(int k, double length) {
      if (!ended) {
        size = k + 1;
        beside[k] = length;
        ended = length == 0;
      }
    }

    /** Σ τ²·f(θ) over the eigenvalues θ, τ the first components of the eigenvectors. */
    double quadrature(Algebra algebra, DoubleUnaryOperator f) {
      try (Matrix64 t = Matrix64.allocate(size, size)) {
        for (int k = 0; k < size; k++) {
          t.set(k, k, diagonal[k]);
          if (k + 1 < size) {
            t.set(k, k + 1, beside[k]);
            t.set(k + 1, k, beside[k]);
          }
        }
        double[] nodes = algebra.eigenvectors(t);
        double sum = 0;
        for (int k = 0; k < size; k++) {
          sum += t.get(0, k) * t.get(0, k) * f.applyAsDouble(nodes[k]);
        }
        return sum;
      }
    }
  }
}
