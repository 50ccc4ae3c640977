package org.geodex.benchmarks;

import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.matrix.ElementType;
import org.geodex.model.Decoding;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
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
 * One decoding step of a GPT-2 of 124M shape, batch 1, about 16 tokens read. A step must read every
 * weight once, so the ceiling is the bytes of the weights over the read rate that the same run
 * measured on the same threads.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(1)
public class DecodeBenchmark {
  private static final long PARAMETERS =
      12L * 12 * 768 * 768 + (long) SyntheticGpt2.VOCABULARY * 768;
  private static final int STEPS = 64;

  @Param({"F16", "F32"})
  public ElementType type;

  private Backend backend;
  private Model model;
  private Decoding decoding;
  private int steps;
  private double readRate;
  private long nanos;
  private long count;

  @Setup
  public void open() {
    backend = Backends.open(BackendOptions.defaults());
    model = Model.load(SyntheticGpt2.write(type), backend);
    readRate = Ceilings.reading(backend);
    Work.perCall(2.0 * PARAMETERS, (double) PARAMETERS * type.bytes(), 1);
    restart();
  }

  private void restart() {
    if (decoding != null) {
      decoding.close();
    }
    int[] prompt = new int[16];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = i;
    }
    decoding = model.decode(new int[][] {prompt}, STEPS + 1, true, LayerHook.NONE);
    decoding.logits();
    steps = 0;
  }

  @Setup(Level.Iteration)
  public void startCount() {
    nanos = 0;
    count = 0;
  }

  @Benchmark
  public float step() {
    if (steps == STEPS) {
      restart();
    }
    long start = System.nanoTime();
    decoding.append(new int[] {steps});
    float logit = decoding.logits().get(0, 5);
    nanos += System.nanoTime() - start;
    count++;
    steps++;
    if (Float.isNaN(logit)) {
      throw new IllegalStateException("a decoding step gave NaN");
    }
    return logit;
  }

  @TearDown(Level.Iteration)
  public void report() {
    double seconds = nanos * 1e-9 / count;
    double ceiling = PARAMETERS * (double) type.bytes() / readRate;
    System.out.printf(
        "%n%s: %.1f tokens/s, %.1f GB/s, %.0f %% of the read rate %.1f GB/s%n",
        type,
        1 / seconds,
        PARAMETERS * type.bytes() / seconds * 1e-9,
        100 * ceiling / seconds,
        readRate * 1e-9);
  }

  @TearDown
  public void close() {
    decoding.close();
    model.close();
    backend.close();
  }
}
