package org.geodex.scale;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.geodex.activation.LayerStates;
import org.geodex.activation.RowSample;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.statistics.RandomOrder;

/**
 * Two boundaries over the hidden states, found by fusing several signals of how alike the layers
 * are ({@link LayerKernel}) and cutting their mean into three contiguous segments of least scatter
 * ({@link KernelSegmentation}).
 *
 * <p>Stability of a boundary is the share of random halves of the documents (of the tokens, when
 * there are fewer than four documents) in which the same boundary is found: subsampling without
 * replacement, because repeated rows would be at distance zero.
 */
public final class AutomaticPartition {
  /** Random halves. */
  public static final int REPLICATES = 20;

  private static final int NEIGHBOURS = 15;

  private AutomaticPartition() {}

  /**
   * What was found.
   *
   * @param stability of the first and the second boundary, in [0, 1]
   * @param runnersUp the next best cuts with their cost
   * @param signals each signal's kernel, and {@code fused}
   */
  public record Found(
      Partition partition,
      double cost,
      double[] stability,
      List<KernelSegmentation.Cuts> runnersUp,
      Map<String, double[][]> signals) {}

  /**
   * Finds the partition.
   *
   * @param maxRows rows that are looked at, half of them in each half
   * @throws InputException when there are fewer than three hidden states, or too few tokens
   */
  public static Found find(Backend backend, LayerStates states, int maxRows, long seed) {
    RowSample sample = RowSample.of(states.rows(), maxRows, seed);
    return find(backend, states, sample, NEIGHBOURS, null, maxRows / 2, seed);
  }

  /**
   * Finds the partition from geodesic distances that are known already.
   *
   * @param sample the rows that are looked at
   * @param k neighbours of the geodesic graph
   * @param geodesic correlations between layers of the geodesic distances of these rows, or null
   * @param halfRows rows that are looked at in each half
   */
  public static Found find(
      Backend backend,
      LayerStates states,
      RowSample sample,
      int k,
      double[][] geodesic,
      int halfRows,
      long seed) {
    check(states);
    LayerKernel kernel = LayerKernel.of(backend, states, sample, k, geodesic);
    List<KernelSegmentation.Cuts> ranked = new KernelSegmentation(kernel.fused()).ranked();
    KernelSegmentation.Cuts best = ranked.getFirst();
    double[] stability = stability(backend, states, k, halfRows, seed, best);
    Map<String, double[][]> signals = kernel.signals();
    signals.put("fused", kernel.fused());
    return new Found(
        Partition.cut(best.second(), best.third(), states.layers()),
        best.cost(),
        stability,
        List.copyOf(ranked.subList(1, Math.min(4, ranked.size()))),
        signals);
  }

  /**
   * Refuses states that cannot be cut.
   *
   * @throws InputException when there are fewer than three hidden states, or too few tokens
   */
  public static void check(LayerStates states) {
    if (states.layers() < 2) {
      throw new InputException(
          "%d hidden states cannot be cut into three scales: expected at least 3",
          states.layers() + 1);
    }
    if (states.rows() < 40) {
      throw new InputException(
          "%d tokens are too few to find scales: expected at least 40", states.rows());
    }
  }

  private static double[] stability(
      Backend backend,
      LayerStates states,
      int k,
      int maxRows,
      long seed,
      KernelSegmentation.Cuts best) {
    SplittableRandom random = new SplittableRandom(seed);
    int second = 0;
    int third = 0;
    for (int replicate = 0; replicate < REPLICATES; replicate++) {
      RowSample half = half(states.documents(), maxRows, random);
      KernelSegmentation.Cuts cuts =
          new KernelSegmentation(LayerKernel.of(backend, states, half, k).fused()).best();
      second += cuts.second() == best.second() ? 1 : 0;
      third += cuts.third() == best.third() ? 1 : 0;
    }
    return new double[] {(double) second / REPLICATES, (double) third / REPLICATES};
  }

  /** Rows of a random half of the documents, at most {@code maxRows} of them, ascending. */
  private static RowSample half(int[] documents, int maxRows, SplittableRandom random) {
    int count = Arrays.stream(documents).max().orElse(0) + 1;
    boolean byDocument = count >= 4;
    boolean[] chosen = new boolean[byDocument ? count : documents.length];
    int[] order = RandomOrder.of(chosen.length, random);
    for (int i = 0; i < Math.ceilDiv(chosen.length, 2); i++) {
      chosen[order[i]] = true;
    }
    List<Integer> rows = new ArrayList<>();
    for (int row = 0; row < documents.length; row++) {
      if (chosen[byDocument ? documents[row] : row]) {
        rows.add(row);
      }
    }
    int[] all = rows.stream().mapToInt(Integer::intValue).toArray();
    RowSample within = RowSample.of(all.length, Math.max(20, maxRows), random.nextLong());
    return new RowSample(within.of(all));
  }
}
