package org.geodex.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Parallel;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;

/**
 * The distance of one row of x and one row of y in f64, by the direct form, in SIMD lanes. It is
 * what candidates are ranked by in the end, and what {@code Precision.DIRECT} means.
 *
 * <p>Safe for many threads after construction. The order of summation depends on the shapes and the
 * vector length alone.
 */
abstract sealed class RowDistances {
  private static final VectorSpecies<Double> D = DoubleVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Float> F =
      VectorSpecies.of(float.class, VectorShape.forBitSize(D.vectorBitSize() / 2));
  private static final int LANES = D.length();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /**
   * Terms up to which the metrics that have no product take plain loops: half a second of them,
   * which is what vector code costs until it is compiled.
   */
  private static final double SMALL = 1 << 28;

  final MemorySegment x;
  final MemorySegment y;
  final int columns;
  final boolean small;

  private RowDistances(Matrix x, Matrix y) {
    this.x = x.segment();
    this.y = y.segment();
    this.columns = x.columns();
    this.small = isSmall(x, y);
  }

  /** Whether plain loops are sooner done than vector code is compiled. */
  static boolean isSmall(Matrix x, Matrix y) {
    return (double) x.rows() * y.rows() * x.columns() <= SMALL;
  }

  static RowDistances of(Matrix x, Matrix y, Metric metric, Parallel parallel) {
    return switch (metric) {
      case EUCLIDEAN -> new Euclidean(x, y);
      case SQEUCLIDEAN -> new SquaredEuclidean(x, y);
      case COSINE -> new Cosine(x, y, parallel);
      case ANGULAR -> new Angular(x, y, parallel);
      case FISHER_RAO_CATEGORICAL -> new FisherRaoCategorical(x, y, parallel);
      case FISHER_RAO_NORMAL -> new FisherRaoNormal(x, y);
      case CHEBYSHEV -> new Chebyshev(x, y);
    };
  }

  /** The distance of row {@code i} of x and row {@code j} of y. */
  final double get(long i, long j) {
    return distance(x, 4L * i * columns, y, 4L * j * columns, columns, i, j);
  }

  /** The same rounded to f32: what is smaller here is smaller there. */
  float rounded(long i, long j) {
    return (float) get(i, j);
  }

  /** The distance where it is at most the bound; beyond, that or infinity. */
  double upTo(double bound, long i, long j) {
    return get(i, j);
  }

  abstract double distance(
      MemorySegment x, long xOffset, MemorySegment y, long yOffset, int d, long i, long j);

  /** Lanes i … of a row, widened; beyond the row's end 0. */
  private static DoubleVector load(MemorySegment row, long offset, int i, int d) {
    long at = offset + 4L * i;
    if (i + LANES <= d) {
      return widen(FloatVector.fromMemorySegment(F, row, at, ORDER));
    }
    VectorMask<Float> tail = F.indexInRange(i, d);
    return widen(FloatVector.fromMemorySegment(F, row, at, ORDER, tail));
  }

  private static DoubleVector widen(FloatVector values) {
    return (DoubleVector) values.convertShape(VectorOperators.F2D, D, 0);
  }

  private static double squaredEuclidean(
      MemorySegment x, long xOffset, MemorySegment y, long yOffset, int d) {
    DoubleVector even = DoubleVector.zero(D);
    DoubleVector odd = DoubleVector.zero(D);
    int i = 0;
    for (; i + 2 * LANES <= d; i += 2 * LANES) {
      DoubleVector first = load(x, xOffset, i, d).sub(load(y, yOffset, i, d));
      DoubleVector second = load(x, xOffset, i + LANES, d).sub(load(y, yOffset, i + LANES, d));
      even = first.fma(first, even);
      odd = second.fma(second, odd);
    }
    for (; i < d; i += LANES) {
      DoubleVector difference = load(x, xOffset, i, d).sub(load(y, yOffset, i, d));
      even = difference.fma(difference, even);
    }
    return LaneSum.of(even.add(odd));
  }

  private static final class Euclidean extends RowDistances {
    Euclidean(Matrix x, Matrix y) {
      super(x, y);
    }

    @Override
    double distance(
        MemorySegment x, long xOffset, MemorySegment y, long yOffset, int d, long i, long j) {
      return Math.sqrt(squaredEuclidean(x, xOffset, y, yOffset, d));
    }
  }

  private static final class SquaredEuclidean extends RowDistances {
    SquaredEuclidean(Matrix x, Matrix y) {
      super(x, y);
    }

