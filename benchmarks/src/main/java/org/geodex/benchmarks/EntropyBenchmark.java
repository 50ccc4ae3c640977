package org.geodex.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.entropy.MatrixEntropy;
import org.geodex.entropy.RowForm;
import org.geodex.entropy.SecondMoment;
import org.geodex.entropy.Spectrum;
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

/** Matrix entropy of the layers of a model, in f64. Peer: NumPy. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
public class EntropyBenchmark {
  @Param("12")
  public int layers;

  @Param("8192")
  public int n;

  @Param("768")
  public int d;

  private Backend backend;
  private List<Matrix.Owned> xs;
  private double expected;

  @Setup
  public void open() {
    backend = Backends.open(BackendOptions.defaults());
    xs = IntStream.range(0, layers).mapToObj(l -> Manifold.rows(l, n, d)).toList();
    try (SecondMoment moment = SecondMoment.of(backend, xs.getLast(), RowForm.CENTRED_UNIT)) {
      Work.perCall(
          layers * Operation.ENTROPY_MATRIX.flops(n, d), 4.0 * layers * n * d, (double) layers * n);
      expected = Spectrum.entropy(backend.algebra().singularValues(moment.matrix()));
    }
  }

  @Benchmark
  public double[] matrixEntropy() {
    double[] entropies = MatrixEntropy.ofAll(backend, xs, RowForm.CENTRED_UNIT);
    if (Math.abs(entropies[layers - 1] - expected) > 1e-9) {
      throw new IllegalStateException(entropies[layers - 1] + ", expected " + expected);
    }
    return entropies;
  }

  @TearDown
  public void close() {
    xs.forEach(Matrix.Owned::close);
    backend.close();
  }
}
