package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
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

/** A divergence between rows of two normal distributions, from the rows on. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public abstract class KlBenchmark {
  private final Operation operation;
  private final int n;
  private final int d;
  private final double lowest;
  private final double highest;

  private Backend backend;
  private Matrix.Owned p;
  private Matrix.Owned q;

  /** The value must lie between the last two. */
  KlBenchmark(Operation operation, int n, int d, double lowest, double highest) {
    this.operation = operation;
    this.n = n;
    this.d = d;
    this.lowest = lowest;
    this.highest = highest;
  }

  abstract double divergence(Backend on, Matrix from, Matrix to);

  @Setup
  public void setUp() {
    backend = Backends.open(BackendOptions.defaults());
    p = NormalRows.of(1, n, d, 0, 1);
    q = NormalRows.of(2, n, d, 0.2, 1.1);
    Work.perCall(operation.flops(n, d), 8.0 * n * d, n);
  }

  @Benchmark
  public double cpu() {
    double value = divergence(backend, p, q);
    if (!(value > lowest && value < highest)) {
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
