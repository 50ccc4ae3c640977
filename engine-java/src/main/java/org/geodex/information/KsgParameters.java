package org.geodex.information;

import org.geodex.error.UsageException;

/**
 * How KSG looks for neighbours.
 *
 * @param k neighbours in the joint space, at least 1
 * @param variant algorithm 1 or 2 of the paper
 * @param norm distance within each of x, y, z; the joint distance is always their maximum
 */
public record KsgParameters(int k, Variant variant, Norm norm) {

  /** Kraskov, Stögbauer, Grassberger, Phys. Rev. E 69, 066138 (2004). */
  public enum Variant {
    /** Equation 8: ε is the distance to the k-th neighbour, counts are strictly within it. */
    ONE,
    /** Equation 9: one ε a space, the k neighbours' own extent; counts include the border. */
    TWO
  }

  /** Distance within one space. */
  public enum Norm {
    /** max |xⱼ − x′ⱼ|, the paper's choice. */
    MAX,
    /** √Σ (xⱼ − x′ⱼ)². */
    EUCLIDEAN
  }

  public KsgParameters {
    if (k < 1) {
      throw new UsageException("--k %d: expected at least 1", k);
    }
  }

  /** k neighbours in the max norm. */
  public static KsgParameters of(int k, Variant variant) {
    return new KsgParameters(k, variant, Norm.MAX);
  }
}
