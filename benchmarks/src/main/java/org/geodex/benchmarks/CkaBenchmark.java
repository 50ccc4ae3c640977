package org.geodex.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.matrix.Matrix;
import org.geodex.similarity.CkaLinear;
import org.geodex.similarity.CkaRbf;
import org.geodex.similarity.Similarity;
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
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * Kernel alignment: the table over all layers, one pair, and Gaussian kernels on fewer rows. Peer:
 * NumPy.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
public class CkaBenchmark {
  @Param("12")
  public int layers;

  @Param("8192")
  public int n;

  @Param("4096")
  public int rowsRbf;

  private Backend backend;
  private List<Matrix.Owned> xs;

  @Setup
  public void open(BenchmarkParams running) {
    backend = Backends.open(BackendOptions.defaults());
    xs = IntStream.range(0, layers).mapToObj(l -> Manifold.rows(l, n, 768)).toList();
    if (running.getBenchmark().endsWith("rbfPair")) {
      Work.perCall(Operation.SIMILARITY_CKA_RBF.flops(rowsRbf, 768), 8.0 * rowsRbf * 768, rowsRbf);
    } else {
      int used = running.getBenchmark().endsWith("linearPair") ? 2 : layers;
      // A self term is symmetric; every pair has a product of its own.
      double products = used + used * (used - 1);
      Work.perCall(products * n * 768 * 768, 4.0 * used * n * 768, (double) used * n);
    }
  }

  @Benchmark
  public double linearPair() {
    return checked(new CkaLinear(), xs.subList(0, 2));
  }

  @Benchmark
  public double linearTable() {
    return checked(new CkaLinear(), xs);
  }

  @Benchmark
  public double rbfPair() {
    return checked(new CkaRbf(), xs.subList(0, 2).stream().map(x -> x.rows(0, rowsRbf)).toList());
  }

  private double checked(Similarity measure, List<? extends Matrix> matrices) {
    double value = measure.table(backend, matrices)[0][1];
    if (!(value > 0 && value < 1)) {
      throw new IllegalStateException("CKA of unlike layers: " + value);
    }
    return value;
  }

  @TearDown
  public void close() {
    xs.forEach(Matrix.Owned::close);
    backend.close();
  }
}
