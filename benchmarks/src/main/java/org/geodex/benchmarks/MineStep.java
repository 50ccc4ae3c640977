package org.geodex.benchmarks;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.geodex.backend.Backend;
import org.geodex.backend.Repeated;
import org.geodex.matrix.Matrix;
import org.geodex.neural.AdamW;
import org.geodex.neural.PairCritic;

/** A training step of MINE, d + d → 512 → 256 → 1, on n joint and n shuffled pairs. */
final class MineStep implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Matrix bound;
  private final Repeated step;

  MineStep(Backend backend, int n, int d) {
    PairCritic critic = keep(new PairCritic(backend, new SplittableRandom(1), d, d, 512, 256));
    AdamW optimizer = keep(new AdamW(backend, critic.parameters(), 1e-4, 1e-2));
    Matrix x = keep(backend.adopt(NormalRows.of(1, n, d, 0, 1)));
    Matrix y = keep(backend.adopt(NormalRows.of(2, n, d, 0, 1)));
    Matrix gradient = keep(backend.allocate(2L * n, 1));
    Matrix average = keep(backend.allocate(1, 1)).fill(Float.NaN);
    bound = keep(backend.allocate(1, 1));
    step =
        keep(
            backend.repeated(
                () -> {
                  Matrix scores = critic.forward(x, y, 1);
                  backend.loss().donskerVaradhan(scores, 0, average, gradient, bound);
                  critic.backward(x, y, 1, gradient);
                  optimizer.step(Double.POSITIVE_INFINITY);
                }));
  }

  /** Forward and twice that backward; joint and shuffled rows share the first layer's products. */
  static double flops(int n, int d) {
    return 3 * 2.0 * n * (2 * d * 512 + 2 * 512 * 256);
  }

  private <T extends AutoCloseable> T keep(T resource) {
    open.push(resource);
    return resource;
  }

  void run() {
    step.run();
  }

  /** The last step's; waits for it. */
  float bound() {
    float value = bound.get(0, 0);
    if (!Float.isFinite(value)) {
      throw new IllegalStateException("bound " + value);
    }
    return value;
  }

  @Override
  public void close() {
    try {
      for (AutoCloseable resource : open) {
        resource.close();
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