    @Override
    double distance(
        MemorySegment x, long xOffset, MemorySegment y, long yOffset, int d, long i, long j) {
      return squaredEuclidean(x, xOffset, y, yOffset, d);
    }
  }

  private static final class Chebyshev extends RowDistances {
    Chebyshev(Matrix x, Matrix y) {
      super(x, y);
    }

    @Override
    double distance(
        MemorySegment x, long xOffset, MemorySegment y, long yOffset, int d, long i, long j) {
      double max = 0;
      int c = 0;
      if (!small) {
        DoubleVector lanes = DoubleVector.zero(D);
        for (; c + LANES <= d; c += LANES) {
          lanes = lanes.max(load(x, xOffset, c, d).sub(load(y, yOffset, c, d)).abs());
        }
        max = lanes.reduceLanes(VectorOperators.MAX);
      }
      for (; c < d; c++) {
        max = Math.max(max, Math.abs(at(x, xOffset, c) - at(y, yOffset, c)));
      }
      return max;
    }

    /** Of f32 differences as {@link MaxNormColumns}: rounding keeps their order. */
    @Override
    float rounded(long i, long j) {
      long xOffset = 4L * i * columns;
      long yOffset = 4L * j * columns;
      int max = 0;
      int c = 0;
      if (!small) {
        IntVector lanes = IntVector.zero(MaxNormColumns.INTS);
        int step = MaxNormColumns.FLOATS.length();
        for (; c + step <= columns; c += step) {
          lanes = lanes.max(MaxNormColumns.gap(floats(x, xOffset, c), floats(y, yOffset, c)));
        }
        max = lanes.reduceLanes(VectorOperators.MAX);
      }
      for (; c < columns; c++) {
        float gap = Math.abs((float) at(x, xOffset, c) - (float) at(y, yOffset, c));
        max = Math.max(max, Float.floatToRawIntBits(gap));
      }
      return Float.intBitsToFloat(max);
    }

    @Override
    double upTo(double bound, long i, long j) {
      return rounded(i, j) > (float) bound ? Double.POSITIVE_INFINITY : get(i, j);
    }

    private static FloatVector floats(MemorySegment row, long offset, int column) {
      return FloatVector.fromMemorySegment(MaxNormColumns.FLOATS, row, offset + 4L * column, ORDER);
    }
  }

  /** Row sums of squares ‖x‖², in the order of summation of {@link #dot}. */
  private static double[] squaredNorms(Matrix x, Parallel parallel) {
    return rowSums(x, parallel, (row, offset, d) -> dot(row, offset, row, offset, d));
  }

  @FunctionalInterface
  private interface RowSum {
    double of(MemorySegment row, long offset, int d);
  }

  private static double[] rowSums(Matrix x, Parallel parallel, RowSum sum) {
    double[] sums = new double[x.intRows()];
    int block = 256;
    parallel.forEach(
        Math.ceilDiv(sums.length, block),
        b -> {
          int to = (int) Math.min(sums.length, (b + 1) * block);
          for (int i = (int) b * block; i < to; i++) {
            sums[i] = sum.of(x.segment(), x.offset(i), x.columns());
          }
        });
    return sums;
  }

  private static double dot(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int d) {
    DoubleVector sum = DoubleVector.zero(D);
    for (int i = 0; i < d; i += LANES) {
      sum = load(x, xOffset, i, d).fma(load(y, yOffset, i, d), sum);
    }
    return LaneSum.of(sum);
  }

  /** Distances that need ‖x‖² and ‖y‖² of every row. */
  private abstract static sealed class Normed extends RowDistances {
    final double[] xx;
    final double[] yy;

    Normed(Matrix x, Matrix y, Parallel parallel) {
      super(x, y);
      xx = squaredNorms(x, parallel);
      yy = x == y ? xx : squaredNorms(y, parallel);
    }
  }

  private static final class Cosine extends Normed {
    Cosine(Matrix x, Matrix y, Parallel parallel) {
      super(x, y, parallel);
    }

    /** √(‖x‖²·‖y‖²) rather than ‖x‖·‖y‖: then equal rows are at exactly 0. */
    @Override
    double distance(
        MemorySegment x, long xOffset, MemorySegment y, long yOffset, int d, long i, long j) {
      double cosine = dot(x, xOffset, y, yOffset, d) / Math.sqrt(xx[(int) i] * yy[(int) j]);
      return 1 - Math.clamp(cosine, -1, 1);
    }
  }

  private static final class Angular extends Normed {
    Angular(Matrix x, Matrix y, Parallel parallel) {
      super(x, y, parallel);
    }

