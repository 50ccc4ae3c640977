package org.geodex.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.geodex.backend.Pairs;
import org.geodex.backend.Parallel;
import org.geodex.error.MemoryBudgetException;
import org.geodex.matrix.Matrix;

/**
 * Tiles of squared distances ({@link DistanceTiles}) turned into kernel values and summed in f64
 * while they lie in the cache. A tile writes its own partial sums, which are added in order, so the
 * bits do not depend on the number of threads.
 */
final class CpuPairs implements Pairs {
  private static final VectorSpecies<Double> LANES = DoubleVector.SPECIES_PREFERRED;
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;

  private final Parallel parallel;
  private final CpuAlgebra algebra;
  private final long memoryBudget;

  CpuPairs(Parallel parallel, CpuAlgebra algebra, long memoryBudget) {
    this.parallel = parallel;
    this.algebra = algebra;
    this.memoryBudget = memoryBudget;
  }

  @Override
  public Sums sums(List<? extends Matrix> xs, Kernel kernel, double[] bandwidths) {
    List<DistanceTiles> tiles = new ArrayList<>();
    try {
      for (Matrix x : xs) {
        tiles.add(new DistanceTiles(x, parallel, algebra));
      }
      return sumTiles(tiles, kernel, bandwidths);
    } finally {
      tiles.forEach(DistanceTiles::close);
    }
  }

  private Sums sumTiles(List<DistanceTiles> layers, Kernel kernel, double[] bandwidths) {
    int count = layers.size();
    TileGrid grid = layers.getFirst().grid();
    double[][][] partialRows = new double[count][grid.blocks()][grid.n()];
    double[][] partialProducts = new double[grid.tiles()][count * count];
    ThreadLocal<double[][]> buffers =
        ThreadLocal.withInitial(() -> new double[count][TileGrid.SIZE * TileGrid.SIZE]);
    parallel.forEach(
        grid.tiles(),
        t -> {
          TileGrid.Tile tile = grid.tile((int) t);
          double[][] values = buffers.get();
          for (int a = 0; a < count; a++) {
            layers.get(a).squaredDistances(tile, values[a]);
            apply(kernel, bandwidths == null ? 1 : bandwidths[a], tile, values[a]);
            addRows(tile, values[a], partialRows[a]);
            for (int b = 0; b <= a; b++) {
              partialProducts[(int) t][a * count + b] = dot(values[a], values[b], tile.length());
            }
          }
        });
    return new Sums(addUp(partialRows, grid.n()), products(partialProducts, count));
  }

  /** Squared distances to kernel values; what is not above the diagonal becomes 0. */
  private static void apply(Kernel kernel, double sigma, TileGrid.Tile tile, double[] values) {
    int length = tile.length();
    double scale = -0.5 / (sigma * sigma);
    int bound = LANES.loopBound(length);
    for (int k = 0; k < bound; k += LANES.length()) {
      DoubleVector squared = DoubleVector.fromArray(LANES, values, k);
      DoubleVector value =
          switch (kernel) {
            case DISTANCE -> squared.sqrt();
            case GAUSSIAN -> squared.mul(scale).lanewise(VectorOperators.EXP);
          };
      value.intoArray(values, k);
    }
    for (int k = bound; k < length; k++) {
      values[k] = kernel == Kernel.DISTANCE ? Math.sqrt(values[k]) : Math.exp(scale * values[k]);
    }
    tile.clearBelowDiagonal(values);
  }

  /** Adds a tile's rows to the sums of its left things and its columns to those of its right. */
  private static void addRows(TileGrid.Tile tile, double[] values, double[][] sums) {
    double[] columns = new double[tile.columns()];
    double[] rowSums = sums[tile.columnBlock()];
    int bound = LANES.loopBound(tile.columns());
    for (int i = 0; i < tile.rows(); i++) {
      int start = i * tile.columns();
      DoubleVector sum = DoubleVector.zero(LANES);
      for (int j = 0; j < bound; j += LANES.length()) {
        DoubleVector v = DoubleVector.fromArray(LANES, values, start + j);
        sum = sum.add(v);
        DoubleVector.fromArray(LANES, columns, j).add(v).intoArray(columns, j);
      }
      double total = sum.reduceLanes(VectorOperators.ADD);
      for (int j = bound; j < tile.columns(); j++) {
        total += values[start + j];
        columns[j] += values[start + j];
      }
      rowSums[tile.firstRow() + i] += total;
    }
    double[] columnSums = sums[tile.rowBlock()];
    for (int j = 0; j < columns.length; j++) {
      columnSums[tile.firstColumn() + j] += columns[j];
    }
  }

