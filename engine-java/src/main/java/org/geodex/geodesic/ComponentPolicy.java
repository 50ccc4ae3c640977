package org.geodex.geodesic;

/** What to do with a graph of which some vertices cannot reach others. */
public enum ComponentPolicy {
  /** Refuse, naming the components and their sizes. */
  ERROR("error"),
  /** Join every two components by their shortest edge, as scikit-learn's Isomap does. */
  BRIDGE("bridge"),
  /** Go on with the rows of the largest component alone. */
  LARGEST("largest"),
  /** Keep the graph as it is; what cannot be reached is at +∞. */
  INF("inf");

  private final String label;

  ComponentPolicy(String label) {
    this.label = label;
  }

  /** The name on the command line. */
  @Override
  public String toString() {
    return label;
  }
}
