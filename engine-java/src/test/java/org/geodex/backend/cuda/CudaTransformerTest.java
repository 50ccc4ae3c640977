package org.geodex.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.geodex.backend.Backend;
import org.geodex.backend.transformer.ActivationFunction;
import org.geodex.backend.transformer.Attention;
import org.geodex.backend.transformer.AttentionStatistics;
import org.geodex.backend.transformer.Epilogue;
import org.geodex.backend.transformer.Heads;
import org.geodex.backend.transformer.Norm;
import org.geodex.backend.transformer.Projection;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Layers on the emulator against the f64 specification, on the device and from the host. */
class CudaTransformerTest {
  /** Sums of up to some hundred terms of size 1, in f32. */
  private static final double TOLERANCE = 2e-5;

  @BeforeAll
  static void needsEmulator() {
    OnEmulator.require();
  }

  @AfterEach
  void cuBlasAgain() {
    System.clearProperty("geodex.cuda.products");
  }

  private interface Work {
    void run(Backend backend, Matrix out);
  }

  /** The same from operands on the host, with the result on the host and on the device. */
  private static void agree(String binding, int rows, int columns, Work work) {
    try (Backend cuda = OnEmulator.cuda(binding);
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned expected = Matrix.allocate(rows, columns);
        Matrix.Owned onHost = Matrix.allocate(rows, columns);
        Matrix.Owned onDevice = cuda.allocate(rows, columns)) {
      work.run(scalar, expected);
      work.run(cuda, onHost);
      work.run(cuda, onDevice);
      close(expected, onHost);
      assertEquals(-1, onHost.segment().mismatch(onDevice.reading()), "the same bits");
      assertEquals(java.util.List.of(), cuda.hostOperations());
    }
  }

  private static void close(Matrix expected, Matrix actual) {
    for (int i = 0; i < expected.rows(); i++) {
      for (int j = 0; j < expected.columns(); j++) {
        double allowed = TOLERANCE * Math.max(1, Math.abs(expected.get(i, j)));
        assertEquals(expected.get(i, j), actual.get(i, j), allowed, "row " + i + " column " + j);
      }
    }
  }

  private static Matrix.Owned normal(long seed, int n, int d) {
    return OnEmulator.normal(seed + OnEmulator.FRESH, n, d);
  }

  /** 1, 3, 8 rows: a decoding step; 9: the tile of 64, a part; 65: tile + 1; 17: slab + 1. */
  @ParameterizedTest
  @CsvSource({
    "1,17,33,F32,own",
    "3,128,64,F16,own",
    "8,131,31,BF16,own",
    "9,16,63,F32,own",
    "65,17,65,F16,own",
    "64,32,64,BF16,own",
    "20,30,70,F32,cublas"
  })
  void linear(int n, int in, int out, StoredMatrix.Type type, String products) {
    System.setProperty("geodex.cuda.products", products);
    for (boolean outputRows : new boolean[] {true, false}) {
      try (Arena arena = Arena.ofShared();
          Matrix.Owned x = normal(1, n, in);
          StoredMatrix w = stored(type, arena, outputRows ? out : in, outputRows ? in : out);
          Matrix.Owned bias = normal(3, 1, out);
          Matrix.Owned factor = normal(4, n, out);
          Matrix.Owned residual = normal(5, n, out)) {
        Epilogue epilogue = new Epilogue(ActivationFunction.RELU, factor, residual);
        String binding = outputRows ? "panama" : "jcuda";
        Projection all = new Projection(w, outputRows, bias);
        agree(binding, n, out, (b, y) -> b.transformer().linear(x, all, epilogue, y));
      }
    }
  }

