package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.geodesic.ComponentPolicy;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.Graph;
import org.geodex.geodesic.GraphOptions;
import org.geodex.geodesic.ManifoldGraph;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourGraph;
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

/** Geodesic matrix of the k = 15 union graph; the peer is SciPy Dijkstra in peers/geometry.py. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
public class GeodesicBenchmark {
  @Param({"2000", "5000", "10000"})
  public int n;

  private Backend backend;
  private Graph graph;

  @Setup
  public void open() {
    backend = Backends.open(BackendOptions.defaults());
    GraphOptions options =
        new GraphOptions(
            15, Double.NaN, NeighbourGraph.Kind.UNION, Metric.EUCLIDEAN, ComponentPolicy.BRIDGE);
    try (Matrix.Owned x = Manifold.rows(1, n, 768)) {
      graph = ManifoldGraph.build(backend, x, "manifold", options).graph();
    }
  }

  @Benchmark
  public float paths() {
    try (Matrix.Owned lengths = GeodesicDistances.matrix(backend, graph)) {
      if (lengths.get(0, 0) != 0 || !(lengths.get(0, n - 1) < Float.POSITIVE_INFINITY)) {
        throw new IllegalStateException("not connected");
      }
      return lengths.get(0, 1);
    }
  }

  @TearDown
  public void close() {
    backend.close();
  }
}
