package org.geodex.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Geometry;
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
final class PairwiseTiles implements Geometry.DistanceRows {
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

  private final Metric metric;
  private final boolean refined;
  private final Parallel parallel;
  private final RowDistances direct;
  private final PreparedRows left;
  private final PreparedRows right;
  private final float inverseScale2;

  /**
   * Prepares both sides: 4·n·d bytes each.
   *
   * @param y the same object as {@code x} for a symmetric matrix, which is prepared once
   */
  PairwiseTiles(Matrix x, Matrix y, Metric metric, Precision precision, Parallel parallel) {
    this.metric = metric;
    this.refined = precision == Precision.REFINED;
    this.parallel = parallel;
    this.direct = RowDistances.of(x, y, metric, parallel);
    PreparedRows.Form form = PreparedRows.Form.of(y, metric, parallel);
    double inverse = 1 / form.scale();
    this.inverseScale2 = (float) (inverse * inverse);
    this.right = PreparedRows.of(y, form, parallel);
    try {
      this.left = x == y ? right : PreparedRows.of(x, form, parallel);
    } catch (Throwable e) {
      right.close();
      throw e;
    }
  }

  /** Whether products can serve the values at all; else nothing may be computed. */
  boolean serves() {
    return left.finite() && right.finite() && isNormal(inverseScale2);
  }

  /** Extreme units would leave the range of f32 when they are put back. */
  private static boolean isNormal(float value) {
    return value >= 1e-30f && value <= 1e30f;
  }

