package org.geodex.backend.cpu;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.BiConsumer;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Parallel;
import org.geodex.backend.transformer.ActivationFunction;
import org.geodex.backend.transformer.Attention;
import org.geodex.backend.transformer.AttentionStatistics;
import org.geodex.backend.transformer.Epilogue;
import org.geodex.backend.transformer.Heads;
import org.geodex.backend.transformer.Norm;
import org.geodex.backend.transformer.Projection;
import org.geodex.backend.transformer.Transformer;
import org.geodex.blas.OpenBlas;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.StoredMatrix;

/**
 * Layers on tiles: a product is one OpenBLAS call a tile that adds to what stands there (bias,
 * residual); an activation or factor is applied while the tile is in the cache. Tiles depend on
 * shapes alone.
 */
final class CpuTransformer implements Transformer, AutoCloseable {
  private static final VectorSpecies<Float> F32 = VectorMath.F32;
  private static final int LANES = F32.length();
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /**
   * Rows and columns of one product tile. OpenBLAS packs the weights once for all rows of a tile
   * and the rows once for all its columns, so both should be many, as far as there are still tiles
   * to share out: see {@link #tileColumns}.
   */
  private static final int TILE_ROWS = 1024;

  private static final int TILE_COLUMNS = 384;

  /** Rows of one normalization task. */
  private static final int NORM_ROWS = 32;

  /** Token rows of one embedding task. */
  private static final int EMBEDDING_ROWS = 64;

  /** Queries of one attention task; with a causal mask it computes no key after its last query. */
  private static final int QUERY_TILE = 64;

  /** Products of one query and one key that are not worth waking another thread. */
  private static final long FEW_SCORES = 1 << 14;

  private final Parallel parallel;
  private final Scratch scratch = new Scratch();

  CpuTransformer(Parallel parallel) {
    this.parallel = parallel;
  }

  @Override
  public void embed(StoredMatrix[] tables, int[][] ids, Matrix out) {
    int d = out.columns();
    parallel.forEach(
        Math.ceilDiv(out.rows(), (long) EMBEDDING_ROWS),
        task -> {
          float[] sum = new float[d];
          float[] row = new float[d];
          long to = Math.min(out.rows(), (task + 1) * EMBEDDING_ROWS);
          for (long i = task * EMBEDDING_ROWS; i < to; i++) {
            tables[0].copyRow(ids[0][(int) i], sum);
            for (int t = 1; t < tables.length; t++) {
              tables[t].copyRow(ids[t][(int) i], row);
              for (int j = 0; j < d; j++) {
                sum[j] += row[j];
              }
            }
            out.setRow(i, sum);
          }
        });
  }

  @Override
  public void linear(Matrix x, Projection projection, Epilogue epilogue, Matrix y) {
    int m = x.intRows();
    int n = y.columns();
    if (m == 0) {
      return;
    }
    if (m <= SmallProduct.MOST_ROWS) {
      SmallProduct.multiply(parallel, scratch, x, projection, y);
      for (int r = 0; r < m; r++) {
        finishRow(projection.bias(), epilogue, y, r, 0, n);
      }
      return;
    }
    int tileRows = Math.min(m, TILE_ROWS);
    int tileColumns = tileColumns(n);
    int across = Math.ceilDiv(n, tileColumns);
    Matrix w = projection.weight().f32();
    boolean plain = epilogue.function() == ActivationFunction.LINEAR && epilogue.factor() == null;
    Matrix before = plain ? epilogue.residual() : null;
    Epilogue after = plain ? Epilogue.NONE : epilogue;
    parallel.forEach(
        (long) Math.ceilDiv(m, tileRows) * across,
        tile -> {
          int i = (int) (tile / across) * tileRows;
          int j = (int) (tile % across) * tileColumns;
          int rows = Math.min(tileRows, m - i);
          int columns = Math.min(tileColumns, n - j);
          for (int r = i; r < i + rows; r++) {
            startRow(projection.bias(), before, y, r, j, columns);
          }
          boolean adds = projection.bias() != null || before != null;
          product(x, w, projection.outputRows(), adds, y, i, j, rows, columns);
          for (int r = i; r < i + rows; r++) {
            finishRow(null, after, y, r, j, columns);
          }
        });
  }

  /** {@link #TILE_COLUMNS}, or half of them where that would leave fewer than four tiles. */
  private static int tileColumns(int n) {
    return Math.min(n, n >= 4 * TILE_COLUMNS ? TILE_COLUMNS : TILE_COLUMNS / 2);
  }

