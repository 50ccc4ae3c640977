package org.geodex.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.geodex.backend.Algebra;
import org.geodex.backend.Parallel;
import org.geodex.blas.OpenBlas;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;
import org.geodex.matrix.Vectors;
import org.geodex.memory.NativeMemory;

/**
 * OpenBLAS on tiles. The tiles depend on the shapes alone and each is one single-threaded call, so
 * the bits do not depend on the number of threads.
 */
final class CpuAlgebra implements Algebra {
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE;

  /** Rows of C per sgemm call: large enough that packing B costs little, small enough to spread. */
  private static final int GEMM_ROWS = 256;

  private static final int GEMM_COLUMNS = 512;

  /** Rows widened to f64 at a time: 512 x 768 x 8 B = 3 MB stays near the cache. */
  private static final int BLOCK = 512;

  /** Rows of a Gram matrix that one task takes. */
  private static final int STRIP = 256;

  /** Side of a block that is transposed at once: both of its forms stay in the first cache. */
  private static final int MIRROR = 32;

  /** Right-hand sides that one triangular solve takes. */
  private static final int SOLVE_COLUMNS = 256;

  private final Parallel parallel;

  CpuAlgebra(Parallel parallel) {
    this.parallel = parallel;
  }

  @Override
  public void gemm(Matrix a, boolean transposeA, Matrix b, boolean transposeB, Matrix c) {
    int m = c.intRows();
    int n = c.columns();
    int k = transposeA ? a.intRows() : a.columns();
    if (m == 0 || n == 0) {
      return;
    }
    if (k == 0) {
      c.fill(0);
      return;
    }
    if (!transposeA && !transposeB && NarrowProduct.serves(m, k, n)) {
      NarrowProduct.multiply(parallel, a, b, c);
      return;
    }
    int rowTile = m > GEMM_ROWS ? GEMM_ROWS : m;
    int columnTile = m > GEMM_ROWS ? n : Math.min(n, GEMM_COLUMNS);
    int rowTiles = Math.ceilDiv(m, rowTile);
    int columnTiles = Math.ceilDiv(n, columnTile);
    parallel.forEach(
        (long) rowTiles * columnTiles,
        tile -> {
          int i = (int) (tile / columnTiles) * rowTile;
          int j = (int) (tile % columnTiles) * columnTile;
          long aOffset = transposeA ? 4L * i : a.offset(i);
          long bOffset = transposeB ? b.offset(j) : 4L * j;
          OpenBlas.sgemm(
              transposeA,
              transposeB,
              Math.min(rowTile, m - i),
              Math.min(columnTile, n - j),
              k,
              1,
              a.segment().asSlice(aOffset),
              a.columns(),
              b.segment().asSlice(bOffset),
              b.columns(),
              0,
              c.segment().asSlice(c.offset(i) + 4L * j),
              n);
        });
  }

  @Override
  public double[] means(Matrix x) {
    double[] means = ColumnStatistics.sums(parallel, x, BLOCK);
    for (int j = 0; j < means.length; j++) {
      means[j] /= x.rows();
    }
    return means;
  }

  @Override
  public Matrix64 scatter(Matrix x, double[] centre) {
    return scatter(x, centre, false);
  }

  @Override
  public Matrix64 scatter(Matrix x, double[] centre, boolean unitRows) {
    int d = x.columns();
    Matrix64 sum =
        sumOverBlocks(
            x.rows(),
            d,
            d,
            (from, to, buffer, beta, partial) -> {
              widen(x, from, to, centre, unitRows, buffer);
              OpenBlas.dsyrk(true, d, (int) (to - from), 1, buffer, d, beta, partial.segment(), d);
            },
            (long) BLOCK * d);
    mirrorLower(sum);
    return sum;
  }

