package org.geodex.matrix;

import java.lang.foreign.Arena;

/** An open file that holds matrices: one reader a format. */
interface MatrixFile extends AutoCloseable {
  /**
   * A matrix of the file, in place where its bytes allow.
   *
   * @param part the tensor's or column's name; null for the only one
   * @param copies owns what had to be converted
   */
  Matrix.View matrix(String part, Arena copies);

  /** Unmaps the file, which ends its matrices. */
  @Override
  void close();
}