  private static void product(
      Matrix x,
      Matrix w,
      boolean outputRows,
      boolean adds,
      Matrix y,
      int i,
      int j,
      int rows,
      int columns) {
    OpenBlas.sgemm(
        false,
        outputRows,
        rows,
        columns,
        x.columns(),
        1,
        x.segment().asSlice(x.offset(i)),
        x.columns(),
        w.segment().asSlice(outputRows ? w.offset(j) : 4L * j),
        w.columns(),
        adds ? 1 : 0,
        y.segment().asSlice(y.offset(i) + 4L * j),
        y.columns());
  }

  /** Columns [j, j + columns) of row r: y = bias + residual, as far as there are any. */
  private static void startRow(Matrix bias, Matrix residual, Matrix y, int r, int j, int columns) {
    long at = y.offset(r) + 4L * j;
    if (residual != null) {
      MemorySegment.copy(residual.segment(), at, y.segment(), at, 4L * columns);
      if (bias != null) {
        add(y.segment(), at, bias.segment(), 4L * j, columns);
      }
    } else if (bias != null) {
      MemorySegment.copy(bias.segment(), 4L * j, y.segment(), at, 4L * columns);
    }
  }

  /** Columns [j, j + columns) of row r: y = f(y + bias) ∘ factor + residual. */
  private static void finishRow(
      Matrix bias, Epilogue epilogue, Matrix y, int r, int j, int columns) {
    long at = y.offset(r) + 4L * j;
    MemorySegment values = y.segment();
    if (bias != null) {
      add(values, at, bias.segment(), 4L * j, columns);
    }
    activate(epilogue.function(), values, at, columns);
    if (epilogue.factor() != null) {
      multiply(values, at, epilogue.factor().segment(), at, columns);
    }
    if (epilogue.residual() != null) {
      add(values, at, epilogue.residual().segment(), at, columns);
    }
  }

  private static FloatVector load(MemorySegment segment, long offset) {
    return FloatVector.fromMemorySegment(F32, segment, offset, LITTLE_ENDIAN);
  }

  private static void store(FloatVector value, MemorySegment segment, long offset) {
    value.intoMemorySegment(segment, offset, LITTLE_ENDIAN);
  }

  private static FloatVector load(MemorySegment segment, long offset, VectorMask<Float> mask) {
    return FloatVector.fromMemorySegment(F32, segment, offset, LITTLE_ENDIAN, mask);
  }

  /** y += x, n values. */
  static void add(MemorySegment y, long at, MemorySegment x, long from, int n) {
    int j = 0;
    for (; j <= n - LANES; j += LANES) {
      store(load(y, at + 4L * j).add(load(x, from + 4L * j)), y, at + 4L * j);
    }
    for (; j < n; j++) {
      y.set(FLOAT, at + 4L * j, y.get(FLOAT, at + 4L * j) + x.get(FLOAT, from + 4L * j));
    }
  }

  private static void multiply(MemorySegment y, long at, MemorySegment x, long from, int n) {
    int j = 0;
    for (; j <= n - LANES; j += LANES) {
      store(load(y, at + 4L * j).mul(load(x, from + 4L * j)), y, at + 4L * j);
    }
    for (; j < n; j++) {
      y.set(FLOAT, at + 4L * j, y.get(FLOAT, at + 4L * j) * x.get(FLOAT, from + 4L * j));
    }
  }

  /** y = f(y). One loop a function, so that each is compiled on its own. */
  private static void activate(ActivationFunction function, MemorySegment y, long at, int n) {
    switch (function) {
      case LINEAR -> {}
      case GELU -> gelu(y, at, n);
      case GELU_TANH -> geluTanh(y, at, n);
      case RELU -> relu(y, at, n);
      default -> other(function, y, at, n);
    }
  }

  private static void gelu(MemorySegment y, long at, int n) {
    int j = 0;
    for (; j <= n - LANES; j += LANES) {
      store(VectorMath.gelu(load(y, at + 4L * j)), y, at + 4L * j);
    }
    if (j < n) {
      VectorMask<Float> tail = F32.indexInRange(j, n);
      FloatVector value = VectorMath.gelu(load(y, at + 4L * j, tail));
      value.intoMemorySegment(y, at + 4L * j, LITTLE_ENDIAN, tail);
    }
  }

