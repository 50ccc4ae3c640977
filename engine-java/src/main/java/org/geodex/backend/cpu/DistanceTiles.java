package org.geodex.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
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
  private static final VectorSpecies<Double> LANES = DoubleVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Float> HALF =
      VectorSpecies.of(float.class, VectorShape.forBitSize(LANES.vectorBitSize() / 2));
  private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT;

  /** The product form is wrong by about 1e-6·(‖x‖² + ‖y‖²). */
  private static final double CANCELLATION = 1e-2;

  private final TileGrid grid;
  private final Matrix.Owned centred;
  private final double[] squares;

  /** Centres a copy of the rows: 4·n·d bytes. */
  DistanceTiles(Matrix x, Parallel parallel, CpuAlgebra algebra) {
    this.grid = new TileGrid(x.intRows());
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

  /** Fills {@code out} row-major with d² of one tile, the diagonal of the whole matrix exact 0. */
  void squaredDistances(TileGrid.Tile tile, double[] out) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment products = NativeMemory.allocate(4L * tile.length(), arena);
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
          products,
          tile.columns());
      for (int i = 0; i < tile.rows(); i++) {
        finishRow(tile, i, products, out);
      }
    }
  }

  private void finishRow(TileGrid.Tile tile, int i, MemorySegment products, double[] out) {
    int start = i * tile.columns();
    double square = squares[tile.firstRow() + i];
    int bound = LANES.loopBound(tile.columns());
    for (int j = 0; j < bound; j += LANES.length()) {
      DoubleVector product =
          (DoubleVector)
              FloatVector.fromMemorySegment(
                      HALF, products, 4L * (start + j), java.nio.ByteOrder.nativeOrder())
                  .convertShape(VectorOperators.F2D, LANES, 0);
      DoubleVector both =
          DoubleVector.fromArray(LANES, squares, tile.firstColumn() + j).add(square);
      DoubleVector distance = both.sub(product.add(product));
      distance.intoArray(out, start + j);
      if (distance.compare(VectorOperators.LT, both.mul(CANCELLATION)).anyTrue()) {
        correct(tile, i, j, j + LANES.length(), out);
      }
    }
    for (int j = bound; j < tile.columns(); j++) {
      double both = square + squares[tile.firstColumn() + j];
      out[start + j] = both - 2 * (double) products.getAtIndex(F32, start + j);
    }
    correct(tile, i, bound, tile.columns(), out);
  }

  private void correct(TileGrid.Tile tile, int i, int from, int to, double[] out) {
    int row = tile.firstRow() + i;
    for (int j = from; j < to; j++) {
      int column = tile.firstColumn() + j;
      int place = i * tile.columns() + j;
      if (!(out[place] >= CANCELLATION * (squares[row] + squares[column]))) {
        out[place] = row == column ? 0 : direct(row, column);
      }
    }
  }

  private double direct(int i, int j) {
    int d = centred.columns();
    MemorySegment x = centred.segment().asSlice(centred.offset(i), 4L * d);
    MemorySegment y = centred.segment().asSlice(centred.offset(j), 4L * d);
    DoubleVector sum = DoubleVector.zero(LANES);
    int bound = LANES.loopBound(d);
    for (int k = 0; k < bound; k += LANES.length()) {
      DoubleVector difference = widen(x, k).sub(widen(y, k));
      sum = difference.fma(difference, sum);
    }
    double total = sum.reduceLanes(VectorOperators.ADD);
    for (int k = bound; k < d; k++) {
      double difference = (double) x.getAtIndex(F32, k) - y.getAtIndex(F32, k);
      total += difference * difference;
    }
    return total;
  }

  private static DoubleVector widen(MemorySegment row, int k) {
    return (DoubleVector)
        FloatVector.fromMemorySegment(HALF, row, 4L * k, java.nio.ByteOrder.nativeOrder())
            .convertShape(VectorOperators.F2D, LANES, 0);
  }

  @Override
  public void close() {
    centred.close();
  }
}