  /** All rows of x against itself at once cost half. */
  @Override
  public void compute(long from, Matrix out) {
    int first = Math.toIntExact(from);
    int rows = out.intRows();
    int rowBlocks = TileProduct.blocks(rows);
    int columnBlocks = TileProduct.blocks(out.columns());
    boolean mirror = left == right && rows == out.columns();
    long count = mirror ? (long) rowBlocks * (rowBlocks + 1) / 2 : (long) rowBlocks * columnBlocks;
    try (Arena arena = Arena.ofShared()) {
      ThreadLocal<TileProduct> products = ThreadLocal.withInitial(() -> new TileProduct(arena));
      parallel.forEach(
          count,
          t -> {
            int i = mirror ? triangleRow(t) : (int) (t / columnBlocks);
            int j = mirror ? (int) (t - (long) i * (i + 1) / 2) : (int) (t % columnBlocks);
            new Tile(
                    first,
                    TileProduct.from(i),
                    TileProduct.to(i, rows),
                    TileProduct.from(j),
                    TileProduct.to(j, out.columns()),
                    mirror && i != j,
                    mirror && i == j,
                    out)
                .fill(products.get());
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

  private static final int[] COLUMN = column();

  private static int[] column() {
    int[] indices = new int[LANES];
    for (int r = 0; r < LANES; r++) {
      indices[r] = r * LANES;
    }
    return indices;
  }

  /**
   * Rows [iFrom, iTo) and columns [jFrom, jTo) of {@code out}, and with {@code mirror} the same
   * transposed; a tile on the {@code diagonal} of x against itself is made symmetric. Row i of
   * {@code out} is that of row first + i of x.
   */
  private final class Tile {
    private final int first;
    private final int iFrom;
    private final int iTo;
    private final int jFrom;
    private final int jTo;
    private final boolean mirror;
    private final boolean diagonal;
    private final Matrix out;
    private final float[] strip = new float[LANES * LANES];

    Tile(
        int first,
        int iFrom,
        int iTo,
        int jFrom,
        int jTo,
        boolean mirror,
        boolean diagonal,
        Matrix out) {
      this.first = first;
      this.iFrom = iFrom;
      this.iTo = iTo;
      this.jFrom = jFrom;
      this.jTo = jTo;
      this.mirror = mirror;
      this.diagonal = diagonal;
      this.out = out;
    }

    /** A strip of as many rows as a vector has lanes is finished, then written both ways. */
    void fill(TileProduct product) {
      MemorySegment dots = product.of(left, first + iFrom, first + iTo, right, jFrom, jTo);
      float[] xNorms = left.squaredNorms();
      int width = jTo - jFrom;
      for (int i0 = iFrom; i0 < iTo; i0 += LANES) {
        int i1 = Math.min(i0 + LANES, iTo);
        int j = jFrom;
        for (; j + LANES <= jTo; j += LANES) {
          for (int i = i0; i < i1; i++) {
            long at = 4L * ((long) (i - iFrom) * width + j - jFrom);
            FloatVector dot = FloatVector.fromMemorySegment(F, dots, at, ORDER);
            finish(dot, xNorms[first + i], first + i, j, (i - i0) * LANES);
          }
          write(i0, i1, j);
        }
        for (; j < jTo; j++) {
          for (int i = i0; i < i1; i++) {
            float dot = dots.get(F32, 4L * ((long) (i - iFrom) * width + j - jFrom));
            float value = finish(dot, xNorms[first + i], first + i, j);
            out.set(i, j, value);
            if (mirror) {
              out.set(j, i, value);
            }
          }
        }
      }
      if (diagonal) {
        copyLowerToUpper();
      }
    }

    /** A product need not give x·y and y·x the same bits: OpenBLAS's edge kernels do not. */
    private void copyLowerToUpper() {
      for (int i = iFrom; i < iTo; i++) {
        for (int j = jFrom; j < i; j++) {
          out.set(j, i, out.get(i, j));
        }
      }
    }

    /** Distances of row i of x to rows j … of y into the strip from {@code at} on. */
    private void finish(FloatVector dot, float norm, int i, int j, int at) {
      FloatVector norms = FloatVector.fromArray(F, right.squaredNorms(), j).add(norm);
      FloatVector squares = dot.fma(FloatVector.broadcast(F, -2), norms).max(0);
      toMetric(squares).intoArray(strip, at);
      if (refined) {
        VectorMask<Float> again = squares.lt(norms.mul(CLOSE));
        if (isAngle()) {
          again = again.or(squares.compare(VectorOperators.GT, oppositeScaled()));
        }
        if (again.anyTrue()) {
          refine(again.toLong(), i, j, at);
        }
      }
      if (left == right && i >= j && i < j + LANES) {
        strip[at + i - j] = 0;
      }
    }

    private void refine(long lanes, int i, int j, int at) {
      for (long rest = lanes; rest != 0; rest &= rest - 1) {
        int lane = Long.numberOfTrailingZeros(rest);
        strip[at + lane] = (float) direct.get(i, j + lane);
      }
    }

    private float finish(float dot, float xx, int i, int j) {
      if (left == right && i == j) {
        return 0;
      }
      float norms = right.squaredNorms()[j] + xx;
      float squares = Math.max(0, Math.fma(dot, -2, norms));
      boolean again =
          refined && (squares < norms * CLOSE || (isAngle() && squares > oppositeScaled()));
      return again ? (float) direct.get(i, j) : toMetric(FloatVector.broadcast(F, squares)).lane(0);
    }

    private void write(int i0, int i1, int j) {
      for (int i = i0; i < i1; i++) {
        FloatVector.fromArray(F, strip, (i - i0) * LANES)
            .intoMemorySegment(out.segment(), out.offset(i) + 4L * j, ORDER);
      }
      if (mirror && i1 - i0 == LANES) {
        for (int c = 0; c < LANES; c++) {
          FloatVector.fromArray(F, strip, c, COLUMN, 0)
              .intoMemorySegment(out.segment(), out.offset(j + c) + 4L * i0, ORDER);
        }
      } else if (mirror) {
        for (int c = 0; c < LANES; c++) {
          for (int i = i0; i < i1; i++) {
            out.set(j + c, i, strip[(i - i0) * LANES + c]);
          }
        }
      }
    }
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

  @Override
  public void close() {
    right.close();
    left.close();
  }
}
