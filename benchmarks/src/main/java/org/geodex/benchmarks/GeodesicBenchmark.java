package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.geodesic.ComponentPolicy;
import org.geodex.geodesic.EdgeList;
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

/**
 * Geodesic matrix of the k = 15 union graph of manifold data, and of thin graphs: a chain and
 * spirals with k = 2 and 5. The peer is SciPy Dijkstra.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
public class GeodesicBenchmark {
  @Param({"2000", "5000", "10000"})
  public int n;

  @Param({"manifold", "chain", "spiral2", "spiral5"})
  public String kind;

  private Backend backend;
  private Graph graph;

  @Setup
  public void open() {
    backend = Backends.open(BackendOptions.defaults());
    graph =
        switch (kind) {
          case "manifold" -> neighbours(15, Manifold.rows(1, n, 768));
          case "chain" -> chain();
          default -> neighbours(kind.charAt(kind.length() - 1) - '0', spiral());
        };
    double pairs = (double) n * n;
    Work.perCall(0, 4 * pairs, pairs);
  }

  private Graph neighbours(int k, Matrix.Owned rows) {
    GraphOptions options =
        new GraphOptions(
            k, Double.NaN, NeighbourGraph.Kind.UNION, Metric.EUCLIDEAN, ComponentPolicy.BRIDGE);
    try (rows) {
      return ManifoldGraph.build(backend, rows, kind, options).graph();
    }
  }

  private Graph chain() {
    EdgeList edges = new EdgeList();
    for (int i = 0; i + 1 < n; i++) {
      edges.add(i, i + 1, 1);
    }
    return edges.toGraph(n);
  }

  /** Ten turns in the plane, radius t. */
  private Matrix.Owned spiral() {
    Matrix.Owned rows = Matrix.allocate(n, 2);
    for (int i = 0; i < n; i++) {
      double t = 20 * Math.PI * (i + 1) / n;
      rows.setRow(i, new float[] {(float) (t * Math.cos(t)), (float) (t * Math.sin(t))});
    }
    return rows;
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
