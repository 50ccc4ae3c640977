package org.geodex.geodesic;

/**
 * A distance between two rows. Rows are taken as they are; what a metric asks of them is checked by
 * {@link MetricDomain}. Formulas for rows x and y of length d:
 */
public enum Metric {
  /** √Σ(xᵢ−yᵢ)². */
  EUCLIDEAN("euclidean"),
  /** Σ(xᵢ−yᵢ)². Not a metric in the strict sense: no triangle inequality. */
  SQEUCLIDEAN("sqeuclidean"),
  /** 1 − x·y/(‖x‖‖y‖), in [0, 2]. Not a metric in the strict sense. */
  COSINE("cosine"),
  /**
   * The angle between x and y in radians, in [0, π]: 2·atan2(‖x‖y‖−y‖x‖‖, ‖x‖y‖+y‖x‖‖), which keeps
   * its digits near 0 and π (W. Kahan, "How futile are mindless assessments of roundoff", 2006).
   */
  ANGULAR("angular"),
  /**
   * The Fisher–Rao distance of two categorical distributions, 2·arccos Σ√(pᵢqᵢ), in [0, π]: twice
   * the angle between √p and √q. Rows sum to 1 within 1e-4 and are divided by their sum.
   */
  FISHER_RAO_CATEGORICAL("fisher-rao-categorical"),
  /**
   * The Fisher–Rao distance of two normal distributions with diagonal covariance. A row is d/2
   * means followed by d/2 standard deviations. √Σᵢ 8·asinh²√(((Δμᵢ)²/2 + (Δσᵢ)²)/(4σᵢσᵢ′)), the
   * distance in a product of hyperbolic planes (Costa, Santos, Strapasson 2015, eq. 22).
   */
  FISHER_RAO_NORMAL("fisher-rao-normal"),
  /** max |xᵢ−yᵢ|. */
  CHEBYSHEV("chebyshev");

  private final String label;

  Metric(String label) {
    this.label = label;
  }

  /** The name on the command line. */
  @Override
  public String toString() {
    return label;
  }
}
