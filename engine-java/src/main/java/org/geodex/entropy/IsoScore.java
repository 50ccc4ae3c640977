package org.geodex.entropy;

import org.geodex.error.InputException;

/**
 * IsoScore: how evenly the variance is spread over the d dimensions, 0 for a line, 1 for equal
 * variances in all directions. With the covariance's eigenvalues λ, rescaled to length √d, the
 * defect from (1,…,1) is δ, the used dimensions are φ·d with φ = (d − δ²(d − √d))² / d², and the
 * score is (dφ − 1)/(d − 1). Written out this is (PR − 1)/(d − 1), with PR the {@link
 * ParticipationRatio}.
 *
 * <p>Source: Rudman, Gillman, Rayne, Eickhoff, Findings of ACL 2022 (arXiv 2108.07344), section 3.
 */
public final class IsoScore {
  private IsoScore() {}

  /**
   * IsoScore of a centred second moment.
   *
   * @throws InputException in one dimension, where it is 0/0
   */
  public static double of(SecondMoment moment) {
    if (moment.columns() < 2) {
      throw new InputException("IsoScore needs at least 2 columns, the matrix has 1");
    }
    return (ParticipationRatio.of(moment) - 1) / (moment.columns() - 1);
  }
}
