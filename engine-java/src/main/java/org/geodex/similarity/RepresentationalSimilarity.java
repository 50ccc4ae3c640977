package org.geodex.similarity;

import java.util.Arrays;
import java.util.List;
import org.geodex.backend.Backend;
import org.geodex.backend.Pairs;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/**
 * Representational similarity analysis: the correlation of the n(n−1)/2 euclidean distances within
 * x with those within y. {@link Correlation#SPEARMAN}, the default, correlates their ranks (ties at
 * their mean rank); {@link Correlation#PEARSON} the distances themselves, in one streamed pass.
 *
 * <p>Source: Kriegeskorte, Mur, Bandettini, Front. Syst. Neurosci. 2:4 (2008), who take 1 − r
 * between rows as the distance; euclidean distances make it blind to rotations.
 */
public final class RepresentationalSimilarity implements Similarity {
  /** What is correlated. */
  public enum Correlation {
    SPEARMAN,
    PEARSON
  }

  private final Correlation correlation;

  public RepresentationalSimilarity(Correlation correlation) {
    this.correlation = correlation;
  }

  @Override
  public double[][] table(Backend backend, List<? extends Matrix> xs) {
    int n = Rows.check(xs, 3, "rsa");
    return switch (correlation) {
      case PEARSON -> pearson(backend, xs, n);
      case SPEARMAN -> spearman(backend, xs);
    };
  }

  private static double[][] pearson(Backend backend, List<? extends Matrix> xs, int n) {
    Pairs.Sums sums = backend.pairs().sums(xs, new Pairs.Distance());
    double pairs = n * (n - 1.0) / 2;
    int count = xs.size();
    double[] totals = new double[count];
    for (int a = 0; a < count; a++) {
      totals[a] = Arrays.stream(sums.rows()[a]).sum() / 2;
    }
    double[][] covariance = new double[count][count];
    for (int a = 0; a < count; a++) {
      for (int b = 0; b < count; b++) {
        covariance[a][b] = sums.products()[a][b] - totals[a] * totals[b] / pairs;
      }
    }
    for (int a = 0; a < count; a++) {
      checkDistancesVary(covariance[a][a], sums.products()[a][a], a);
    }
    return Rows.cosines(covariance);
  }

  private static void checkDistancesVary(double variance, double scale, int which) {
    checkIsNumber(variance, which);
    if (!(variance > 1e-14 * scale)) {
      throw new InputException(
          "rsa is not defined: the distances within matrix %d are all equal", which + 1);
    }
  }

  private static void checkIsNumber(double value, int which) {
    if (Double.isNaN(value)) {
      throw InputException.notFinite("in the distances within matrix " + (which + 1));
    }
  }

  private static double[][] spearman(Backend backend, List<? extends Matrix> xs) {
    double n = xs.getFirst().rows();
    backend.requireMemory(
        // Distances, ranks, and what each thread sorts.
        (12 * xs.size() + 8 * Math.min(xs.size(), backend.parallel().threads())) * n * (n - 1) / 2,
        "the ranks of the distances between %d rows".formatted(xs.getFirst().rows()),
        "take fewer rows, or --correlation pearson");
    float[][] ranks = new float[xs.size()][];
    for (int a = 0; a < ranks.length; a++) {
      try (Matrix.Owned distances = backend.pairs().condensedDistances(xs.get(a))) {
        ranks[a] = new float[distances.columns()];
        distances.copyRow(0, ranks[a]);
        for (float distance : ranks[a]) {
          checkIsNumber(distance, a);
        }
      }
    }
    double[][] centredRanks = new double[ranks.length][];
    backend
        .parallel()
        .forEach(ranks.length, a -> centredRanks[(int) a] = Ranks.centred(ranks[(int) a]));
    double[][] products = new double[ranks.length][ranks.length];
    for (int a = 0; a < ranks.length; a++) {
      for (int b = 0; b < ranks.length; b++) {
        for (int k = 0; k < centredRanks[a].length; k++) {
          products[a][b] += centredRanks[a][k] * centredRanks[b][k];
        }
      }
      checkDistancesVary(products[a][a], 1, a);
    }
    return Rows.cosines(products);
  }
}
