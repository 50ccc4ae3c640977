package org.geodex.similarity;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.geodesic.Metric;
import org.geodex.geodesic.NeighbourTable;
import org.geodex.matrix.Matrix;

/**
 * Mutual nearest neighbours: the mean share of a row's k nearest neighbours in x that are also
 * among its k nearest in y; 1 when the neighbourhoods agree, about k/(n−1) for unrelated x and y.
 *
 * <p>Source: Huh, Cheung, Wang, Isola, ICML 2024 (arXiv 2405.07987), with k = 10 and neighbours by
 * inner product of unit rows, which is the cosine metric, our default. With the euclidean metric it
 * is the neighbourhood overlap of Doimo et al., NeurIPS 2020.
 */
public final class MutualNeighbours implements Similarity {
  /** Neighbours when none are given. */
  public static final int DEFAULT_K = 10;

  private final int k;
  private final Metric metric;

  public MutualNeighbours(int k, Metric metric) {
    if (k < 1) {
      throw new UsageException("--k %d: expected at least 1", k);
    }
    this.k = k;
    this.metric = metric;
  }

  public Metric metric() {
    return metric;
  }

  @Override
  public double[][] table(Backend backend, List<? extends Matrix> xs) {
    int n = Rows.check(xs, 2, "mutual-knn");
    if (k > n - 1) {
      throw new InputException(
          "mutual-knn with k = %d needs at least %d rows, there are %d", k, k + 1, n);
    }
    backend.requireMemory(
        4.0 * n * xs.getFirst().columns() + 12.0 * n * k * xs.size(),
        "the neighbours of %d rows".formatted(n),
        "take fewer rows");
    List<NeighbourTable> tables = new ArrayList<>();
    for (Matrix x : xs) {
      tables.add(backend.geometry().knn(x, null, k, metric));
    }
    return overlaps(tables);
  }

  /** The overlaps of neighbour tables that the caller has already. */
  public static double[][] overlaps(List<NeighbourTable> tables) {
    double[][] overlaps = new double[tables.size()][tables.size()];
    for (int a = 0; a < overlaps.length; a++) {
      for (int b = 0; b <= a; b++) {
        overlaps[a][b] = overlap(tables.get(a), tables.get(b));
        overlaps[b][a] = overlaps[a][b];
      }
    }
    return overlaps;
  }

  private static double overlap(NeighbourTable x, NeighbourTable y) {
    int n = Math.toIntExact(x.n());
    int k = x.k();
    long shared = 0;
    for (int i = 0; i < n; i++) {
      int[] a = sortedNeighbours(x, i);
      int[] b = sortedNeighbours(y, i);
      for (int index : a) {
        shared += Arrays.binarySearch(b, index) >= 0 ? 1 : 0;
      }
    }
    return (double) shared / ((long) n * k);
  }

  private static int[] sortedNeighbours(NeighbourTable table, int i) {
    int[] neighbours = new int[table.k()];
    for (int r = 0; r < neighbours.length; r++) {
      neighbours[r] = table.index(i, r);
    }
    Arrays.sort(neighbours);
    return neighbours;
  }
}
