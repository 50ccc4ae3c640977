package org.geodex.geodesic;

import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.MemoryBudgetException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;

/**
 * Exact nearest neighbours. Distances are those of the direct form in f64, so duplicates, tiny
 * distances and data far from the origin come out right; equal distances are ordered by index.
 */
public final class Knn {
  private Knn() {}

  /**
   * The k nearest other rows of each row.
   *
   * @param x [n,d], n &gt; k
   * @param name what to call the rows in messages
   */
  public static NeighbourTable of(Backend backend, Matrix x, String name, int k, Metric metric) {
    checkK(k);
    if (k >= x.rows()) {
      throw new InputException(
          "%s: %d %s, too few for k = %d: each row needs k others",
          name, x.rows(), x.rows() == 1 ? "row" : "rows", k);
    }
    checkColumns(x, name);
    MetricDomain.check(metric, x, name);
    checkMemory(backend, x.rows(), x.rows(), x.columns(), k);
    return backend.geometry().knn(x, null, k, metric);
  }

  /**
   * For each row of {@code x} the k nearest rows of {@code y}.
   *
   * @param x [n,d]
   * @param y [m,d], m ≥ k
   */
  public static NeighbourTable between(
      Backend backend, Matrix x, String xName, Matrix y, String yName, int k, Metric metric) {
    checkK(k);
    MetricDomain.checkColumns(x, xName, y, yName);
    if (x.rows() == 0) {
      throw new InputException("%s: has no rows", xName);
    }
    if (k > y.rows()) {
      throw new InputException(
          "%s: %d %s, too few for k = %d", yName, y.rows(), y.rows() == 1 ? "row" : "rows", k);
    }
    checkColumns(x, xName);
    MetricDomain.check(metric, x, xName);
    MetricDomain.check(metric, y, yName);
    checkMemory(backend, x.rows(), x.rows() + y.rows(), x.columns(), k);
    return backend.geometry().knn(x, y, k, metric);
  }

  /**
   * The rows and their working copy, the table of n·k neighbours and, while they are looked for, as
   * many candidates again and some more.
   */
  private static void checkMemory(Backend backend, long n, long rows, int d, int k) {
    long needed = 8 * rows * d + n * (12L * k + 8L * Math.max(2L * k, k + 48L));
    if (needed > backend.memoryBudget()) {
      throw new MemoryBudgetException(
          "%,d bytes for the rows, their working copy and the neighbours, but"
              + " --memory-budget is %,d: raise it or use fewer rows",
          needed, backend.memoryBudget());
    }
    if (n * k > Integer.MAX_VALUE) {
      throw new InputException(
          "%d rows with %d neighbours each are more than 2^31 - 1 entries", n, k);
    }
  }

  private static void checkK(int k) {
    if (k < 1) {
      throw new UsageException("--k %d: expected at least 1", k);
    }
  }

  private static void checkColumns(Matrix x, String name) {
    if (x.columns() == 0) {
      throw new InputException("%s: has no columns", name);
    }
  }
}
