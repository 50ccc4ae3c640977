package org.geodex.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.geodex.backend.cpu.CpuBackend;
import org.geodex.backend.scalar.ScalarBackend;
import org.geodex.backend.transformer.ActivationFunction;
import org.geodex.backend.transformer.Attention;
import org.geodex.backend.transformer.AttentionStatistics;
import org.geodex.backend.transformer.Epilogue;
import org.geodex.backend.transformer.Heads;
import org.geodex.backend.transformer.Norm;
import org.geodex.backend.transformer.Projection;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** cpu against the f64 specification; one and two threads against each other. */
class TransformerTest {
  /** Sums of up to some hundred terms of size 1, in f32. */
  private static final double TOLERANCE = 2e-5;

  private static Matrix.Owned normal(long seed, int n, int d) {
    Random random = new Random(seed);
    Matrix.Owned x = Matrix.allocate(n, d);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < d; j++) {
        x.set(i, j, (float) random.nextGaussian());
      }
    }
    return x;
  }

  private static void close(Matrix expected, Matrix actual, double tolerance) {
    for (int i = 0; i < expected.rows(); i++) {
      for (int j = 0; j < expected.columns(); j++) {
        double allowed = tolerance * Math.max(1, Math.abs(expected.get(i, j)));
        assertEquals(expected.get(i, j), actual.get(i, j), allowed, "row " + i + " column " + j);
      }
    }
  }

  private interface Work {
    void run(Backend backend, Matrix out);
  }

  private static void agree(int rows, int columns, Work work) {
    try (Backend one = new CpuBackend(1, 1 << 30);
        Backend two = new CpuBackend(2, 1 << 30);
        Backend scalar = new ScalarBackend(1 << 30);
        Matrix.Owned expected = Matrix.allocate(rows, columns);
        Matrix.Owned fast = Matrix.allocate(rows, columns);
        Matrix.Owned again = Matrix.allocate(rows, columns)) {
      work.run(scalar, expected);
      work.run(one, fast);
      work.run(two, again);
      close(expected, fast, TOLERANCE);
      assertEquals(-1, fast.segment().mismatch(again.segment()), "bits depend on threads");
    }
  }

  /** 1, 3, 4 rows the small product; 5 the tiles; 193, 400 outputs tile + tail; 17 lanes + tail. */
  @ParameterizedTest
  @CsvSource({"1,17,33", "3,64,400", "4,1100,193", "5,7,3", "70,40,193", "1030,5,20"})
  void linear(int n, int in, int out) {
    for (boolean outputRows : new boolean[] {true, false}) {
      try (Matrix.Owned x = normal(1, n, in);
          Matrix.Owned w = outputRows ? normal(2, out, in) : normal(2, in, out);
          Matrix.Owned bias = normal(3, 1, out);
          Matrix.Owned factor = normal(4, n, out);
          Matrix.Owned residual = normal(5, n, out)) {
        Projection projection = new Projection(StoredMatrix.of(w), outputRows, bias);
        Epilogue epilogue = new Epilogue(ActivationFunction.RELU, factor, residual);
        agree(n, out, (b, y) -> b.transformer().linear(x, projection, epilogue, y));
      }
    }
  }

  /**
   * f16 and bf16 weights give what their widened copies give, in the small and the tiled product.
   */
  @Test
  void halves() {
    try (Arena arena = Arena.ofConfined();
        Matrix.Owned x = normal(1, 2, 48);
        Matrix.Owned many = normal(1, 9, 48)) {
      for (StoredMatrix.Type type :
          new StoredMatrix.Type[] {StoredMatrix.Type.F16, StoredMatrix.Type.BF16}) {
        MemorySegment bits = arena.allocate(2 * 48 * 40);
        Random random = new Random(6);
        for (long i = 0; i < 48 * 40; i++) {
          float value = i % 7 == 0 ? 3e-6f : (float) random.nextGaussian();
          short half =
              type == StoredMatrix.Type.F16
                  ? Float.floatToFloat16(value)
                  : (short) (Float.floatToIntBits(value) >>> 16);
          bits.setAtIndex(ValueLayout.JAVA_SHORT, i, half);
        }
        for (boolean outputRows : new boolean[] {true, false}) {
          try (StoredMatrix w =
              new StoredMatrix(type, bits, outputRows ? 40 : 48, outputRows ? 48 : 40)) {
            Projection projection = new Projection(w, outputRows, null);
            agree(2, 40, (b, y) -> b.transformer().linear(x, projection, Epilogue.NONE, y));
            agree(9, 40, (b, y) -> b.transformer().linear(many, projection, Epilogue.NONE, y));
          }
        }
      }
    }
  }

  /** Arguments from −12 to 12, the tails included. */
  @ParameterizedTest
  @EnumSource(ActivationFunction.class)
  void activation(ActivationFunction function) {
    try (Matrix.Owned x = Matrix.allocate(9, 1);
        Matrix.Owned w = Matrix.allocate(1, 531)) {
      for (int i = 0; i < 9; i++) {
        x.set(i, 0, (i - 4) / 4f);
      }
      for (int j = 0; j < 531; j++) {
        w.set(0, j, 12f * (j - 265) / 265);
      }
      Projection projection = new Projection(StoredMatrix.of(w), false, null);
      agree(9, 531, (b, y) -> b.transformer().linear(x, projection, Epilogue.of(function), y));
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "3,16", "33,19", "70,64"})
  void norm(int n, int d) {
    try (Matrix.Owned x = normal(1, n, d);
        Matrix.Owned gain = normal(2, 1, d);
        Matrix.Owned bias = normal(3, 1, d)) {
      Norm layer = new Norm(gain, bias, 1e-5, false);
      Norm rms = new Norm(gain, null, 1e-6, true);
      agree(n, d, (b, y) -> b.transformer().norm(x, layer, y));
      agree(n, d, (b, y) -> b.transformer().norm(x, rms, y));
    }
  }

  /** 5 one short tile; 64 one tile; 130 two tiles + tail; queries 1 a decoding step. */
  @ParameterizedTest
  @CsvSource({"5,5,true", "64,64,true", "130,130,true", "130,130,false", "1,40,true", "7,20,false"})
  void attention(int queries, int keys, boolean causal) {
    int batch = 2;
    int heads = 3;
    int size = 8;
    int stride = keys + 2;
    float[] mask = new float[batch * keys];
    for (int j = 0; j < keys / 3; j++) {
      mask[j] = Float.NEGATIVE_INFINITY;
    }
    try (Matrix.Owned q = normal(1, batch * queries, heads * size);
        Matrix.Owned kv = normal(2, batch * stride, 2 * heads * size);
        Matrix.Owned bias = normal(3, heads, 2 * keys - 1)) {
      Heads k = new Heads(kv, 0);
      Heads v = new Heads(kv, heads * size);
      Attention attention =
          new Attention(
              batch,
              queries,
              keys,
              stride,
              heads,
              size,
              0.4,
              causal,
              Heads.of(q),
              k,
              v,
              mask,
              bias);
      agree(
          batch * queries,
          heads * size,
          (b, out) -> b.transformer().attention(attention, out, null, null));
      agree(
          batch * heads * queries,
          keys,
          (b, p) -> b.transformer().attention(attention, null, p, null));
      agree(
          batch * queries,
          heads * size,
          (b, out) -> {
            try (Matrix.Owned p = Matrix.allocate((long) batch * heads * queries, keys)) {
              b.transformer().attention(attention, null, p, null);
              b.transformer().attentionValues(attention, p, out);
            }
          });
    }
  }

  /** Even attention over i + 1 keys: distance i/2 and entropy ln(i + 1), by hand. */
  @Test
  void statisticsOfEvenAttention() {
    for (Backend backend : new Backend[] {new CpuBackend(2, 1 << 30), new ScalarBackend(1 << 30)}) {
      try (backend;
          Matrix.Owned zero = Matrix.allocate(4, 2)) {
        zero.fill(0);
        Heads heads = Heads.of(zero);
        Attention attention =
            new Attention(1, 4, 4, 4, 1, 2, 1, true, heads, heads, heads, null, null);
        AttentionStatistics statistics = new AttentionStatistics(1);
        try (Matrix.Owned out = Matrix.allocate(4, 2)) {
          backend.transformer().attention(attention, out, null, statistics);
        }
        assertEquals(4, statistics.queries());
        assertEquals((0 + 0.5 + 1 + 1.5) / 4, statistics.meanDistance(0), 1e-6);
        double entropy = (Math.log(1) + Math.log(2) + Math.log(3) + Math.log(4)) / 4;
        assertEquals(entropy, statistics.meanEntropy(0), 1e-6);
      }
    }
  }
}
