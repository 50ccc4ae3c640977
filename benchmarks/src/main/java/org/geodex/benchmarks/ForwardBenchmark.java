package org.geodex.benchmarks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.matrix.ElementType;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.TokenBatch;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
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
 * Forward pass of a GPT-2 of 124M shape, random weights, all hidden states kept. Prints tokens a
 * second, the share of the sgemm rate that the same run measured on the same threads, and the Java
 * heap that all threads allocated for a token.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class ForwardBenchmark {
  @Param({"8x128", "1x512"})
  public String shape;

  private Backend backend;
  private Model model;
  private TokenBatch batch;
  private double sgemmRate;
  private long nanos;
  private long passes;
  private long heapBytes;

  @Setup
  public void open() {
    backend = Backends.open(BackendOptions.defaults());
    model = Model.load(SyntheticGpt2.write(ElementType.F32), backend);
    String[] sizes = shape.split("x", -1);
    batch = random(Integer.parseInt(sizes[0]), Integer.parseInt(sizes[1]));
    int tokens = batch.size() * batch.length();
    sgemmRate = sgemmRate(tokens);
    Work.perCall(tokens * SyntheticGpt2.flopsPerToken(), 0, tokens);
  }

  private static TokenBatch random(int size, int length) {
    SplittableRandom random = new SplittableRandom(2);
    int[][] ids = new int[size][];
    for (int i = 0; i < size; i++) {
      ids[i] = random.ints(length, 0, SyntheticGpt2.VOCABULARY).toArray();
    }
    return TokenBatch.of(ids);
  }

  /** Best FLOP/s of the four products of a layer, as one f32 product each. */
  private double sgemmRate(int rows) {
    int d = SyntheticGpt2.WIDTH;
    double best = 0;
    for (int[] shape : new int[][] {{d, 3 * d}, {d, d}, {d, 4 * d}, {4 * d, d}}) {
      try (Matrix.Owned a = Matrix.allocate(rows, shape[0]);
          Matrix.Owned b = Matrix.allocate(shape[0], shape[1]);
          Matrix.Owned c = Matrix.allocate(rows, shape[1])) {
        a.fill(0.5f);
        b.fill(0.25f);
        for (int repeat = 0; repeat < 5; repeat++) {
          long start = System.nanoTime();
          backend.algebra().gemm(a, false, b, false, c);
          double flops = 2.0 * rows * shape[0] * shape[1];
          best = Math.max(best, flops / (System.nanoTime() - start) * 1e9);
        }
      }
    }
    return best;
  }

  /** Measured passes only. */
  @Setup(Level.Iteration)
  public void startCount() {
    nanos = 0;
    passes = 0;
    heapBytes = 0;
  }

  private static long allocated() {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return LongStream.of(threads.getThreadAllocatedBytes(threads.getAllThreadIds())).sum();
  }

  @Benchmark
  public float forward() {
    long heapBefore = allocated();
    long start = System.nanoTime();
    try (Activations result = model.forward(batch, Keep.hiddenStates(), LayerHook.NONE)) {
      float value = result.get("hidden_states.12").get(0, 0);
      if (Float.isNaN(value)) {
        throw new IllegalStateException("the forward pass gave NaN");
      }
      nanos += System.nanoTime() - start;
      passes++;
      heapBytes += allocated() - heapBefore;
      return value;
    }
  }

  @TearDown(Level.Iteration)
  public void report() {
    double tokens = passes * (double) batch.size() * batch.length() / nanos * 1e9;
    double rate = tokens * SyntheticGpt2.flopsPerToken();
    double heap = (double) heapBytes / (passes * batch.size() * batch.length());
    System.out.printf(
        "%n%s: %.0f tokens/s, %.1f GFLOP/s in products, %.0f %% of the sgemm rate %.1f GFLOP/s,"
            + " %.0f bytes of heap a token%n",
        shape, tokens, rate * 1e-9, 100 * rate / sgemmRate, sgemmRate * 1e-9, heap);
  }

  @TearDown
  public void close() {
    model.close();
    backend.close();
  }
}
