package org.geodex.backend.cpu;

/** The tiles on and above the diagonal of an n×n matrix, numbered row of tiles by row of tiles. */
record TileGrid(int n) {
  /** Rows and columns of a tile: 256·256 f32 products stay in the second cache. */
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

    /** How many of the first entries of row i lie on or below the diagonal of the whole matrix. */
    int firstColumnAbove(int i) {
      return rowBlock == columnBlock ? i + 1 : 0;
    }
  }
}
