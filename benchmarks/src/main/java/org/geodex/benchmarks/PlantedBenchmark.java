package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Work of a known length, about 50 µs: {@code -Dgeodex.benchmarks.planted=10} makes it 10 % longer.
 * {@code benchmarks/gate-trial.sh} shows with it what {@code bench ab} finds and what it does not.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(5)
@Warmup(iterations = 3, time = 40, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 15, time = 10, timeUnit = TimeUnit.MILLISECONDS)
public class PlantedBenchmark {
  private static final int STEPS =
      20_000 * (100 + Integer.getInteger("geodex.benchmarks.planted", 0)) / 100;

  /** Not final, so that the loop is run and not computed. */
  public double factor = 0.5;

  @Setup
  public void setUp() {
    Work.perCall(2.0 * STEPS, 0, STEPS);
  }

  /** x ← x/2 + 1 has the limit 2; every step waits for the one before it. */
  @Benchmark
  public double steps() {
    double x = 0;
    for (int i = 0; i < STEPS; i++) {
      x = x * factor + 1;
    }
    if (x != 2) {
      throw new IllegalStateException("the limit of x/2 + 1 is 2, not " + x);
    }
    return x;
  }
}
