package org.geodex.benchmarks;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.entropy.CodingLength;
import org.geodex.entropy.MatrixEntropy;
import org.geodex.entropy.RowForm;
import org.geodex.entropy.SecondMoment;
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
 * Entropies of many texts of 2 048 tokens, side by side as {@code geodex scaling} takes them, and
 * their products ZᵀZ by sgemm, the yardstick: 2·n·d² operations a text.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
public class TextEntropyBenchmark {
  private static final int N = 2048;
  private static final int D = 768;

  @Param("16")
  public int texts;

  private Backend backend;
  private List<Matrix.Owned> rows;
  private Matrix.Owned product;
  private double expected;

  @Setup
  public void open() {
    backend = Backends.open(BackendOptions.defaults());
    rows = IntStream.range(0, texts).mapToObj(t -> Manifold.rows(t, N, D)).toList();
    product = Matrix.allocate(D, D);
    try (Backend scalar = Backends.open(BackendOptions.defaults().withBackend("scalar"));
        SecondMoment moment = SecondMoment.of(scalar, rows.getFirst(), RowForm.UNIT)) {
      expected = CodingLength.normalized(scalar, moment, CodingLength.DEFAULT_EPS);
    }
    Work.perCall(2.0 * texts * N * D * D, 4.0 * texts * N * D, texts);
  }

  private double[] sideBySide(RowForm form, ToDoubleFunction<SecondMoment> entropy) {
    double[] entropies = new double[texts];
    backend
        .parallel()
        .forEach(
            texts,
            t -> {
              try (SecondMoment moment = SecondMoment.of(backend, rows.get((int) t), form)) {
                entropies[(int) t] = entropy.applyAsDouble(moment);
              }
            });
    return entropies;
  }

  @Benchmark
  public double[] codingLengths() {
    double[] entropies =
        sideBySide(
            RowForm.UNIT,
            moment -> CodingLength.normalized(backend, moment, CodingLength.DEFAULT_EPS));
    if (Math.abs(entropies[0] - expected) > 1e-9) {
      throw new IllegalStateException(entropies[0] + ", expected " + expected);
    }
    return entropies;
  }

  @Benchmark
  public double[] matrixEntropies() {
    return sideBySide(RowForm.CENTRED_UNIT, MatrixEntropy::of);
  }

  @Benchmark
  public Matrix products() {
    for (Matrix x : rows) {
      backend.algebra().gemm(x, true, x, false, product);
    }
    return product;
  }

  @TearDown
  public void close() {
    rows.forEach(Matrix.Owned::close);
    product.close();
    backend.close();
  }
}
