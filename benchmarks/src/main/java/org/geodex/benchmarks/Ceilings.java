package org.geodex.benchmarks;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.matrix.Matrix;

/**
 * What the machine can do at best, in the state in which it is now: the fastest of a few products
 * of two 1024 x 1024 f32 matrices by OpenBLAS, and of a few passes over 128 MB, on every core.
 *
 * @param flopsPerSecond of the products
 * @param bytesPerSecond of reading
 */
record Ceilings(double flopsPerSecond, double bytesPerSecond) {
  private static final int SIDE = 1024;
  private static final int REPEATS = 8;
  private static final int PIECES = 128;
  private static final long PIECE = 1L << 20;

  static Ceilings measure() {
    try (Backend cpu = Backends.open(BackendOptions.defaults().withBackend("cpu"))) {
      return new Ceilings(products(cpu), reading(cpu));
    }
  }

  private static double products(Backend cpu) {
    try (Matrix.Owned a = Matrix.allocate(SIDE, SIDE);
        Matrix.Owned b = Matrix.allocate(SIDE, SIDE);
        Matrix.Owned c = Matrix.allocate(SIDE, SIDE)) {
      a.fill(0.5f);
      b.fill(0.25f);
      double seconds = best(() -> cpu.algebra().gemm(a, false, b, false, c));
      return 2.0 * SIDE * SIDE * SIDE / seconds;
    }
  }

  /** Best bytes a second of reading 128 MB in pieces of 1 MB on all threads. */
  static double reading(Backend cpu) {
    try (Matrix.Owned data = Matrix.allocate(PIECES * PIECE / 4, 1)) {
      data.fill(1);
      float[] sums = new float[PIECES];
      MemorySegment segment = data.segment();
      double seconds =
          best(
              () ->
                  cpu.parallel()
                      .forEach(PIECES, i -> sums[(int) i] = sum(segment, i * PIECE, PIECE)));
      if (sums[1] <= 0) {
        throw new IllegalStateException("a sum of ones is " + sums[1]);
      }
      return PIECES * PIECE / seconds;
    }
  }

  /** Two sums, so that one addition need not wait for the last. */
  private static float sum(MemorySegment data, long from, long count) {
    var species = FloatVector.SPECIES_PREFERRED;
    FloatVector a = FloatVector.zero(species);
    FloatVector b = a;
    for (long at = from; at < from + count; at += 8L * species.length()) {
      a = a.add(FloatVector.fromMemorySegment(species, data, at, ByteOrder.LITTLE_ENDIAN));
      long next = at + 4L * species.length();
      b = b.add(FloatVector.fromMemorySegment(species, data, next, ByteOrder.LITTLE_ENDIAN));
    }
    return a.add(b).lane(0);
  }

  private static double best(Runnable work) {
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < REPEATS; i++) {
      long start = System.nanoTime();
      work.run();
      best = Math.min(best, (System.nanoTime() - start) * 1e-9);
    }
    return best;
  }
}
