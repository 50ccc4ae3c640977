package org.geodex.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Parallel;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.Precision;
import org.geodex.matrix.Matrix;

/**
 * Distance matrices by matrix products: ‖x−y‖² = ‖x‖² + ‖y‖² − 2x·y on {@link PreparedRows}, tile
 * by tile, finished and written while the tile is in cache. x against itself computes the tiles on
 * and below the diagonal and writes each to both sides.
 *
 * <p>2·n·m·d FLOP (half for x against itself) and one pass over the result: bound by sgemm.
 */
final class PairwiseTiles {
  private static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /**
   * Pairs with ‖x−y‖² below this share of ‖x‖²+‖y‖² are computed again by the direct form. The
   * products err by some 2e-6 of ‖x‖²+‖y‖² at d = 768, so what is left has 5 digits.
   */
  private static final float CLOSE = 0.125f;

  /** At unit length, ‖x−y‖² above this is near its maximum of 4, where angles lose digits. */
  private static final float OPPOSITE = 3.75f;

  private final Matrix x;
  private final Matrix y;
  private final Metric metric;
  private final boolean refined;
  private final Matrix out;
  private final Parallel parallel;
  private final RowDistances direct;
  private float inverseScale2;

  PairwiseTiles(
      Matrix x, Matrix y, Metric metric, Precision precision, Matrix out, Parallel parallel) {
    this.x = x;
    this.y = y;
    this.metric = metric;
    this.refined = precision == Precision.REFINED;
    this.out = out;
    this.parallel = parallel;
    this.direct = RowDistances.of(x, y, metric, parallel);
  }

  /** Fills {@code out}; false, with nothing written, where products cannot serve the values. */
  boolean run() {
    PreparedRows.Form form = PreparedRows.Form.of(y, metric, parallel);
    double inverse = 1 / form.scale();
    inverseScale2 = (float) (inverse * inverse);
    try (PreparedRows right = PreparedRows.of(y, form, parallel);
        PreparedRows left = x == y ? null : PreparedRows.of(x, form, parallel)) {
      PreparedRows first = left == null ? right : left;
      if (!right.finite() || !first.finite() || !isNormal(inverseScale2)) {
        return false;
      }
      tiles(first, right);
      return true;
    }
  }

  /** Extreme units would leave the range of f32 when they are put back. */
  private static boolean isNormal(float value) {
    return value >= 1e-30f && value <= 1e30f;
  }

  private void tiles(PreparedRows left, PreparedRows right) {
    int n = x.intRows();
    int m = y.intRows();
    int rowBlocks = TileProduct.blocks(n);
    int columnBlocks = TileProduct.blocks(m);
    boolean symmetric = x == y;
    long count =
        symmetric ? (long) rowBlocks * (rowBlocks + 1) / 2 : (long) rowBlocks * columnBlocks;
    try (Arena arena = Arena.ofShared()) {
      ThreadLocal<TileProduct> products = ThreadLocal.withInitial(() -> new TileProduct(arena));
      parallel.forEach(
          count,
          t -> {
            int i = symmetric ? triangleRow(t) : (int) (t / columnBlocks);
            int j = symmetric ? (int) (t - (long) i * (i + 1) / 2) : (int) (t % columnBlocks);
            tile(
                products.get(),
                left,
                TileProduct.from(i),
                TileProduct.to(i, n),
                right,
                TileProduct.from(j),
                TileProduct.to(j, m));
          });
    }
  }

  /** The largest i with i(i+1)/2 ≤ t. */
  private static int triangleRow(long t) {
    long i = (long) ((Math.sqrt(8.0 * t + 1) - 1) / 2);
    while (i * (i + 1) / 2 > t) {
      i--;
    }
    while ((i + 1) * (i + 2) / 2 <= t) {
      i++;
    }
    return (int) i;
  }

  private void tile(
      TileProduct product,
      PreparedRows left,
      int iFrom,
      int iTo,
      PreparedRows right,
      int jFrom,
      int jTo) {
    MemorySegment dots = product.of(left, iFrom, iTo, right, jFrom, jTo);
    boolean mirror = x == y && iFrom != jFrom;
    float[] strip = new float[LANES * LANES];
    int width = jTo - jFrom;
    for (int i0 = iFrom; i0 < iTo; i0 += LANES) {
      int i1 = Math.min(i0 + LANES, iTo);
      int j = jFrom;
      for (; j + LANES <= jTo; j += LANES) {
        for (int i = i0; i < i1; i++) {
          long at = 4L * ((long) (i - iFrom) * width + j - jFrom);
          FloatVector dot = FloatVector.fromMemorySegment(F, dots, at, ORDER);
          FloatVector values = finish(dot, left.squaredNorms()[i], right, j, i);
          values.intoMemorySegment(out.segment(), out.offset(i) + 4L * j, ORDER);
          values.intoArray(strip, (i - i0) * LANES);
        }
        if (mirror) {
          transpose(strip, i0, i1, j);
        }
      }
      for (; j < jTo; j++) {
        for (int i = i0; i < i1; i++) {
          float dot = dots.get(F32, 4L * ((long) (i - iFrom) * width + j - jFrom));
          float value = finish(dot, left.squaredNorms()[i], right.squaredNorms()[j], i, j);
          out.set(i, j, value);
          if (mirror) {
            out.set(j, i, value);
          }
        }
      }
    }
  }

