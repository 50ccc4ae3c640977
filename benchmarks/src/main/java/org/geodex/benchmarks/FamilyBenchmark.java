package org.geodex.benchmarks;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.TokenBatch;
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
 * Forward passes of the four families, on the small checkpoints of the golden tests: what a pass
 * costs beside its products. Large products are {@link ForwardBenchmark}'s.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class FamilyBenchmark {
  private static final int BATCH = 4;
  private static final int LENGTH = 16;

  /** Ids that every one of these vocabularies has and no model pads with. */
  private static final int FIRST_ID = 5;

  private static final int LAST_ID = 60;

  @Param({"gpt2-hub-6l", "bert-hub-4l", "roberta-hub-4l", "t5-v1_1-gated-3l"})
  public String checkpoint;

  private Backend backend;
  private Model model;
  private TokenBatch batch;
  private String last;
  private float expected;

  @Setup
  public void setUp() {
    backend = OperationBenchmark.open("cpu");
    model =
        Model.load(Project.root().resolve("tests/src/test/resources/hf/" + checkpoint), backend);
    SplittableRandom random = new SplittableRandom(3);
    int[][] ids = new int[BATCH][];
    for (int i = 0; i < BATCH; i++) {
      ids[i] = random.ints(LENGTH, FIRST_ID, LAST_ID).toArray();
    }
    batch = TokenBatch.of(ids);
    try (Activations first = run()) {
      for (Activations.Tensor tensor : first.tensors()) {
        last = tensor.name();
      }
      expected = first.get(last).get(BATCH * LENGTH - 1L, 0);
    }
    Work.perCall(0, 0, BATCH * LENGTH);
  }

  private Activations run() {
    return model.forward(batch, Keep.hiddenStates(), LayerHook.NONE);
  }

  @Benchmark
  public float forward() {
    try (Activations states = run()) {
      Matrix state = states.get(last);
      float value = state.get(state.rows() - 1, 0);
      if (Float.isNaN(value) || value != expected) {
        throw new IllegalStateException(value + ", the first pass gave " + expected);
      }
      return value;
    }
  }

  @TearDown
  public void tearDown() {
    model.close();
    backend.close();
  }
}
