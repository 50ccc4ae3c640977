package org.geodex.geodesic;

/**
 * How squared distances are computed. The choice is the caller's alone and never depends on the
 * size of the input, so that the same pair of rows does not change its distance with the company it
 * is in.
 */
public enum Precision {
  /**
   * Σ(x−y)² with every term and sum in f64, rounded once: relative error 6e-8. The slowest form.
   */
  DIRECT("direct"),
  /**
   * ‖x‖²+‖y‖²−2x·y by f32 matrix products on rows shifted by their mean, and the direct form for
   * each pair of which cancellation would take more than two digits. Relative error below 1e-5
   * whatever the offset of the data; duplicates are exactly 0.
   */
  REFINED("refined"),
  /**
   * ‖x‖²+‖y‖²−2x·y by f32 matrix products on rows shifted by their mean, clamped at 0. The absolute
   * error of a squared distance is up to d·6e-8·(‖x‖²+‖y‖²), so that close pairs lose digits.
   */
  EXPANDED("expanded");

  private final String label;

  Precision(String label) {
    this.label = label;
  }

  /** The name on the command line. */
  @Override
  public String toString() {
    return label;
  }
}