    @Override
    double distance(
        MemorySegment x, long xOffset, MemorySegment y, long yOffset, int d, long i, long j) {
      double nx = Math.sqrt(xx[(int) i]);
      double ny = Math.sqrt(yy[(int) j]);
      DoubleVector difference = DoubleVector.zero(D);
      DoubleVector sum = DoubleVector.zero(D);
      for (int c = 0; c < d; c += LANES) {
        DoubleVector a = load(x, xOffset, c, d).mul(ny);
        DoubleVector b = load(y, yOffset, c, d).mul(nx);
        DoubleVector minus = a.sub(b);
        DoubleVector plus = a.add(b);
        difference = minus.fma(minus, difference);
        sum = plus.fma(plus, sum);
      }
      return angle(difference, sum);
    }
  }

  private static double angle(DoubleVector difference, DoubleVector sum) {
    return 2 * Math.atan2(Math.sqrt(LaneSum.of(difference)), Math.sqrt(LaneSum.of(sum)));
  }

  private static final class FisherRaoCategorical extends RowDistances {
    private final double[] xSum;
    private final double[] ySum;

    FisherRaoCategorical(Matrix x, Matrix y, Parallel parallel) {
      super(x, y);
      xSum = rowSums(x, parallel, RowDistances::total);
      ySum = x == y ? xSum : rowSums(y, parallel, RowDistances::total);
    }

    @Override
    double distance(
        MemorySegment x, long xOffset, MemorySegment y, long yOffset, int d, long i, long j) {
      DoubleVector difference = DoubleVector.zero(D);
      DoubleVector sum = DoubleVector.zero(D);
      for (int c = 0; c < d; c += LANES) {
        DoubleVector a = load(x, xOffset, c, d).mul(ySum[(int) j]).sqrt();
        DoubleVector b = load(y, yOffset, c, d).mul(xSum[(int) i]).sqrt();
        DoubleVector minus = a.sub(b);
        DoubleVector plus = a.add(b);
        difference = minus.fma(minus, difference);
        sum = plus.fma(plus, sum);
      }
      return 2 * angle(difference, sum);
    }
  }

  private static double total(MemorySegment row, long offset, int d) {
    DoubleVector sum = DoubleVector.zero(D);
    for (int i = 0; i < d; i += LANES) {
      sum = sum.add(load(row, offset, i, d));
    }
    return LaneSum.of(sum);
  }

  private static final class FisherRaoNormal extends RowDistances {
    FisherRaoNormal(Matrix x, Matrix y) {
      super(x, y);
    }

    @Override
    double distance(
        MemorySegment x, long xOffset, MemorySegment y, long yOffset, int d, long i, long j) {
      int half = d / 2;
      double sum = 0;
      int c = 0;
      if (!small) {
        DoubleVector lanes = DoubleVector.zero(D);
        for (; c + LANES <= half; c += LANES) {
          DoubleVector mean = load(x, xOffset, c, d).sub(load(y, yOffset, c, d));
          DoubleVector sx = load(x, xOffset, half + c, d);
          DoubleVector sy = load(y, yOffset, half + c, d);
          DoubleVector asinh = asinh(mean, sx, sy);
          lanes = asinh.fma(asinh, lanes);
        }
        sum = LaneSum.of(lanes);
      }
      for (; c < half; c++) {
        double mean = at(x, xOffset, c) - at(y, yOffset, c);
        double asinh = asinh(mean, at(x, xOffset, half + c), at(y, yOffset, half + c));
        sum += asinh * asinh;
      }
      return Math.sqrt(8 * sum);
    }

    /** arsinh √z², z² = ((Δμ)²/2 + (Δσ)²)/(4σσ′). */
    private static double asinh(double mean, double sx, double sy) {
      double deviation = sx - sy;
      double z2 = (mean * mean / 2 + deviation * deviation) / (4 * sx * sy);
      return Math.log1p(Math.sqrt(z2) + z2 / (1 + Math.sqrt(1 + z2)));
    }

    private static DoubleVector asinh(DoubleVector mean, DoubleVector sx, DoubleVector sy) {
      DoubleVector deviation = sx.sub(sy);
      DoubleVector squares = mean.mul(mean).mul(0.5).add(deviation.mul(deviation));
      DoubleVector z2 = squares.div(sx.mul(sy).mul(4));
      DoubleVector root = z2.add(1).sqrt().add(1);
      return VectorMath.log1p(z2.sqrt().add(z2.div(root)));
    }
  }

  private static double at(MemorySegment row, long offset, int column) {
    return row.get(ValueLayout.JAVA_FLOAT_UNALIGNED, offset + 4L * column);
  }
}