  private static double dot(double[] a, double[] b, int length) {
    DoubleVector even = DoubleVector.zero(LANES);
    DoubleVector odd = DoubleVector.zero(LANES);
    int step = 2 * LANES.length();
    int k = 0;
    for (; k + step <= length; k += step) {
      even = DoubleVector.fromArray(LANES, a, k).fma(DoubleVector.fromArray(LANES, b, k), even);
      int next = k + LANES.length();
      odd = DoubleVector.fromArray(LANES, a, next).fma(DoubleVector.fromArray(LANES, b, next), odd);
    }
    double sum = even.add(odd).reduceLanes(VectorOperators.ADD);
    for (; k < length; k++) {
      sum = Math.fma(a[k], b[k], sum);
    }
    return sum;
  }

  private static double[][] addUp(double[][][] partial, int n) {
    double[][] sums = new double[partial.length][n];
    for (int a = 0; a < partial.length; a++) {
      for (double[] block : partial[a]) {
        for (int i = 0; i < n; i++) {
          sums[a][i] += block[i];
        }
      }
    }
    return sums;
  }

  private static double[][] products(double[][] partial, int count) {
    double[][] products = new double[count][count];
    for (double[] tile : partial) {
      for (int a = 0; a < count; a++) {
        for (int b = 0; b <= a; b++) {
          products[a][b] += tile[a * count + b];
        }
      }
    }
    for (int a = 0; a < count; a++) {
      for (int b = 0; b < a; b++) {
        products[b][a] = products[a][b];
      }
    }
    return products;
  }

  @Override
  public double medianDistance(Matrix x) {
    try (DistanceTiles tiles = new DistanceTiles(x, parallel, algebra)) {
      return new MedianDistance(tiles, parallel, memoryBudget).value();
    }
  }

  @Override
  public Matrix.Owned condensedDistances(Matrix x) {
    int n = x.intRows();
    long pairs = (long) n * (n - 1) / 2;
    if (pairs > Integer.MAX_VALUE || 4 * pairs > memoryBudget) {
      throw new MemoryBudgetException(
          "the %d distances between %d rows need %.1f GB, the budget is %.1f GB: take fewer rows",
          pairs, n, 4e-9 * pairs, memoryBudget / 1e9);
    }
    Matrix.Owned out = Matrix.allocate(1, (int) pairs);
    try (DistanceTiles tiles = new DistanceTiles(x, parallel, algebra)) {
      TileGrid grid = tiles.grid();
      parallel.forEach(
          grid.tiles(),
          t -> {
            TileGrid.Tile tile = grid.tile((int) t);
            double[] values = new double[TileGrid.SIZE * TileGrid.SIZE];
            tiles.squaredDistances(tile, values);
            writeCondensed(tile, values, n, out.segment());
          });
      return out;
    } catch (Throwable e) {
      out.close();
      throw e;
    }
  }

  private static void writeCondensed(
      TileGrid.Tile tile, double[] squared, int n, MemorySegment out) {
    for (int r = 0; r < tile.rows(); r++) {
      long i = (long) tile.firstRow() + r;
      long start = i * n - i * (i + 1) / 2 - i - 1;
      for (int c = 0; c < tile.columns(); c++) {
        long j = (long) tile.firstColumn() + c;
        if (j > i) {
          float distance = (float) Math.sqrt(squared[r * tile.columns() + c]);
          out.setAtIndex(F32, start + j, distance);
        }
      }
    }
  }
}
