package org.geodex.entropy;

/**
 * Participation ratio (Σλ)² / Σλ² of the covariance: the number of equal directions that would give
 * this second moment of the spectrum, between 1 and min(n,d). No eigenvalues needed: (tr C)² /
 * ‖C‖².
 *
 * <p>Source: Gao et al., bioRxiv 214262 (2017). ln of it is the Rényi entropy of order 2.
 */
public final class ParticipationRatio {
  private ParticipationRatio() {}

  public static double of(SecondMoment moment) {
    double trace = moment.trace();
    return trace * trace / moment.squaredNorm();
  }
}