  /**
   * TF32 keeps 11 bits of each operand: in layers where it was asked for, and never elsewhere. The
   * shape is one that a card's cuBLAS has tensor kernels for.
   */
  @Test
  void tf32InLinearLayersAlone() {
    System.setProperty("geodex.cuda.products", "tf32");
    int n = 256;
    int d = 256;
    try (CudaBackend cuda = OnEmulator.cuda("panama");
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned x = normal(1, n, d);
        Matrix.Owned w = normal(2, d, d);
        Matrix.Owned exact = Matrix.allocate(n, d);
        Matrix.Owned product = Matrix.allocate(n, d);
        Matrix.Owned layer = Matrix.allocate(n, d)) {
      scalar.algebra().gemm(x, false, w, true, exact);
      cuda.algebra().gemm(x, false, w, true, product);
      Projection projection = new Projection(StoredMatrix.of(w), true, null);
      cuda.transformer().linear(x, projection, Epilogue.NONE, layer);
      assertTrue(cuda.device().contains("TF32"), cuda.device());
      assertEquals(0, largestDifference(exact, product), 1e-4); // 256 terms of some 1, f32
      double difference = largestDifference(exact, layer);
      assertTrue(difference > 1e-3 && difference < 1e-1, difference + "");
    }
  }

  private static double largestDifference(Matrix a, Matrix b) {
    double largest = 0;
    for (int i = 0; i < a.rows(); i++) {
      for (int j = 0; j < a.columns(); j++) {
        largest = Math.max(largest, Math.abs(a.get(i, j) - b.get(i, j)));
      }
    }
    return largest;
  }

  /** As few tiles of 128 as fill the device, the last of each row and column a part of one. */
  @ParameterizedTest
  @CsvSource({"129,5,F32", "257,18,F32", "130,33,F16", "260,16,BF16"})
  void largeTiles(int n, int in, StoredMatrix.Type type) {
    System.setProperty("geodex.cuda.products", "own");
    int multiprocessors = OnEmulator.multiprocessors();
    int out = 128 * Math.ceilDiv(multiprocessors, Math.ceilDiv(n, 128)) - 3;
    assertEquals(128, CudaTransformer.tile(n, out, multiprocessors));
    assertEquals(64, CudaTransformer.tile(n, out - 128, multiprocessors), "a column fewer");
    try (Arena arena = Arena.ofShared();
        Matrix.Owned x = normal(1, n, in);
        StoredMatrix w = stored(type, arena, out, in)) {
      Projection projection = new Projection(w, true, null);
      agree("panama", n, out, (b, y) -> b.transformer().linear(x, projection, Epilogue.NONE, y));
    }
  }

  /** Values of every size, denormal f16 among them. */
  private static StoredMatrix stored(StoredMatrix.Type type, Arena arena, int rows, int columns) {
    Random random = new Random(6 + OnEmulator.FRESH);
    MemorySegment bits = arena.allocate((long) type.bytes() * rows * columns, 64);
    for (long i = 0; i < (long) rows * columns; i++) {
      float value = i % 7 == 0 ? 3e-6f : (float) random.nextGaussian();
      switch (type) {
        case F32 -> bits.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
        case F16 -> bits.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
        case BF16 ->
            bits.setAtIndex(
                ValueLayout.JAVA_SHORT, i, (short) (Float.floatToIntBits(value) >>> 16));
      }
    }
    return new StoredMatrix(type, bits, rows, columns);
  }

  /** Arguments from −12 to 12, the tails included. */
  @ParameterizedTest
  @EnumSource(ActivationFunction.class)
  void activation(ActivationFunction function) {
    try (Matrix.Owned x = Matrix.allocate(9, 1);
        Matrix.Owned w = Matrix.allocate(1, 61);
        StoredMatrix stored = StoredMatrix.of(w)) {
      for (int i = 0; i < 9; i++) {
        x.set(i, 0, (i - 4) / 4f);
      }
      for (int j = 0; j < 61; j++) {
        w.set(0, j, 12f * (j - 30) / 30);
      }
      Projection projection = new Projection(stored, false, null);
      Epilogue epilogue = Epilogue.of(function);
      agree("panama", 9, 61, (b, y) -> b.transformer().linear(x, projection, epilogue, y));
    }
  }

  /** Single values and quads; in registers and beyond (513, 2052); a row more than a block has. */
  @ParameterizedTest
  @CsvSource({"1,1", "9,19", "8,64", "2,513", "2,2052"})
  void norm(int n, int d) {
    try (Matrix.Owned x = normal(1, n, d);
        Matrix.Owned gain = normal(2, 1, d);
        Matrix.Owned bias = normal(3, 1, d)) {
      Norm layer = new Norm(gain, bias, 1e-5, false);
      Norm rms = new Norm(gain, null, 1e-6, true);
      agree("panama", n, d, (b, y) -> b.transformer().norm(x, layer, y));
      agree("jcuda", n, d, (b, y) -> b.transformer().norm(x, rms, y));
    }
  }

