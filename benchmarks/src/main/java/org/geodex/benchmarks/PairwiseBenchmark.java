package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.Precision;
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

/** Squared distances of x against itself; the peers are the NumPy syrk form and PyTorch. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
public class PairwiseBenchmark {
  @Param("10000")
  public int n;

  @Param({"REFINED", "EXPANDED"})
  public Precision precision;

  private Matrix.Owned out;

  private Backend backend;
  private Matrix.Owned x;

  @Setup
  public void open() {
    backend = Backends.open(BackendOptions.defaults());
    out = Matrix.allocate(n, n);
    x = Manifold.rows(1, n, 768);
    double pairs = (double) n * n;
    Work.perCall(Operation.PAIRWISE_SQEUCLIDEAN.flops(n, 768), 4 * pairs, pairs);
  }

  @Benchmark
  public float pairwise() {
    backend.geometry().pairwise(x, x, Metric.SQEUCLIDEAN, precision, out);
    if (out.get(0, 0) != 0 || out.get(1, 2) != out.get(2, 1)) {
      throw new IllegalStateException("not symmetric");
    }
    return out.get(0, 1);
  }

  @TearDown
  public void close() {
    out.close();
    x.close();
    backend.close();
  }
}
