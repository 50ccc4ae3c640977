package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
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

/** Exact k-NN of d = 768; the peers are Faiss and scikit-learn. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
public class KnnBenchmark {
  @Param({"10000", "20000"})
  public int n;

  private Backend backend;
  private Matrix.Owned x;

  @Setup
  public void open() {
    backend = Backends.open(BackendOptions.defaults());
    x = Manifold.rows(1, n, 768);
    Work.perCall(Operation.KNN.flops(n, 768), 4.0 * n * 768, n);
  }

  @Benchmark
  public NeighbourTable knn() {
    NeighbourTable table = backend.geometry().knn(x, null, 15, Metric.EUCLIDEAN);
    if (table.index(0, 0) == 0 || table.distance(0, 0) > table.distance(0, 14)) {
      throw new IllegalStateException("neighbours out of order");
    }
    return table;
  }

  @TearDown
  public void close() {
    x.close();
    backend.close();
  }
}