  @Override
  public Matrix64 crossScatter(Matrix x, double[] a, Matrix y, double[] b) {
    int dx = x.columns();
    int dy = y.columns();
    return sumOverBlocks(
        x.rows(),
        dx,
        dy,
        (from, to, buffer, beta, partial) -> {
          MemorySegment right = buffer.asSlice(8L * BLOCK * dx);
          widen(x, from, to, a, false, buffer);
          widen(y, from, to, b, false, right);
          OpenBlas.dgemm(
              true,
              false,
              dx,
              dy,
              (int) (to - from),
              1,
              buffer,
              dx,
              right,
              dy,
              beta,
              partial.segment(),
              dy);
        },
        (long) BLOCK * (dx + dy));
  }

  @FunctionalInterface
  private interface BlockSum {
    /** partial = beta·partial + the sum over rows [from, to). */
    void add(long from, long to, MemorySegment buffer, double beta, Matrix64 partial);
  }

  /**
   * Adds what {@code term} gives for each block of rows. A fixed number of partial sums, each over
   * a fixed run of blocks, are added in order at the end.
   */
  private Matrix64 sumOverBlocks(long n, int rows, int columns, BlockSum term, long bufferLength) {
    int blocks = (int) Math.ceilDiv(n, (long) BLOCK);
    Matrix64[] partial = new Matrix64[partials(blocks, (long) rows * columns)];
    try {
      for (int p = 0; p < partial.length; p++) {
        partial[p] =
            n == 0 ? Matrix64.allocate(rows, columns) : Matrix64.uninitialized(rows, columns);
      }
      parallel.forEach(
          partial.length,
          p -> {
            try (Arena arena = Arena.ofConfined()) {
              MemorySegment buffer = NativeMemory.allocate(8 * bufferLength, arena);
              int first = (int) (p * blocks / partial.length);
              int last = (int) ((p + 1) * blocks / partial.length);
              for (long block = first; block < last; block++) {
                long from = block * BLOCK;
                long to = Math.min(from + BLOCK, n);
                term.add(from, to, buffer, block == first ? 0 : 1, partial[(int) p]);
              }
            }
          });
      for (int p = 1; p < partial.length; p++) {
        partial[0].add(1, partial[p]);
      }
    } catch (Throwable e) {
      closeFrom(partial, 0);
      throw e;
    }
    closeFrom(partial, 1);
    return partial[0];
  }

  /**
   * At least two where there are two blocks, at most four, two of large sums; beyond the second one
   * a partial sum must have two blocks to be worth its addition.
   */
  private static int partials(int blocks, long values) {
    int most = values <= 1 << 20 ? 4 : 2;
    return Math.clamp(blocks / 2, Math.clamp(blocks, 1, 2), most);
  }

  private static void closeFrom(Matrix64[] matrices, int first) {
    for (int p = first; p < matrices.length; p++) {
      if (matrices[p] != null) {
        matrices[p].close();
      }
    }
  }

  /** Writes rows [from, to) less the centre as f64, at unit length when asked. */
  private static void widen(
      Matrix x, long from, long to, double[] centre, boolean unitRows, MemorySegment out) {
    int d = x.columns();
    float[] row = new float[d];
    double[] wide = new double[d];
    double origin = centre == null ? 0 : length(centre);
    for (long i = from; i < to; i++) {
      x.copyRow(i, row);
      for (int j = 0; j < d; j++) {
        wide[j] = row[j];
      }
      double length = unitRows ? length(wide) : 0;
      if (centre != null) {
        for (int j = 0; j < d; j++) {
          wide[j] -= centre[j];
        }
      }
      if (unitRows) {
        double left = centre == null ? length : length(wide);
        scale(wide, left > NO_DIRECTION * (length + origin) ? 1 / left : 0);
      }
      MemorySegment.copy(wide, 0, out, F64, (i - from) * d * 8L, d);
    }
  }

  private static void scale(double[] row, double factor) {
    for (int j = 0; j < row.length; j++) {
      row[j] *= factor;
    }
  }

  private static double length(double... row) {
    return Math.sqrt(Vectors.dot(row, row));
  }

  private void mirrorLower(Matrix64 a) {
    int n = a.rows();
    MemorySegment values = a.segment();
    parallel.forEach(
        Math.ceilDiv(n, MIRROR),
        strip -> {
          int from = (int) strip * MIRROR;
          int to = Math.min(from + MIRROR, n);
          for (int column = 0; column < to; column += MIRROR) {
            mirrorBlock(values, n, from, to, column);
          }
        });
  }

