package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.divergence.KlKnn;
import org.geodex.matrix.Matrix;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** KL by five nearest neighbours, n = m = 10 000, 64 columns. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KlKnnBenchmark {
  private Backend backend;
  private Matrix.Owned p;
  private Matrix.Owned q;

  @Setup
  public void setUp() {
    backend = Backends.open(BackendOptions.defaults());
    p = NormalRows.of(1, 10_000, 64, 0, 1);
    q = NormalRows.of(2, 10_000, 64, 0.2, 1.1);
  }

  @Benchmark
  public double cpu() {
    double value = KlKnn.of(backend, p, q, 5, KlKnn.Bias.FIXED_ORDER).value();
    if (!(value > 2 && value < 5)) {
      throw new IllegalStateException("KL " + value);
    }
    return value;
  }

  @TearDown
  public void tearDown() {
    q.close();
    p.close();
    backend.close();
  }
}
