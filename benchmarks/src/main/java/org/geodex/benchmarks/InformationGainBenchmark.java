package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;
import org.geodex.token.InformationGain;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Information gains of a context's tokens: one incremental pass against a determinant for every
 * token, and the ridge regressions.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
public class InformationGainBenchmark {
  @Param({"512", "2048"})
  public int n;

  @Param("768")
  public int d;

  private Backend backend;
  private Matrix.Owned unit;
  private double c;
  private double expected;

  @Setup
  public void open() {
    backend = Backends.open(BackendOptions.defaults());
    try (Matrix.Owned rows = Manifold.rows(1, n, d)) {
      unit = InformationGain.unitRows(rows);
    }
    c = InformationGain.scale(n, d, 0.5);
    expected = logDeterminant(n) - logDeterminant(n - 1);
    Work.perCall(0, 4.0 * n * d, n);
  }

  private double[] checked(double... gains) {
    if (Math.abs(gains[n - 1] - expected) > 1e-9) {
      throw new IllegalStateException(gains[n - 1] + ", expected " + expected);
    }
    return gains;
  }

  @Benchmark
  public double[] incremental() {
    return checked(InformationGain.logDeterminant(backend, unit, c));
  }

  @Benchmark
  public double[] ridge() {
    return checked(InformationGain.ridge(backend, unit, c));
  }

  /**
   * Every determinant anew, of the smaller side, on all threads; each token adds to one sum. One
   * call takes long enough.
   */
  @Benchmark
  @BenchmarkMode(Mode.SingleShotTime)
  @Warmup(iterations = 1)
  @Measurement(iterations = 3)
  public double[] determinants() {
    double[] whole = new double[n + 1];
    backend.parallel().forEach(n, t -> whole[(int) t + 1] = logDeterminant((int) t + 1));
    double[] gains = new double[n];
    for (int t = 0; t < n; t++) {
      gains[t] = whole[t + 1] - whole[t];
    }
    return checked(gains);
  }

  private double logDeterminant(int tokens) {
    Matrix rows = unit.rows(0, tokens);
    try (Matrix64 products =
            tokens < d
                ? backend.algebra().gram(rows, null)
                : backend.algebra().scatter(rows, null);
        Matrix64 a = products.identityPlus(c)) {
      backend.algebra().cholesky(a);
      double sum = 0;
      for (int i = 0; i < a.rows(); i++) {
        sum += 2 * Math.log(a.get(i, i));
      }
      return sum;
    }
  }

  @TearDown
  public void close() {
    unit.close();
    backend.close();
  }
}
