package org.geodex.benchmarks;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.geodex.alignment.AlignmentLoss;
import org.geodex.alignment.LossWeights;
import org.geodex.alignment.TrainingParameters;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;
import org.geodex.neural.AdamW;
import org.geodex.neural.Mlp;
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
 * One training step of {@code align} with the full loss: a map 768 → 256 → 768, a critic 1536 → 512
 * → 256 → 1, 512 rows, both clipped and stepped. Peer: PyTorch.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AlignmentStepBenchmark {
  private static final int ROWS = 512;
  private static final int WIDTH = 768;

  private final LossWeights weights = new LossWeights(0.1, 0.1, 0.01);
  private final SplittableRandom random = new SplittableRandom(1);
  private final Matrix.Owned[] rows = new Matrix.Owned[3];
  private Backend backend;
  private Mlp map;
  private PairCritic critic;
  private AdamW mapSteps;
  private AdamW criticSteps;
  private Matrix.Owned distances;
  private AlignmentLoss.Work work;
  private AlignmentLoss loss;
  private Matrix.Owned deviation;

  @Setup
  public void setUp() {
    backend = Backends.open(BackendOptions.defaults());
    map = new Mlp(backend, random, WIDTH, 256, WIDTH);
    critic = new PairCritic(backend, random, WIDTH, WIDTH, 512, 256);
    mapSteps = new AdamW(backend, map.parameters(), 1e-4, 1e-2);
    criticSteps = new AdamW(backend, critic.parameters(), 1e-4, 1e-2);
    for (int r = 0; r < rows.length; r++) {
      rows[r] = NormalRows.of(r + 1, ROWS, WIDTH, 0, 1);
    }
    distances = Matrix.allocate(ROWS, ROWS);
    backend.geometry().pairwise(rows[2], rows[2], Metric.EUCLIDEAN, distances);
    work = new AlignmentLoss.Work(backend, ROWS, WIDTH);
    deviation = Matrix.allocate(1, WIDTH);
    deviation.fill(1);
    loss =
        new AlignmentLoss(backend, weights, deviation, map, critic, TrainingParameters.defaults());
    // The map sees a half more rows, the probes of curvature; the critic shares its first layer.
    double mapped = 2.0 * 1.5 * ROWS * (2 * WIDTH * 256);
    double judged = 2.0 * ROWS * (2 * WIDTH * 512 + 2 * 512 * 256);
    Work.perCall(3 * (mapped + judged), 12.0 * ROWS * WIDTH, ROWS);
  }

  @Benchmark
  public double cpu() {
    AlignmentLoss.Part part = new AlignmentLoss.Part(rows[0], rows[1], rows[2], distances);
    double total = loss.train(part, work, random).total(weights);
    mapSteps.step(1);
    criticSteps.step(1);
    if (!Double.isFinite(total)) {
      throw new IllegalStateException("loss " + total);
    }
    return total;
  }

  @TearDown
  public void tearDown() {
    work.close();
    loss.close();
    deviation.close();
    distances.close();
    for (Matrix.Owned matrix : rows) {
      matrix.close();
    }
    criticSteps.close();
    mapSteps.close();
    critic.close();
    map.close();
    backend.close();
  }
}
