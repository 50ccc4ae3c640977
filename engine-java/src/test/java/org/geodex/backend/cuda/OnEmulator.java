package org.geodex.backend.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Random;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.cuda.CudaContext;
import org.geodex.cuda.CudaOptions;
import org.geodex.cuda.Emulator;
import org.geodex.matrix.Matrix;

/** What the parity tests share: the device, the specification, and data. */
final class OnEmulator {
  static final long BUDGET = 1 << 30;

  /** A seed of this run; printed, so that a failure can be repeated with -Dtests.seed. */
  static final long FRESH = Long.getLong("tests.seed", new Random().nextInt(1 << 20));

  /** {@code -Dgeodex.cuda.driver=system} runs the same tests on a card. */
  private static final String DRIVER = System.getProperty("geodex.cuda.driver", "emulator");

  /** {@code -Dgeodex.cuda.binding=panama|jcuda} runs every operation on that one. */
  private static final String BINDING = System.getProperty("geodex.cuda.binding");

  private OnEmulator() {}

  static void require() {
    assumeTrue(DRIVER.equals("system") || Emulator.isAvailable(), "this build has no emulator");
    System.out.println("fresh data: -Dtests.seed=" + FRESH);
  }

  static CudaBackend cuda(String binding) {
    String used = BINDING == null ? binding : BINDING;
    return new CudaBackend(new CudaOptions(used, DRIVER, 0), 2, BUDGET);
  }

  static int multiprocessors() {
    try (CudaContext context = CudaContext.open(new CudaOptions("panama", DRIVER, 0))) {
      return context.multiprocessors();
    }
  }

  static ScalarBackend scalar() {
    return new ScalarBackend(BUDGET);
  }

  static Matrix.Owned normal(long seed, int n, int d) {
    Random random = new Random(seed);
    Matrix.Owned x = Matrix.allocate(n, d);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        x.set(i, j, (float) random.nextGaussian());
      }
    }
    return x;
  }

  /** Rows that every metric is defined for: positive, and of sum 1 where asked. */
  static Matrix.Owned positive(long seed, int n, int d, boolean sumToOne) {
    Matrix.Owned x = normal(seed, n, d);
    for (int i = 0; i < n; i++) {
      float sum = 0;
      for (int j = 0; j < d; j++) {
        x.set(i, j, Math.abs(x.get(i, j)) + 0.05f);
        sum += x.get(i, j);
      }
      for (int j = 0; sumToOne && j < d; j++) {
        x.set(i, j, x.get(i, j) / sum);
      }
    }
    return x;
  }

  /** Few values, so that distances tie and rows repeat. */
  static Matrix.Owned lattice(long seed, int n, int d) {
    Random random = new Random(seed);
    Matrix.Owned x = Matrix.allocate(n, d);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        x.set(i, j, random.nextInt(3));
      }
    }
    return x;
  }
}
