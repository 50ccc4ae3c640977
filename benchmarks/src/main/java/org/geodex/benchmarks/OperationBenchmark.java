package org.geodex.benchmarks;

import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
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
 * Every operation on any backend. Each call must give the bits of the first one, and the first rows
 * must give what the scalar backend makes of them, so that a wrong answer cannot be fast.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class OperationBenchmark {
  /** Rows given to the scalar backend, which is slow. */
  private static final int CHECKED_ROWS = 64;

  /** f32 sums of up to some hundred terms against f64. */
  private static final double TOLERANCE = 1e-3;

  /** Weights after a few steps in f32 and in f64. */
  private static final double TRAINED_TOLERANCE = 5e-2;

  private static final Set<Operation> TRAINED = EnumSet.of(Operation.MI_MINE, Operation.MI_INFONCE);

  @Param public Operation operation;

  /** {@code cpu}, {@code scalar}, {@code cuda}, or {@code emulator}. */
  @Param("cpu")
  public String backend;

  @Param("2048")
  public int n;

  @Param("256")
  public int d;

  private Backend opened;
  private Operation.Inputs inputs;
  private double expected;

  static Backend open(String name) {
    BackendOptions options = BackendOptions.defaults();
    return Backends.open(
        name.equals("emulator")
            ? new BackendOptions(
                "cuda", "panama", "emulator", options.threads(), options.memoryBudget())
            : options.withBackend(name));
  }

  @Setup
  public void setUp() {
    opened = open(backend);
    inputs = Operation.Inputs.of(opened, n, d);
    checkAgainstTheSpecification();
    expected = operation.run(inputs);
    Work.perCall(operation.flops(n, d), 8.0 * n * d, n);
  }

  private void checkAgainstTheSpecification() {
    int rows = Math.min(n, CHECKED_ROWS);
    try (Backend scalar = open("scalar")) {
      double truth = operation.run(inputs.head(scalar, rows));
      double value = operation.run(inputs.head(opened, rows));
      double tolerance = TRAINED.contains(operation) ? TRAINED_TOLERANCE : TOLERANCE;
      if (!(Math.abs(value - truth) <= tolerance * (1 + Math.abs(truth)))) {
        throw new IllegalStateException(
            "%s of %d rows: %s, the scalar backend gives %s"
                .formatted(operation.label(), rows, value, truth));
      }
    }
  }

  @Benchmark
  public double call() {
    double value = operation.run(inputs);
    if (Double.doubleToLongBits(value) != Double.doubleToLongBits(expected)) {
      throw new IllegalStateException(
          "%s: %s, the first call gave %s".formatted(operation.label(), value, expected));
    }
    return value;
  }

  @TearDown
  public void tearDown() {
    inputs.close();
    opened.close();
  }
}
