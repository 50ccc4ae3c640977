package org.geodex.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.geodex.backend.Parallel;
import org.geodex.blas.OpenBlas;
import org.geodex.matrix.Matrix;
import org.geodex.matrix.Matrix64;
import org.geodex.memory.NativeMemory;

/**
 * The triangular factor of a tall matrix, rows streamed: each task folds its run of row blocks into
 * one triangle, R ← QR([R; block]), and the tasks' triangles are folded in order. The runs depend
 * on the shape alone. Backward stable: a singular value comes out to 1e-16 of the largest one,
 * where the scatter matrix leaves 1e-8.
 *
 * <p>Memory: for c columns each task holds a block of 3c rows of f64.
 */
final class TallQr {
  private static final ValueLayout.OfDouble F64 = ValueLayout.JAVA_DOUBLE;
  private static final int TASKS = 4;

  /** Rows of one fold beside the triangle, as a multiple of the columns. */
  private static final int BLOCK_FACTOR = 2;

  private static final int SMALLEST_BLOCK = 64;

  private final Parallel parallel;

  TallQr(Parallel parallel) {
    this.parallel = parallel;
  }

  Matrix64 triangle(Matrix[] xs, double[][] centres) {
    int columns = 0;
    for (Matrix x : xs) {
      columns += x.columns();
    }
    int c = columns;
    long n = xs[0].rows();
    int block = Math.max(SMALLEST_BLOCK, BLOCK_FACTOR * c);
    int tasks = (int) Math.max(1, Math.min(TASKS, n / block));
    double[][] triangles = new double[tasks][];
    parallel.forEach(
        tasks,
        t -> {
          try (Arena arena = Arena.ofConfined()) {
            Fold fold = new Fold(c, block + c, arena);
            long last = (t + 1) * n / tasks;
            for (long from = t * n / tasks; from < last; from += block) {
              fold.addRows(xs, centres, from, Math.min(from + block, last));
            }
            triangles[(int) t] = fold.triangle();
          }
        });
    try (Arena arena = Arena.ofConfined()) {
      Fold all = new Fold(c, block + c, arena);
      for (double[] triangle : triangles) {
        all.addTriangle(triangle);
      }
      return all.result();
    }
  }

  /** One running triangle: the first {@code rank} rows of a column-major buffer. */
  private static final class Fold {
    private final int columns;
    private final int capacity;
    private final MemorySegment buffer;
    private final MemorySegment tau;
    private int rank;

    Fold(int columns, int capacity, Arena arena) {
      this.columns = columns;
      this.capacity = capacity;
      this.buffer = NativeMemory.allocate(8L * capacity * columns, arena);
      this.tau = NativeMemory.allocate(8L * columns, arena);
    }

    void addRows(Matrix[] xs, double[][] centres, long from, long to) {
      int column = 0;
      for (int m = 0; m < xs.length; m++) {
        float[] row = new float[xs[m].columns()];
        for (long i = from; i < to; i++) {
          xs[m].copyRow(i, row);
          int place = rank + (int) (i - from);
          for (int j = 0; j < row.length; j++) {
            set(place, column + j, row[j] - (centres[m] == null ? 0 : centres[m][j]));
          }
        }
        column += row.length;
      }
      fold(rank + (int) (to - from));
    }

    /** Adds a packed triangle (column by column, {@code columns} values each). */
    void addTriangle(double[] packed) {
      int rows = packed.length / columns;
      for (int j = 0; j < columns; j++) {
        for (int i = 0; i < rows; i++) {
          set(rank + i, j, packed[j * rows + i]);
        }
      }
      fold(rank + rows);
    }

    private void fold(int rows) {
      int info = OpenBlas.dgeqrf(rows, columns, buffer, capacity, tau);
      if (info != 0) {
        CpuAlgebra.check("dgeqrf", info, rows + " x " + columns);
      }
      rank = Math.min(rows, columns);
      for (int j = 0; j < columns; j++) {
        for (int i = j + 1; i < rank; i++) {
          set(i, j, 0);
        }
      }
    }

    double[] triangle() {
      double[] packed = new double[Math.multiplyExact(rank, columns)];
      for (int j = 0; j < columns; j++) {
        for (int i = 0; i < rank; i++) {
          packed[j * rank + i] = get(i, j);
        }
      }
      return packed;
    }

    Matrix64 result() {
      Matrix64 r = Matrix64.allocate(rank, columns);
      for (int i = 0; i < rank; i++) {
        for (int j = i; j < columns; j++) {
          r.set(i, j, get(i, j));
        }
      }
      return r;
    }

    private double get(int i, int j) {
      return buffer.getAtIndex(F64, (long) j * capacity + i);
    }

    private void set(int i, int j, double value) {
      buffer.setAtIndex(F64, (long) j * capacity + i, value);
    }
  }
}
