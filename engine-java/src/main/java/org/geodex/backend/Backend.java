package org.geodex.backend;

import java.util.List;
import org.geodex.backend.transformer.Transformer;
import org.geodex.error.MemoryBudgetException;
import org.geodex.matrix.Matrix;

/**
 * Where the heavy work runs. Coarse operations on whole matrices, in families: each family is an
 * interface with one implementation a backend. Operations call a backend; analyses call operations.
 *
 * <ul>
 *   <li>{@code scalar}: plain Java in f64, written for reading. It is the specification.
 *   <li>{@code cpu}: Vector API and OpenBLAS on all cores. The default.
 *   <li>{@code cuda}: our kernels and cuBLAS.
 * </ul>
 *
 * The same input and backend give the same bits whatever the number of threads.
 */
public interface Backend extends AutoCloseable {
  /** {@code scalar}, {@code cpu} or {@code cuda}. */
  String name();

  /** The processor or card, in words. */
  String device();

  /** The threads that work is spread over. */
  Parallel parallel();

  /** Bytes that an operation may take for its temporaries and results. */
  long memoryBudget();

  /**
   * Refuses work that would not fit in the memory budget, before anything is allocated.
   *
   * @param bytes estimate of what it takes
   * @param what takes it, as the subject of a sentence in the plural
   * @param remedy what the user can change beside the budget
   * @throws MemoryBudgetException when it is more than {@link #memoryBudget}
   */
  default void requireMemory(double bytes, String what, String remedy) {
    if (bytes > memoryBudget()) {
      throw new MemoryBudgetException(
          "%s need %,.0f bytes, --memory-budget allows %,d: raise it, or %s",
          what, bytes, memoryBudget(), remedy);
    }
  }

  /**
   * A matrix in the memory where this backend computes, with undefined content; the caller closes
   * it before the backend. Operations on it carry nothing over a bus.
   */
  default Matrix.Owned allocate(long rows, int columns) {
    return Matrix.allocate(rows, columns);
  }

  /**
   * Whether matrices of {@link #allocate} lie elsewhere than in the host's memory, and operations
   * return before they are done.
   */
  default boolean hasDevice() {
    return false;
  }

  /**
   * A matrix of the host brought to where this backend computes: itself, or a copy that follows.
   */
  default Matrix.Owned adopt(Matrix.Owned x) {
    return x;
  }

  /** Products, moments, factorizations, eigenvalues. */
  Algebra algebra();

  /** Distances, neighbours, shortest paths. */
  Geometry geometry();

  /** Counts and sums of the divergence and information estimators. */
  Information information();

  /** Layers of a transformer. */
  Transformer transformer();

  /** Sums over all pairs of rows: distance correlation, kernel alignment. */
  Pairs pairs();

  /** Sparse regressions, many at once. */
  Regression regression();

  /** The parts of a small network's training that are no products. */
  Network network();

  /** What small networks are trained for. */
  Loss loss();

  /**
   * Work that is done many times on the same matrices. What changes from one time to the next
   * stands in those matrices, so a device may record the work and then launch all of it with one
   * call.
   *
   * @param work operations of this backend on matrices of {@link #allocate}; it reads and writes
   *     none of them on the host, and does the same every time
   */
  default Repeated repeated(Runnable work) {
    return work::run;
  }

  /**
   * Operations that a backend with a device of its own left to the host's cores so far, by name;
   * empty for the others.
   */
  default List<String> hostOperations() {
    return List.of();
  }

  @Override
  void close();
}
