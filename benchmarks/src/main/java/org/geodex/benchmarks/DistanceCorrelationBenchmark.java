package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.matrix.Matrix;
import org.geodex.similarity.DistanceCorrelation;
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

/** Distance correlation of two layers. Peer: NumPy. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 3, time = 3)
public class DistanceCorrelationBenchmark {
  @Param({"4096", "1021"})
  public int n;

  @Param("768")
  public int d;

  private Backend backend;
  private Matrix.Owned x;
  private Matrix.Owned y;

  @Setup
  public void open() {
    backend = Backends.open(BackendOptions.defaults());
    x = Manifold.rows(1, n, d);
    y = Manifold.rows(2, n, d);
    Work.perCall(Operation.SIMILARITY_DISTANCE_CORRELATION.flops(n, d), 8.0 * n * d, n);
  }

  @Benchmark
  public double biased() {
    double value = new DistanceCorrelation(false).of(backend, x, y);
    if (!(value > 0 && value < 1)) {
      throw new IllegalStateException("distance correlation of unlike layers: " + value);
    }
    return value;
  }

  @TearDown
  public void close() {
    x.close();
    y.close();
    backend.close();
  }
}
