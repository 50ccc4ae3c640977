package org.geodex.benchmarks;

import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.backend.Regression.Problem;
import org.geodex.backend.Regression.Tolerance;
import org.geodex.matrix.Matrix;
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

/** 512 regressions of a token on 128 tokens of 768 dimensions. Peer: scikit-learn. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 3, time = 3)
public class LassoBenchmark {
  private static final int PROBLEMS = 512;
  private static final int TOKENS = 128;
  private static final int D = 768;

  /** The gap at which scikit-learn stops with its tol = 1e-4, which the peer uses. */
  private static final Tolerance ENOUGH = new Tolerance(2e-4, 10_000);

  /** Share of the largest penalty that leaves about a tenth of the tokens. */
  private static final double SHARE = 0.3;

  private Backend backend;
  private Matrix.Owned z;
  private Problem[] problems;
  private double[][] single;
  private double[][] path;
  private double[] expected;

  @Setup
  public void open() {
    backend = Backends.open(BackendOptions.defaults());
    z = Manifold.rows(1, PROBLEMS * (TOKENS + 1), D);
    problems = new Problem[PROBLEMS];
    for (int p = 0; p < PROBLEMS; p++) {
      long from = p * (TOKENS + 1L);
      problems[p] = new Problem(from, from + TOKENS, from + TOKENS);
    }
    double[] largest = backend.regression().largestPenalties(z, problems);
    single = new double[PROBLEMS][];
    path = new double[PROBLEMS][50];
    for (int p = 0; p < PROBLEMS; p++) {
      single[p] = new double[] {SHARE * largest[p]};
      for (int step = 0; step < 50; step++) {
        path[p][step] = largest[p] * Math.pow(1e-2, step / 49.0);
      }
    }
    expected = checkedByTheSpecification();
    double gram = 1.0 * TOKENS * TOKENS * D;
    Work.perCall(PROBLEMS * gram, 4.0 * z.rows() * D, PROBLEMS);
  }

  private double[] checkedByTheSpecification() {
    try (Backend scalar = Backends.open(BackendOptions.defaults().withBackend("scalar"))) {
      return scalar.regression()
          .lasso(z, Arrays.copyOf(problems, 1), Arrays.copyOf(single, 1), Tolerance.DEFAULT)[0][0];
    }
  }

  @Benchmark
  public double[][][] onePenalty() {
    double[][][] w = backend.regression().lasso(z, problems, single, ENOUGH);
    for (int j = 0; j < TOKENS; j++) {
      if (Math.abs(w[0][0][j] - expected[j]) > 1e-3) {
        throw new IllegalStateException("coefficient %d: %s".formatted(j, w[0][0][j]));
      }
    }
    return w;
  }

  @Benchmark
  public double[][][] pathOf50() {
    return backend.regression().lasso(z, problems, path, ENOUGH);
  }

  @TearDown
  public void close() {
    z.close();
    backend.close();
  }
}