  private static void geluTanh(MemorySegment y, long at, int n) {
    int j = 0;
    for (; j <= n - LANES; j += LANES) {
      store(VectorMath.geluTanh(load(y, at + 4L * j)), y, at + 4L * j);
    }
    if (j < n) {
      VectorMask<Float> tail = F32.indexInRange(j, n);
      FloatVector value = VectorMath.geluTanh(load(y, at + 4L * j, tail));
      value.intoMemorySegment(y, at + 4L * j, LITTLE_ENDIAN, tail);
    }
  }

  private static void relu(MemorySegment y, long at, int n) {
    int j = 0;
    for (; j <= n - LANES; j += LANES) {
      store(load(y, at + 4L * j).max(0f), y, at + 4L * j);
    }
    for (; j < n; j++) {
      y.set(FLOAT, at + 4L * j, Math.max(y.get(FLOAT, at + 4L * j), 0));
    }
  }

  private static void other(ActivationFunction function, MemorySegment y, long at, int n) {
    for (int j = 0; j < n; j += LANES) {
      VectorMask<Float> mask = F32.indexInRange(j, n);
      FloatVector x = load(y, at + 4L * j, mask);
      FloatVector value =
          switch (function) {
            case QUICK_GELU -> x.mul(VectorMath.sigmoid(x.mul(1.702f)));
            case RELU_SQUARED -> x.max(0f).mul(x.max(0f));
            case SILU -> x.mul(VectorMath.sigmoid(x));
            case TANH -> VectorMath.tanh(x);
            case SIGMOID -> VectorMath.sigmoid(x);
            default -> throw new IllegalArgumentException(function.name());
          };
      value.intoMemorySegment(y, at + 4L * j, LITTLE_ENDIAN, mask);
    }
  }

  @Override
  public void norm(Matrix x, Norm norm, Matrix y) {
    int n = x.intRows();
    parallel.forEach(
        Math.ceilDiv(n, NORM_ROWS),
        task -> {
          float[] lanes = new float[LANES];
          int to = (int) Math.min(n, (task + 1) * NORM_ROWS);
          for (int i = (int) task * NORM_ROWS; i < to; i++) {
            normRow(x.segment(), x.offset(i), norm, y.segment(), x.columns(), lanes);
          }
        });
  }

  private static void normRow(
      MemorySegment x, long at, Norm norm, MemorySegment y, int d, float[] lanes) {
    float mean = norm.rms() ? 0 : sum(x, at, d, lanes) / d;
    float squares = squares(x, at, d, mean, lanes);
    float scale = (float) (1 / Math.sqrt((double) squares / d + norm.epsilon()));
    MemorySegment gain = norm.gain().segment();
    MemorySegment bias = norm.bias() == null ? null : norm.bias().segment();
    int j = 0;
    for (; j <= d - LANES; j += LANES) {
      FloatVector value = load(x, at + 4L * j).sub(mean).mul(scale);
      FloatVector weight = load(gain, 4L * j);
      value = bias == null ? value.mul(weight) : value.fma(weight, load(bias, 4L * j));
      store(value, y, at + 4L * j);
    }
    for (; j < d; j++) {
      float value = (x.get(FLOAT, at + 4L * j) - mean) * scale;
      float weight = gain.get(FLOAT, 4L * j);
      float shift = bias == null ? 0 : bias.get(FLOAT, 4L * j);
      y.set(FLOAT, at + 4L * j, Math.fma(value, weight, shift));
    }
  }

  private static float sum(MemorySegment x, long at, int n, float[] lanes) {
    FloatVector sums = FloatVector.zero(F32);
    int j = 0;
    for (; j <= n - LANES; j += LANES) {
      sums = sums.add(load(x, at + 4L * j));
    }
    float sum = VectorMath.sum(sums, lanes);
    for (; j < n; j++) {
      sum += x.get(FLOAT, at + 4L * j);
    }
    return sum;
  }

  private static float squares(MemorySegment x, long at, int n, float mean, float[] lanes) {
    FloatVector sums = FloatVector.zero(F32);
    int j = 0;
    for (; j <= n - LANES; j += LANES) {
      FloatVector difference = load(x, at + 4L * j).sub(mean);
      sums = difference.fma(difference, sums);
    }
    float sum = VectorMath.sum(sums, lanes);
    for (; j < n; j++) {
      float difference = x.get(FLOAT, at + 4L * j) - mean;
      sum = Math.fma(difference, difference, sum);
    }
    return sum;
  }

  /** One task of attention: some queries of one head of one sequence. */
  private record Tile(int b, int h, int from, int to) {
    int rows() {
      return to - from;
    }
  }

