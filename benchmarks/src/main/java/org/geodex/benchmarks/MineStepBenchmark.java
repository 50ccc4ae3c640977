package org.geodex.benchmarks;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.matrix.Matrix;
import org.geodex.neural.AdamW;
import org.geodex.neural.PairCritic;
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
  private PairCritic critic;
  private AdamW optimizer;
  private Matrix.Owned x;
  private Matrix.Owned y;
  private Matrix.Owned gradient;

  @Setup
  public void setUp() {
    backend = Backends.open(BackendOptions.defaults());
    SplittableRandom random = new SplittableRandom(1);
    critic = new PairCritic(backend, random, WIDTH, WIDTH, 512, 256);
    optimizer = new AdamW(backend, critic.parameters(), 1e-4, 1e-2);
    x = Matrix.allocate(BATCH, WIDTH);
    y = Matrix.allocate(BATCH, WIDTH);
    gradient = Matrix.allocate(2 * BATCH, 1);
    // Forward and twice that backward; joint and shuffled rows share the first layer's products.
    double forward = 2.0 * BATCH * (2 * WIDTH * 512 + 2 * 512 * 256);
    Work.perCall(3 * forward, 8.0 * BATCH * WIDTH, BATCH);
    for (int i = 0; i < BATCH; i++) {
      for (int j = 0; j < WIDTH; j++) {
        x.set(i, j, (float) random.nextGaussian());
        y.set(i, j, (float) random.nextGaussian());
      }
    }
  }

  @Benchmark
  public double cpu() {
    Matrix scores = critic.forward(x, y, 7);
    double joint = 0;
    double exponential = 0;
    for (int i = 0; i < BATCH; i++) {
      joint += scores.get(i, 0);
      exponential += Math.exp(scores.get(BATCH + i, 0));
    }
    for (int i = 0; i < BATCH; i++) {
      gradient.set(i, 0, -1f / BATCH);
      gradient.set(BATCH + i, 0, (float) (Math.exp(scores.get(BATCH + i, 0)) / exponential));
    }
    critic.backward(x, y, 7, gradient);
    optimizer.step(1);
    double bound = joint / BATCH - Math.log(exponential / BATCH);
    if (!Double.isFinite(bound)) {
      throw new IllegalStateException("bound " + bound);
    }
    return bound;
  }

  @TearDown
  public void tearDown() {
    gradient.close();
    y.close();
    x.close();
    optimizer.close();
    critic.close();
    backend.close();
  }
}
