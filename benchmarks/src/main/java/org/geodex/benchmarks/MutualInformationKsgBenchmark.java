package org.geodex.benchmarks;

import java.util.Random;
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

/** KSG 1, k = 4, max norm: normal columns paired with correlation 0.6. */
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
    Random random = new Random(1);
    x = Matrix.allocate(n, d);
    y = Matrix.allocate(n, d);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        float value = (float) random.nextGaussian();
        x.set(i, j, value);
        y.set(i, j, (float) (0.6 * value + 0.8 * random.nextGaussian()));
      }
    }
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