  /** One query; a key tile, its next; a query tile, its next; heads of each kernel's width. */
  @ParameterizedTest
  @CsvSource({
    "1,1,8,true",
    "1,40,8,true",
    "7,20,9,false",
    "32,32,64,true",
    "33,33,65,false",
    "64,64,8,true",
    "65,71,130,true",
    "130,130,4,false"
  })
  void attention(int queries, int keys, int size, boolean causal) {
    int batch = 2;
    int heads = 2;
    int stride = keys + 2;
    float[] mask = new float[batch * keys];
    Arrays.fill(mask, 0, keys / 3, Float.NEGATIVE_INFINITY);
    try (Matrix.Owned q = normal(1, batch * queries, heads * size);
        Matrix.Owned kv = normal(2, batch * stride, 2 * heads * size);
        Matrix.Owned bias = normal(3, heads, 2 * keys - 1)) {
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
              new Heads(kv, 0),
              new Heads(kv, heads * size),
              mask,
              bias);
      int rows = batch * heads * queries;
      agree(
          "panama",
          batch * queries,
          heads * size,
          (b, out) -> b.transformer().attention(attention, out, null, null));
      agree("jcuda", rows, keys, (b, p) -> b.transformer().attention(attention, null, p, null));
      agree(
          "panama",
          batch * queries,
          heads * size,
          (b, out) -> {
            try (Matrix.Owned p = b.allocate(rows, keys)) {
              b.transformer().attention(attention, null, p, null);
              b.transformer().attentionValues(attention, p, out);
            }
          });
      statisticsAgree(attention);
    }
  }

  private static void statisticsAgree(Attention attention) {
    AttentionStatistics expected = new AttentionStatistics(attention.heads());
    AttentionStatistics found = new AttentionStatistics(attention.heads());
    Matrix q = attention.q().matrix();
    try (Backend cuda = OnEmulator.cuda("panama");
        Backend scalar = OnEmulator.scalar();
        Matrix.Owned out = Matrix.allocate(q.rows(), q.columns())) {
      scalar.transformer().attention(attention, out, null, expected);
      cuda.transformer().attention(attention, out, null, found);
    }
    assertEquals(expected.queries(), found.queries());
    for (int h = 0; h < attention.heads(); h++) {
      double span = expected.meanDistance(h);
      assertEquals(span, found.meanDistance(h), 1e-5 * (1 + span));
      assertEquals(expected.meanEntropy(h), found.meanEntropy(h), 1e-5);
    }
  }

  /** One to three tables of different types; 257 columns are two blocks. */
  @ParameterizedTest
  @CsvSource({"1,5", "2,16", "3,257"})
  void embed(int count, int d) {
    int n = 11;
    try (Arena arena = Arena.ofShared();
        StoredMatrix a = stored(StoredMatrix.Type.F32, arena, 7, d);
        StoredMatrix b = stored(StoredMatrix.Type.F16, arena, 3, d);
        StoredMatrix c = stored(StoredMatrix.Type.BF16, arena, n, d)) {
      StoredMatrix[] tables = Arrays.copyOf(new StoredMatrix[] {a, b, c}, count);
      int[][] ids = new int[count][n];
      for (int t = 0; t < count; t++) {
        for (int i = 0; i < n; i++) {
          ids[t][i] = (int) (i * 5L % tables[t].rows());
        }
      }
      agree("panama", n, d, (backend, out) -> backend.transformer().embed(tables, ids, out));
    }
  }

  /** Every third row; two new tokens of each of three sequences behind four old ones. */
  @ParameterizedTest
  @CsvSource({"panama", "jcuda"})
  void rowsAreMoved(String binding) {
    try (Matrix.Owned x = normal(1, 20, 6);
        Matrix.Owned fresh = normal(2, 6, 10)) {
      agree(binding, 6, 6, (b, out) -> b.transformer().gather(x, 2, 3, out));
      agree(
          binding,
          24,
          4,
          (b, cache) -> {
            cache.fill(7);
            b.transformer().append(new Heads(fresh, 3), 2, cache, 8, 4);
          });
    }
  }
}
