package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.information.KsgParameters;
import org.geodex.information.KsgParameters.Variant;
import org.geodex.information.MutualInformationKsg;
import org.geodex.matrix.Matrix;
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

/** KSG 1, k = 4, max norm: normal columns paired with correlation 0.6. Peer: NPEET's algorithm. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class MutualInformationKsgBenchmark {
  @Param({"10000"})
  public int n;

  /** Columns of x and of y. */
  @Param({"1", "5", "20", "64"})
  public int d;

  @Param({"2"})
  public int threads;

  private Backend backend;
  private Matrix.Owned x;
  private Matrix.Owned y;

  @Setup
  public void setUp() {
    backend = Backends.open(BackendOptions.defaults().withThreads(threads));
    x = NormalRows.of(1, n, d, 0, 1);
    y = NormalRows.besides(x, 2);
    Work.perCall(Operation.MI_KSG1.flops(n, d), 8.0 * n * d, n);
  }

  @Benchmark
  public double cpu() {
    double value = MutualInformationKsg.of(backend, x, y, KsgParameters.of(4, Variant.ONE));
    if (!(value > 0.1 && value < d)) {
      throw new IllegalStateException("MI " + value);
    }
    return value;
  }

  @TearDown
  public void tearDown() {
    x.close();
    y.close();
    backend.close();
  }
}
