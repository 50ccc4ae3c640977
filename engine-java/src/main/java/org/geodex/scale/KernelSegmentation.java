package org.geodex.scale;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Contiguous segmentation of a sequence of layers by a kernel between them (kernel change points,
 * Harchaoui and Cappé 2007). The cost of a segment of length ℓ is the scatter of its layers in the
 * kernel's feature space, Σᵢ K[i,i] − (1/ℓ) Σᵢⱼ K[i,j]; three segments of least total cost are
 * found over all pairs of cuts, which is exact, and cheap for the depth of a model.
 */
public final class KernelSegmentation {
  private final double[][] rowSums;
  private final double[] diagonal;
  private final int n;

  /**
   * Prepares the sums.
   *
   * @param kernel [n,n], symmetric, positive semidefinite
   */
  public KernelSegmentation(double[][] kernel) {
    n = kernel.length;
    rowSums = new double[n + 1][n + 1];
    diagonal = new double[n + 1];
    for (int i = 0; i < n; i++) {
      diagonal[i + 1] = diagonal[i] + kernel[i][i];
      for (int j = 0; j < n; j++) {
        rowSums[i + 1][j + 1] =
            kernel[i][j] + rowSums[i][j + 1] + rowSums[i + 1][j] - rowSums[i][j];
      }
    }
  }

  /**
   * Two cuts and their cost.
   *
   * @param second first layer of the middle segment
   * @param third first layer of the last segment
   * @param cost total scatter within the three segments, at least 0
   */
  public record Cuts(int second, int third, double cost) {}

  /** Scatter of layers [from, to). */
  double cost(int from, int to) {
    double block = rowSums[to][to] - rowSums[from][to] - rowSums[to][from] + rowSums[from][from];
    return diagonal[to] - diagonal[from] - block / (to - from);
  }

  /** All ways to cut into three, best first; ties in favour of earlier cuts. */
  public List<Cuts> ranked() {
    List<Cuts> all = new ArrayList<>();
    for (int second = 1; second < n - 1; second++) {
      for (int third = second + 1; third < n; third++) {
        all.add(new Cuts(second, third, cost(0, second) + cost(second, third) + cost(third, n)));
      }
    }
    all.sort(Comparator.comparingDouble(Cuts::cost));
    return all;
  }

  /** The best three segments. */
  public Cuts best() {
    return ranked().getFirst();
  }
}