  private static void mirrorBlock(MemorySegment values, int n, int from, int to, int column) {
    for (int i = from; i < to; i++) {
      for (int j = column; j < Math.min(column + MIRROR, i); j++) {
        values.setAtIndex(F64, (long) j * n + i, values.getAtIndex(F64, (long) i * n + j));
      }
    }
  }

  @Override
  public Matrix64 gram(Matrix x, double[] centre) {
    return gram(x, centre, false);
  }

  @Override
  public double[] squaredLengths(Matrix x, double[] centre, boolean unitRows) {
    int d = x.columns();
    double[] squares = new double[x.intRows()];
    parallel.forEach(
        Math.ceilDiv(x.rows(), (long) BLOCK),
        block -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = NativeMemory.allocate(8L * BLOCK * d, arena);
            int from = (int) block * BLOCK;
            int to = Math.min(from + BLOCK, squares.length);
            widen(x, from, to, centre, unitRows, buffer);
            double[] row = new double[d];
            for (int i = from; i < to; i++) {
              MemorySegment.copy(buffer, F64, 8L * (i - from) * d, row, 0, d);
              squares[i] = Vectors.dot(row, row);
            }
          }
        });
    return squares;
  }

  @Override
  public Matrix64 scatterTimes(Matrix x, double[] centre, boolean unitRows, Matrix64 v) {
    int d = x.columns();
    int p = v.columns();
    return sumOverBlocks(
        x.rows(),
        d,
        p,
        (from, to, buffer, beta, partial) -> {
          int rows = (int) (to - from);
          MemorySegment product = buffer.asSlice(8L * BLOCK * d);
          widen(x, from, to, centre, unitRows, buffer);
          OpenBlas.dgemm(false, false, rows, p, d, 1, buffer, d, v.segment(), p, 0, product, p);
          OpenBlas.dgemm(
              true, false, d, p, rows, 1, buffer, d, product, p, beta, partial.segment(), p);
        },
        (long) BLOCK * (d + p));
  }

  @Override
  public Matrix64 triangle(Matrix[] xs, double[][] centres) {
    return new TallQr(parallel).triangle(xs, centres);
  }

  @Override
  public Matrix64 gram(Matrix x, double[] centre, boolean unitRows) {
    int n = x.intRows();
    int d = x.columns();
    Matrix64 gram = Matrix64.uninitialized(n, n);
    try (Matrix64 wide = Matrix64.uninitialized(n, d)) {
      widenAll(x, centre, unitRows, wide.segment());
      lowerProduct(wide, gram);
    } catch (Throwable e) {
      gram.close();
      throw e;
    }
    mirrorLower(gram);
    return gram;
  }

  private void widenAll(Matrix x, double[] centre, boolean unitRows, MemorySegment wide) {
    parallel.forEach(
        Math.ceilDiv(x.rows(), (long) BLOCK),
        block -> {
          long from = block * BLOCK;
          long to = Math.min(from + BLOCK, x.rows());
          widen(x, from, to, centre, unitRows, wide.asSlice(8 * from * x.columns()));
        });
  }

  /** Lower triangle of C = AAᵀ. Tasks are strips of C, the longest first. */
  private void lowerProduct(Matrix64 a, Matrix64 c) {
    int n = a.rows();
    int d = a.columns();
    int strips = Math.ceilDiv(n, STRIP);
    parallel.forEach(
        strips,
        task -> {
          int from = (strips - 1 - (int) task) * STRIP;
          int size = Math.min(STRIP, n - from);
          MemorySegment left = a.segment().asSlice(8L * from * d);
          MemorySegment out = c.segment().asSlice(8L * from * n);
          OpenBlas.dgemm(false, true, size, from, d, 1, left, d, a.segment(), d, 0, out, n);
          OpenBlas.dsyrk(false, size, d, 1, left, d, 0, out.asSlice(8L * from), n);
        });
  }

  @Override
  public int cholesky(Matrix64 a) {
    int n = a.rows();
    int info = OpenBlas.dpotrf(n, a.segment(), n);
    check("dpotrf", Math.min(info, 0), a);
    MemorySegment values = a.segment();
    for (long i = 0; i < n; i++) {
      for (long j = i * n + i + 1; j < (i + 1) * n; j++) {
        values.setAtIndex(F64, j, 0);
      }
    }
    return info;
  }

  @Override
  public void solveLower(Matrix64 l, boolean transpose, Matrix64 b) {
    int n = b.columns();
    int tiles = Math.ceilDiv(n, SOLVE_COLUMNS);
    parallel.forEach(
        tiles,
        tile -> {
          int from = (int) tile * SOLVE_COLUMNS;
          OpenBlas.dtrsm(
              transpose,
              l.rows(),
              Math.min(SOLVE_COLUMNS, n - from),
              l.segment(),
              l.columns(),
              b.segment().asSlice(8L * from),
              n);
        });
  }

  @Override
  public double[] eigenvalues(Matrix64 a) {
    try (Matrix64 copy = a.copy()) {
      return eigen(copy, false);
    }
  }

  @Override
  public double[] eigenvectors(Matrix64 a) {
    return eigen(a, true);
  }

  private static double[] eigen(Matrix64 a, boolean vectors) {
    int n = a.rows();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = NativeMemory.allocate(8L * n, arena);
      check("dsyevd", OpenBlas.dsyevd(vectors, n, a.segment(), n, values), a);
      return values.toArray(F64);
    }
  }

  @Override
  public double[] singularValues(Matrix64 a) {
    try (Matrix64 copy = a.copy();
        Arena arena = Arena.ofConfined()) {
      MemorySegment s = NativeMemory.allocate(8L * Math.min(a.rows(), a.columns()), arena);
      int info =
          OpenBlas.dgesdd(
              a.rows(), a.columns(), copy.segment(), s, MemorySegment.NULL, MemorySegment.NULL);
      check("dgesdd", info, a);
      return s.toArray(F64);
    }
  }

  @Override
  public Svd svd(Matrix64 a) {
    int r = Math.min(a.rows(), a.columns());
    Matrix64 u = Matrix64.allocate(a.rows(), r);
    Matrix64 vt = Matrix64.allocate(r, a.columns());
    try (Matrix64 copy = a.copy();
        Arena arena = Arena.ofConfined()) {
      MemorySegment s = NativeMemory.allocate(8L * r, arena);
      int info =
          OpenBlas.dgesdd(a.rows(), a.columns(), copy.segment(), s, u.segment(), vt.segment());
      check("dgesdd", info, a);
      return new Svd(u, s.toArray(F64), vt);
    } catch (Throwable e) {
      u.close();
      vt.close();
      throw e;
    }
  }

  @Override
  public Matrix64 multiply(Matrix64 a, boolean transposeA, Matrix64 b, boolean transposeB) {
    int m = transposeA ? a.columns() : a.rows();
    int k = transposeA ? a.rows() : a.columns();
    int n = transposeB ? b.rows() : b.columns();
    Matrix64 c = Matrix64.allocate(m, n);
    int tiles = Math.ceilDiv(m, GEMM_ROWS);
    parallel.forEach(
        tiles,
        tile -> {
          int i = (int) tile * GEMM_ROWS;
          long offset = transposeA ? 8L * i : 8L * i * a.columns();
          OpenBlas.dgemm(
              transposeA,
              transposeB,
              Math.min(GEMM_ROWS, m - i),
              n,
              k,
              1,
              a.segment().asSlice(offset),
              a.columns(),
              b.segment(),
              b.columns(),
              0,
              c.segment().asSlice(8L * i * n),
              n);
        });
    return c;
  }

  /** LAPACK's C interface refuses NaN by a negative number, as it does wrong arguments. */
  static void check(String routine, int info, Object a) {
    if (info < 0) {
      throw InputException.notFinite("where a matrix is decomposed");
    }
    if (info != 0) {
      throw new IllegalStateException("%s on %s: info %d".formatted(routine, a, info));
    }
  }
}
