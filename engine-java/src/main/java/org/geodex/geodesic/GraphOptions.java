package org.geodex.geodesic;

/**
 * How the graph of a manifold is made from rows of data.
 *
 * @param k neighbours of each row; not used with a radius
 * @param radius joins all rows within this distance instead of k neighbours; NaN for k
 * @param kind union or mutual, for k
 * @param metric what edges are measured in
 * @param policy what to do with several components
 */
public record GraphOptions(
    int k, double radius, NeighbourGraph.Kind kind, Metric metric, ComponentPolicy policy) {

  /** The union graph of {@code k} Euclidean neighbours; several components are an error. */
  public static GraphOptions union(int k) {
    return new GraphOptions(
        k, Double.NaN, NeighbourGraph.Kind.UNION, Metric.EUCLIDEAN, ComponentPolicy.ERROR);
  }

  /**
   * The union graph of {@code k} Euclidean neighbours, components joined by their shortest edges.
   *
   * @param rows of the data; with few of them k is all the others
   */
  public static GraphOptions bridged(int k, int rows) {
    return new GraphOptions(
        Math.min(k, rows - 1),
        Double.NaN,
        NeighbourGraph.Kind.UNION,
        Metric.EUCLIDEAN,
        ComponentPolicy.BRIDGE);
  }

  boolean byRadius() {
    return !Double.isNaN(radius);
  }

  /** {@code the k=15 union graph}, for messages. */
  String describe() {
    return byRadius()
        ? "the graph of radius %s".formatted(radius)
        : "the k=%d %s graph".formatted(k, kind);
  }

  /** What joins more rows, for messages. */
  String remedy() {
    return byRadius() ? "raise --radius, or " : "raise --k, or ";
  }
}
