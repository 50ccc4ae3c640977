package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.GraphOptions;
import org.geodex.geodesic.Isomap;
import org.geodex.geodesic.ManifoldGraph;
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

/** Isomap from rows to two coordinates; the peer is scikit-learn. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 6)
@Measurement(iterations = 5)
public class IsomapBenchmark {
  @Param("5000")
  public int n;

  private Backend backend;
  private Matrix.Owned x;

  @Setup
  public void open() {
    backend = Backends.open(BackendOptions.defaults());
    x = Manifold.rows(1, n, 768);
    Work.perCall(Operation.ISOMAP.flops(n, 768), 4.0 * n * n, n);
  }

  @Benchmark
  public double isomap() {
    ManifoldGraph manifold = ManifoldGraph.build(backend, x, "manifold", GraphOptions.union(15));
    try (Matrix.Owned distances = GeodesicDistances.matrix(backend, manifold.graph());
        Isomap.Embedding embedding = Isomap.classical(backend, distances, 2)) {
      double residual = embedding.residualVariance()[1];
      if (!(residual > 0 && residual < 1)) {
        throw new IllegalStateException("residual variance " + residual);
      }
      return residual;
    }
  }

  @TearDown
  public void close() {
    x.close();
    backend.close();
  }
}
