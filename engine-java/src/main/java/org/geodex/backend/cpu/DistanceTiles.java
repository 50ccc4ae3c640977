package org.geodex.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.geodex.backend.Parallel;
import org.geodex.blas.OpenBlas;
import org.geodex.matrix.Matrix;
import org.geodex.memory.NativeMemory;

/**
 * Squared euclidean distances between rows, tile by tile, from the product form ‖x‖² + ‖y‖² − 2x·y
 * on centred f32 rows. Where cancellation would show (d² under a hundredth of ‖x‖² + ‖y‖²) the pair
 * is computed again by the direct form in f64, so equal rows are at distance 0 exactly and near
 * ones keep seven digits at any offset of the data.
 */
final class DistanceTiles implements AutoCloseable {
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;

  /** The product form is wrong by about 1e-6·(‖x‖² + ‖y‖²). */
  private static final double CANCELLATION = 1e-2;

  private final TileGrid grid;
  private final Matrix.Owned centred;
  private final double[] squares;

  /** One row a tile, its first value NaN until it is computed; null where nothing is kept. */
  private final Matrix.Owned kept;

  /**
   * Centres a copy of the rows: 4·n·d bytes.
   *
   * @param share bytes that computed tiles may take to be kept as f32: all of them or none
   */
  DistanceTiles(Matrix x, Parallel parallel, CpuAlgebra algebra, long share) {
    this.grid = new TileGrid(x.intRows());
    this.kept = keeper(grid, share);
    double[] means = algebra.means(x);
    this.squares = new double[grid.n()];
    this.centred = Matrix.allocate(x.rows(), x.columns());
    parallel.forEach(
        grid.blocks(),
        block -> {
          float[] row = new float[x.columns()];
          int from = (int) block * TileGrid.SIZE;
          for (int i = from; i < Math.min(from + TileGrid.SIZE, grid.n()); i++) {
            x.copyRow(i, row);
            squares[i] = centre(row, means);
            centred.setRow(i, row);
          }
        });
  }

  private static Matrix.Owned keeper(TileGrid grid, long share) {
    int length = TileGrid.SIZE * TileGrid.SIZE;
    if (4L * length * grid.tiles() > share) {
      return null;
    }
    Matrix.Owned kept = Matrix.allocate(grid.tiles(), length);
    for (int t = 0; t < grid.tiles(); t++) {
      kept.set(t, 0, Float.NaN);
    }
    return kept;
  }

  private static double centre(float[] row, double[] means) {
    for (int j = 0; j < row.length; j++) {
      row[j] = (float) (row[j] - means[j]);
    }
    double sum = 0;
    for (float value : row) {
      sum = Math.fma((double) value, value, sum);
    }
    return sum;
  }

  TileGrid grid() {
    return grid;
  }

  /**
   * Fills {@code out} row-major with d² of one tile, the diagonal of the whole matrix exact 0, and
   * keeps it where there is room. Two threads must not ask for the same tile at once.
   */
  void squaredDistances(TileGrid.Tile tile, float[] out) {
    boolean finished = load(tile, out);
    if (finished) {
      return;
    }
    double[] row = new double[tile.columns()];
    for (int i = 0; i < tile.rows(); i++) {
      squaredRow(tile, i, out, false, row);
      for (int j = 0; j < row.length; j++) {
        out[i * row.length + j] = (float) row[j];
      }
    }
    if (kept != null) {
      MemorySegment.copy(out, 0, kept.segment(), F32, kept.offset(tile.index()), tile.length());
    }
  }

  /**
   * Fills {@code out} with what {@link #squaredRow} needs of a tile.
   *
   * @return whether these are squared distances that were kept, else inner products
   */
  boolean load(TileGrid.Tile tile, float[] out) {
    boolean finished = kept != null && !Float.isNaN(kept.get(tile.index(), 0));
    if (finished) {
      MemorySegment.copy(kept.segment(), F32, kept.offset(tile.index()), out, 0, tile.length());
    } else {
      multiply(tile, out);
    }
    return finished;
  }

  /** d² of row i of a tile from what {@link #load} gave. */
  void squaredRow(TileGrid.Tile tile, int i, float[] loaded, boolean finished, double[] out) {
    int width = tile.columns();
    int start = i * width;
    if (finished) {
      for (int j = 0; j < width; j++) {
        out[j] = loaded[start + j];
      }
      return;
    }
    int row = tile.firstRow() + i;
    double square = squares[row];
    for (int j = 0; j < width; j++) {
      double both = square + squares[tile.firstColumn() + j];
      double squared = both - 2 * (double) loaded[start + j];
      boolean cancelled = !(squared >= CANCELLATION * both);
      out[j] = cancelled ? direct(row, tile.firstColumn() + j) : squared;
    }
  }

  /** The inner products of one tile. */
  private void multiply(TileGrid.Tile tile, float[] products) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment c = NativeMemory.allocate(4L * tile.length(), arena);
      int d = centred.columns();
      OpenBlas.sgemm(
          false,
          true,
          tile.rows(),
          tile.columns(),
          d,
          1,
          centred.segment().asSlice(centred.offset(tile.firstRow())),
          d,
          centred.segment().asSlice(centred.offset(tile.firstColumn())),
          d,
          0,
          c,
          tile.columns());
      MemorySegment.copy(c, F32, 0, products, 0, tile.length());
    }
  }

  private double direct(int i, int j) {
    if (i == j) {
      return 0;
    }
    float[] x = new float[centred.columns()];
    float[] y = new float[centred.columns()];
    centred.copyRow(i, x);
    centred.copyRow(j, y);
    double even = 0;
    double odd = 0;
    for (int k = 0; k + 1 < x.length; k += 2) {
      double a = (double) x[k] - y[k];
      double b = (double) x[k + 1] - y[k + 1];
      even += a * a;
      odd += b * b;
    }
    if (x.length % 2 == 1) {
      double last = (double) x[x.length - 1] - y[x.length - 1];
      even += last * last;
    }
    return even + odd;
  }

  @Override
  public void close() {
    centred.close();
    if (kept != null) {
      kept.close();
    }
  }
}
