package org.geodex.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.geodex.backend.Pairs;
import org.geodex.backend.Parallel;
import org.geodex.error.MemoryBudgetException;
import org.geodex.geodesic.Metric;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Vectors;

/**
 * Tiles of squared distances ({@link DistanceTiles}) turned into kernel values and summed in f64
 * while they lie in the cache. A tile writes its own partial sums, which are added in order, so the
 * bits do not depend on the number of threads.
 */
final class CpuPairs implements Pairs {
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
  public Sums sums(List<? extends Matrix> xs, Kernel kernel) {
    checkFits(xs);
    boolean twice = kernel instanceof Gaussian gaussian && Double.isNaN(gaussian.sigma());
    long share = twice ? memoryBudget / 2 / xs.size() : 0;
    List<DistanceTiles> layers = new ArrayList<>();
    try {
      double[] bandwidths = new double[xs.size()];
      for (int a = 0; a < bandwidths.length; a++) {
        layers.add(new DistanceTiles(xs.get(a), parallel, algebra, share));
        bandwidths[a] =
            switch (kernel) {
              case Distance() -> Double.NaN;
              case Gaussian g when twice ->
                  g.medians() * new MedianDistance(layers.get(a), parallel).value();
              case Gaussian g -> g.sigma();
            };
      }
      return sumTiles(layers, bandwidths);
    } finally {
      layers.forEach(DistanceTiles::close);
    }
  }

  /** A centred copy of each matrix, and the sums of each row over each block of columns. */
  private void checkFits(List<? extends Matrix> xs) {
    double n = xs.getFirst().rows();
    double bytes = 0;
    for (Matrix x : xs) {
      bytes += 4 * n * x.columns() + 8 * n * Math.ceil(n / TileGrid.SIZE);
    }
    if (bytes > memoryBudget) {
      throw new MemoryBudgetException(
          "sums over the pairs of %.0f rows need %,.0f bytes, --memory-budget allows %,d: raise it,"
              + " or take fewer rows",
          n, bytes, memoryBudget);
    }
  }

  private Sums sumTiles(List<DistanceTiles> layers, double[] bandwidths) {
    int count = layers.size();
    TileGrid grid = layers.getFirst().grid();
    double[][][] partialRows = new double[count][grid.blocks()][grid.n()];
    double[][] partialProducts = new double[grid.tiles()][count * count];
    ThreadLocal<TileSums> work =
        ThreadLocal.withInitial(() -> new TileSums(layers, bandwidths, partialRows));
    parallel.forEach(
        grid.tiles(), t -> work.get().add(grid.tile((int) t), partialProducts[(int) t]));
    return new Sums(addUp(partialRows, grid.n()), products(partialProducts, count), bandwidths);
  }

  /** Sums of one tile at a time, row by row, so that kernel values never leave the first cache. */
  private static final class TileSums {
    private final List<DistanceTiles> layers;
    private final double[] bandwidths;
    private final double[][][] rowSums;
    private final float[][] loaded;
    private final boolean[] finished;
    private final double[][] values;
    private final double[][] columns;

    TileSums(List<DistanceTiles> layers, double[] bandwidths, double[][][] rowSums) {
      int count = layers.size();
      this.layers = layers;
      this.bandwidths = bandwidths;
      this.rowSums = rowSums;
      this.loaded = new float[count][TileGrid.SIZE * TileGrid.SIZE];
      this.finished = new boolean[count];
      this.values = new double[count][TileGrid.SIZE];
      this.columns = new double[count][TileGrid.SIZE];
    }

    void add(TileGrid.Tile tile, double[] products) {
      int count = layers.size();
      int width = tile.columns();
      for (int a = 0; a < count; a++) {
        finished[a] = layers.get(a).load(tile, loaded[a]);
        Arrays.fill(columns[a], 0);
      }
      for (int i = 0; i < tile.rows(); i++) {
        for (int a = 0; a < count; a++) {
          layers.get(a).squaredRow(tile, i, loaded[a], finished[a], values[a]);
          toKernel(bandwidths[a], values[a], width);
          Arrays.fill(values[a], 0, tile.firstColumnAbove(i), 0);
          addTo(columns[a], values[a], width);
          rowSums[a][tile.columnBlock()][tile.firstRow() + i] += Vectors.sum(values[a], width);
          for (int b = 0; b <= a; b++) {
            products[a * count + b] += Vectors.dot(values[a], values[b], width);
          }
        }
      }
      for (int a = 0; a < count; a++) {
        double[] sums = rowSums[a][tile.rowBlock()];
        for (int j = 0; j < width; j++) {
          sums[tile.firstColumn() + j] += columns[a][j];
        }
      }
    }
  }

  /** Squared distances to distances, or to exp(−d²/(2σ²)) − 1 where there is a σ. */
  private static void toKernel(double sigma, double[] values, int length) {
    if (Double.isNaN(sigma)) {
      for (int k = 0; k < length; k++) {
        values[k] = Math.sqrt(values[k]);
      }
    } else {
      double scale = -0.5 / (sigma * sigma);
      for (int k = 0; k < length; k++) {
        values[k] = exponentialLessOne(scale * values[k]);
      }
    }
  }

  /** exp(x) − 1 for x ≤ 0 to 11 digits: {@code Math.expm1} is no intrinsic. */
  private static double exponentialLessOne(double x) {
    return x > -1e-5 ? x * (1 + x * (0.5 + x / 6)) : Math.exp(x) - 1;
  }

  private static void addTo(double[] sums, double[] values, int length) {
    for (int k = 0; k < length; k++) {
      sums[k] += values[k];
    }
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
    try (DistanceTiles tiles = new DistanceTiles(x, parallel, algebra, memoryBudget / 2)) {
      return new MedianDistance(tiles, parallel).value();
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
    try {
      // By the direct form: what is equal must come out equal, for ranks.
      PairDistance distances =
          RowDistances.isSmall(x, x)
              ? (i, j) -> distance(x, i, j)
              : RowDistances.of(x, x, Metric.EUCLIDEAN, parallel)::rounded;
      TileGrid grid = new TileGrid(n);
      parallel.forEach(
          grid.tiles(), t -> writeCondensed(grid.tile((int) t), distances, n, out.segment()));
      return out;
    } catch (Throwable e) {
      out.close();
      throw e;
    }
  }

  @FunctionalInterface
  private interface PairDistance {
    float of(long i, long j);
  }

  private static float distance(Matrix x, long i, long j) {
    MemorySegment rows = x.segment();
    long left = x.offset(i);
    long right = x.offset(j);
    double sum = 0;
    for (long at = 0; at < 4L * x.columns(); at += 4) {
      double difference = (double) rows.get(F32, left + at) - rows.get(F32, right + at);
      sum = Math.fma(difference, difference, sum);
    }
    return (float) Math.sqrt(sum);
  }

  private static void writeCondensed(
      TileGrid.Tile tile, PairDistance distances, int n, MemorySegment out) {
    for (int r = 0; r < tile.rows(); r++) {
      long i = (long) tile.firstRow() + r;
      long start = i * n - i * (i + 1) / 2 - i - 1;
      for (int c = tile.firstColumnAbove(r); c < tile.columns(); c++) {
        long j = (long) tile.firstColumn() + c;
        out.setAtIndex(F32, start + j, distances.of(i, j));
      }
    }
  }
}
