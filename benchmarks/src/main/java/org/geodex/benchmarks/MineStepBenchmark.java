package org.geodex.benchmarks;

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
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One training step of MINE, 768 + 768 → 512 → 256 → 1, 512 joint and 512 shuffled pairs. Peer:
 * PyTorch.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class MineStepBenchmark {
  private static final int BATCH = 512;
  private static final int WIDTH = 768;

  private Backend backend;
  private MineStep step;

  @Setup
  public void setUp() {
    backend = Backends.open(BackendOptions.defaults());
    step = new MineStep(backend, BATCH, WIDTH);
    Work.perCall(MineStep.flops(BATCH, WIDTH), 8.0 * BATCH * WIDTH, BATCH);
  }

  @Benchmark
  public float cpu() {
    step.run();
    return step.bound();
  }

  @TearDown
  public void tearDown() {
    step.close();
    backend.close();
  }
}