  private void forEachTile(Attention a, BiConsumer<Tile, Integer> work) {
    int tiles = Math.ceilDiv(a.queries(), QUERY_TILE);
    long count = (long) a.batch() * a.heads() * tiles;
    LongConsumer one =
        task -> {
          // The longest causal tiles come first, so that the threads end together.
          int t = tiles - 1 - (int) (task / ((long) a.batch() * a.heads()));
          int bh = (int) (task % ((long) a.batch() * a.heads()));
          int from = t * QUERY_TILE;
          int to = Math.min(from + QUERY_TILE, a.queries());
          Tile tile = new Tile(bh / a.heads(), bh % a.heads(), from, to);
          work.accept(tile, (tile.b() * a.heads() + tile.h()) * tiles + t);
        };
    if (count * Math.min(a.queries(), QUERY_TILE) * a.keys() <= FEW_SCORES) {
      LongStream.range(0, count).forEach(one);
    } else {
      parallel.forEach(count, one);
    }
  }

  @Override
  public void attention(Attention a, Matrix out, Matrix weights, AttentionStatistics statistics) {
    int tiles = Math.ceilDiv(a.queries(), QUERY_TILE);
    double[][] partial = new double[statistics == null ? 0 : a.batch() * a.heads() * tiles][];
    forEachTile(
        a,
        (tile, index) -> {
          int keys = a.visible(tile.to() - 1);
          int stride = Math.ceilDiv(keys, LANES) * LANES;
          try (Scratch.Block block = scratch.borrow(4L * QUERY_TILE * stride)) {
            MemorySegment p = block.segment();
            scores(a, tile, keys, p, stride);
            double[] sums = statistics == null ? null : new double[3];
            softmax(a, tile, p, stride, sums);
            if (sums != null) {
              partial[index] = sums;
            }
            if (weights != null) {
              keep(a, tile, keys, p, stride, weights);
            }
            if (out != null) {
              values(a, tile, keys, p, stride, out);
            }
          }
        });
    for (int t = 0; t < partial.length; t++) {
      int head = t / tiles % a.heads();
      statistics.add(head, partial[t][0], partial[t][1], (long) partial[t][2]);
    }
  }

  private static void scores(Attention a, Tile tile, int keys, MemorySegment p, int stride) {
    Heads q = a.q();
    Heads k = a.k();
    long query = (long) tile.b() * a.queries() + tile.from();
    long key = (long) tile.b() * a.keyStride();
    OpenBlas.sgemm(
        false,
        true,
        tile.rows(),
        keys,
        a.headSize(),
        (float) a.scale(),
        q.matrix().segment().asSlice(q.offset(query, tile.h(), a.headSize())),
        q.matrix().columns(),
        k.matrix().segment().asSlice(k.offset(key, tile.h(), a.headSize())),
        k.matrix().columns(),
        0,
        p,
        stride);
  }

  private static void values(
      Attention a, Tile tile, int keys, MemorySegment p, int stride, Matrix out) {
    Heads v = a.v();
    Heads o = Heads.of(out);
    long query = (long) tile.b() * a.queries() + tile.from();
    long key = (long) tile.b() * a.keyStride();
    OpenBlas.sgemm(
        false,
        false,
        tile.rows(),
        a.headSize(),
        keys,
        1,
        p,
        stride,
        v.matrix().segment().asSlice(v.offset(key, tile.h(), a.headSize())),
        v.matrix().columns(),
        0,
        out.segment().asSlice(o.offset(query, tile.h(), a.headSize())),
        out.columns());
  }

  /** Copies the weights of a tile; keys after its last query have weight 0. */
  private static void keep(
      Attention a, Tile tile, int keys, MemorySegment p, int stride, Matrix weights) {
    long row = ((long) tile.b() * a.heads() + tile.h()) * a.queries() + tile.from();
    for (int i = 0; i < tile.rows(); i++) {
      long to = weights.offset(row + i);
      MemorySegment.copy(p, 4L * stride * i, weights.segment(), to, 4L * keys);
      weights.segment().asSlice(to + 4L * keys, 4L * (a.keys() - keys)).fill((byte) 0);
    }
  }

