package org.geodex.backend.cpu;

/** The tiles on and above the diagonal of an n×n matrix, numbered row of tiles by row of tiles. */
record TileGrid(int n) {
  /** Rows and columns of a tile: 256·256 f64 values are half a megabyte. */
  static final int SIZE = 256;

  int blocks() {
    return Math.ceilDiv(n, SIZE);
  }

  int tiles() {
    return Math.toIntExact((long) blocks() * (blocks() + 1) / 2);
  }

  Tile tile(int index) {
    int block = 0;
    int rest = index;
    for (int width = blocks(); rest >= width; width--) {
      rest -= width;
      block++;
    }
    return new Tile(n, index, block, block + rest);
  }

  /**
   * Tile number {@code index}: things [firstRow, firstRow + rows) against [firstColumn, firstColumn
   * + columns).
   */
  record Tile(int n, int index, int rowBlock, int columnBlock) {
    int firstRow() {
      return rowBlock * SIZE;
    }

    int firstColumn() {
      return columnBlock * SIZE;
    }

    int rows() {
      return Math.min(SIZE, n - firstRow());
    }

    int columns() {
      return Math.min(SIZE, n - firstColumn());
    }

    int length() {
      return rows() * columns();
    }

    /** Sets everything on and below the diagonal of the whole matrix to zero. */
    void clearBelowDiagonal(double[] values) {
      if (rowBlock == columnBlock) {
        for (int i = 0; i < rows(); i++) {
          for (int j = 0; j <= i; j++) {
            values[i * columns() + j] = 0;
          }
        }
      }
    }
  }
}