  private static final int[] COLUMN = column();

  private static int[] column() {
    int[] indices = new int[LANES];
    for (int r = 0; r < LANES; r++) {
      indices[r] = r * LANES;
    }
    return indices;
  }

  private void transpose(float[] strip, int i0, int i1, int j) {
    if (i1 - i0 == LANES) {
      for (int c = 0; c < LANES; c++) {
        FloatVector.fromArray(F, strip, c, COLUMN, 0)
            .intoMemorySegment(out.segment(), out.offset(j + c) + 4L * i0, ORDER);
      }
      return;
    }
    for (int c = 0; c < LANES; c++) {
      for (int i = i0; i < i1; i++) {
        out.set(j + c, i, strip[(i - i0) * LANES + c]);
      }
    }
  }

  private FloatVector finish(FloatVector dot, float norm, PreparedRows right, int j, int i) {
    FloatVector norms = FloatVector.fromArray(F, right.squaredNorms(), j).add(norm);
    FloatVector squares = dot.fma(FloatVector.broadcast(F, -2), norms).max(0);
    FloatVector values = toMetric(squares);
    if (x == y && i >= j && i < j + LANES) {
      values = values.withLane(i - j, 0);
    }
    if (refined) {
      VectorMask<Float> again = squares.lt(norms.mul(CLOSE));
      if (isAngle()) {
        again = again.or(squares.compare(VectorOperators.GT, oppositeScaled()));
      }
      if (again.anyTrue()) {
        return refine(values, again.toLong(), i, j);
      }
    }
    return values;
  }

  private float finish(float dot, float xx, float yy, int i, int j) {
    if (x == y && i == j) {
      return 0;
    }
    float squares = Math.max(0, Math.fma(dot, -2, xx + yy));
    boolean again =
        refined && (squares < (xx + yy) * CLOSE || (isAngle() && squares > oppositeScaled()));
    return again ? (float) direct.get(i, j) : toMetric(FloatVector.broadcast(F, squares)).lane(0);
  }

  private FloatVector refine(FloatVector values, long lanes, int i, int j) {
    float[] fixed = new float[LANES];
    values.intoArray(fixed, 0);
    for (long rest = lanes; rest != 0; rest &= rest - 1) {
      int lane = Long.numberOfTrailingZeros(rest);
      fixed[lane] = x == y && i == j + lane ? 0 : (float) direct.get(i, j + lane);
    }
    return FloatVector.fromArray(F, fixed, 0);
  }

  private boolean isAngle() {
    return metric == Metric.ANGULAR || metric == Metric.FISHER_RAO_CATEGORICAL;
  }

  private float oppositeScaled() {
    return OPPOSITE / inverseScale2;
  }

  private FloatVector toMetric(FloatVector scaled) {
    FloatVector squares = scaled.mul(inverseScale2);
    return switch (metric) {
      case SQEUCLIDEAN -> squares;
      case EUCLIDEAN -> squares.sqrt();
      case COSINE -> squares.mul(0.5f);
      case ANGULAR -> angle(squares);
      case FISHER_RAO_CATEGORICAL -> angle(squares).mul(2);
      case CHEBYSHEV, FISHER_RAO_NORMAL -> throw new AssertionError(metric);
    };
  }

  /**
   * 2·arcsin(√s/2) for s in [0, 4], the angle between unit vectors at squared distance s. Cephes'
   * asinf: a polynomial below 1/2, and above it arcsin x = π/2 − 2·arcsin √((1−x)/2). Relative
   * error 3e-7. Built of additions and products alone, so that compiled and interpreted code agree.
   */
  private static FloatVector angle(FloatVector squares) {
    FloatVector sine = squares.sqrt().mul(0.5f).min(1);
    VectorMask<Float> large = sine.compare(VectorOperators.GT, 0.5f);
    FloatVector z = sine.mul(sine).blend(sine.neg().add(1).mul(0.5f), large);
    FloatVector t = sine.blend(z.sqrt(), large);
    FloatVector p =
        z.mul(4.2163199048e-2f)
            .add(2.4181311049e-2f)
            .mul(z)
            .add(4.5470025998e-2f)
            .mul(z)
            .add(7.4953002686e-2f)
            .mul(z)
            .add(1.6666752422e-1f)
            .mul(z)
            .mul(t)
            .add(t);
    return p.mul(2).blend(p.mul(-4).add((float) Math.PI), large);
  }
}