  /** Turns the scores of a tile into weights, row by row, with zeros where a query may not look. */
  private static void softmax(Attention a, Tile tile, MemorySegment p, int stride, double[] sums) {
    float[] lanes = new float[LANES];
    for (int i = tile.from(); i < tile.to(); i++) {
      long row = 4L * stride * (i - tile.from());
      int visible = a.visible(i);
      if (a.positionBias() != null) {
        long bias = a.positionBias().offset(tile.h()) + 4L * (a.keys() - 1 - a.past() - i);
        add(p, row, a.positionBias().segment(), bias, visible);
      }
      if (a.keyMask() != null) {
        mask(p, row, a.keyMask(), tile.b() * a.keys(), visible);
      }
      softmaxRow(p, row, visible, stride, lanes);
      if (sums != null && isToken(a, tile.b(), i)) {
        count(p, row, visible, a.past() + i, sums);
      }
    }
  }

  private static boolean isToken(Attention a, int b, int i) {
    return a.keyMask() == null || a.keyMask()[b * a.keys() + a.past() + i] == 0;
  }

  private static void mask(MemorySegment p, long row, float[] mask, int from, int n) {
    int j = 0;
    for (; j <= n - LANES; j += LANES) {
      store(load(p, row + 4L * j).add(FloatVector.fromArray(F32, mask, from + j)), p, row + 4L * j);
    }
    for (; j < n; j++) {
      p.set(FLOAT, row + 4L * j, p.get(FLOAT, row + 4L * j) + mask[from + j]);
    }
  }

  /**
   * Softmax of the first {@code n} of {@code stride} scores, the others 0. The row is filled up to
   * whole vectors with −∞, whose weight is 0: a second copy of {@code exp} for the tail would be
   * one too many for the compiler, which then keeps its constants on the heap.
   */
  private static void softmaxRow(MemorySegment p, long row, int n, int stride, float[] lanes) {
    int whole = Math.ceilDiv(n, LANES) * LANES;
    for (int j = n; j < whole; j++) {
      p.set(FLOAT, row + 4L * j, Float.NEGATIVE_INFINITY);
    }
    for (int j = whole; j < stride; j++) {
      p.set(FLOAT, row + 4L * j, 0);
    }
    float largest = max(p, row, whole);
    if (largest == Float.NEGATIVE_INFINITY) {
      for (int j = 0; j < whole; j++) {
        p.set(FLOAT, row + 4L * j, j < n ? 1f / n : 0);
      }
      return;
    }
    FloatVector sums = FloatVector.zero(F32);
    for (int j = 0; j < whole; j += LANES) {
      FloatVector e = VectorMath.exp(load(p, row + 4L * j).sub(largest));
      store(e, p, row + 4L * j);
      sums = sums.add(e);
    }
    scale(p, row, whole, 1 / VectorMath.sum(sums, lanes));
  }

  /**
   * x = factor·x of {@code n} values, whole vectors. Calls the vectors' own methods: the compiler
   * inlines those however large the caller has grown, but not {@link #load} and {@link #store},
   * whose vectors it would then keep on the heap.
   */
  private static void scale(MemorySegment x, long at, int n, float factor) {
    for (int j = 0; j < n; j += LANES) {
      FloatVector.fromMemorySegment(F32, x, at + 4L * j, LITTLE_ENDIAN)
          .mul(factor)
          .intoMemorySegment(x, at + 4L * j, LITTLE_ENDIAN);
    }
  }

  /** The largest of {@code n} values, whole vectors. */
  private static float max(MemorySegment x, long at, int n) {
    FloatVector largest = FloatVector.broadcast(F32, Float.NEGATIVE_INFINITY);
    for (int j = 0; j < n; j += LANES) {
      largest = largest.max(load(x, at + 4L * j));
    }
    return VectorMath.max(largest);
  }

  /** Adds distance, entropy and 1 for the query at place {@code i}. */
  private static void count(MemorySegment p, long row, int n, int i, double[] sums) {
    double distance = 0;
    double entropy = 0;
    for (int j = 0; j < n; j++) {
      double weight = p.get(FLOAT, row + 4L * j);
      if (weight > 0) {
        distance += weight * Math.abs(i - j);
        entropy -= weight * Math.log(weight);
      }
    }
    sums[0] += distance;
    sums[1] += entropy;
    sums[2]++;
  }

  @Override
  public void attentionValues(Attention a, Matrix weights, Matrix out) {
    forEachTile(
        a,
        (tile, index) -> {
          long row = ((long) tile.b() * a.heads() + tile.h()) * a.queries() + tile.from();
          MemorySegment p = weights.segment().asSlice(weights.offset(row));
          values(a, tile, a.keys(), p, a.keys(), out);
        });
  }

  @Override
  public void close() {
    scratch.close();
  }
}
