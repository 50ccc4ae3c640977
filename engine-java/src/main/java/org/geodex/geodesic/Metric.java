package org.geodex.geodesic;

/** A distance between two rows. */
public enum Metric {
  /** √Σ(x−y)². */
  EUCLIDEAN("euclidean");

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
