package org.geodex.geodesic;

import java.util.Arrays;
import org.geodex.backend.Backend;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;

/** Graphs that join a row of data to its neighbours, each edge as long as their distance. */
public final class NeighbourGraph {
  private NeighbourGraph() {}

  /** Which neighbours become edges. */
  public enum Kind {
    /** i–j when i is among j's k nearest or j among i's. */
    UNION("union"),
    /** i–j when i is among j's k nearest and j among i's. */
    MUTUAL("mutual");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    /** The name on the command line. */
    @Override
    public String toString() {
      return label;
    }
  }

  public static Graph of(NeighbourTable table, Kind kind) {
    return switch (kind) {
      case UNION -> union(table);
      case MUTUAL -> mutual(table);
    };
  }

  private static Graph union(NeighbourTable table) {
    int edges = Math.multiplyExact(table.n(), table.k());
    int[] from = new int[edges];
    int[] to = new int[edges];
    double[] length = new double[edges];
    for (int i = 0, e = 0; i < table.n(); i++) {
      for (int r = 0; r < table.k(); r++, e++) {
        from[e] = i;
        to[e] = table.index(i, r);
        length[e] = table.distance(i, r);
      }
    }
    return Graph.of(table.n(), from, to, length);
  }

  private static Graph mutual(NeighbourTable table) {
    int most = Math.multiplyExact(table.n(), table.k());
    int[] from = new int[most];
    int[] to = new int[most];
    double[] length = new double[most];
    int edges = 0;
    for (int i = 0; i < table.n(); i++) {
      for (int r = 0; r < table.k(); r++) {
        int j = table.index(i, r);
        if (i < j && isNeighbour(table, j, i)) {
          from[edges] = i;
          to[edges] = j;
          length[edges++] = table.distance(i, r);
        }
      }
    }
    return Graph.of(
        table.n(),
        Arrays.copyOf(from, edges),
        Arrays.copyOf(to, edges),
        Arrays.copyOf(length, edges));
  }

  private static boolean isNeighbour(NeighbourTable table, int i, int j) {
    for (int r = 0; r < table.k(); r++) {
      if (table.index(i, r) == j) {
        return true;
      }
    }
    return false;
  }

  /**
   * Adds the shortest edge between every two components (scikit-learn's {@code
   * _fix_connected_components}). Of equally short edges the one with the lower rows is taken.
   *
   * <p>Cost: one nearest-neighbour search between each two components, c²/2 edges for c of them.
   */
  public static Graph bridged(
      Backend backend, Graph graph, Components components, Matrix x, Metric metric) {
    int count = components.count();
    long pairs = (long) count * (count - 1) / 2;
    if (pairs > Integer.MAX_VALUE / 4) {
      throw new InputException(
          "the graph has %s: too many to bridge; raise --k or choose --components largest",
          components.describe());
    }
    int[] from = new int[(int) pairs];
    int[] to = new int[(int) pairs];
    double[] length = new double[(int) pairs];
    Matrix.Owned[] rows = new Matrix.Owned[count];
    int[][] vertices = new int[count][];
    try {
      for (int c = 0; c < count; c++) {
        vertices[c] = components.vertices(c);
        rows[c] = x.gather(vertices[c]);
      }
      for (int a = 0, e = 0; a < count; a++) {
        for (int b = 0; b < a; b++, e++) {
          NeighbourTable nearest = backend.geometry().knn(rows[b], rows[a], 1, metric);
          int best = 0;
          for (int i = 1; i < nearest.n(); i++) {
            if (nearest.distance(i, 0) < nearest.distance(best, 0)) {
              best = i;
            }
          }
          from[e] = vertices[b][best];
          to[e] = vertices[a][nearest.index(best, 0)];
          length[e] = nearest.distance(best, 0);
        }
      }
    } finally {
      for (Matrix.Owned copy : rows) {
        if (copy != null) {
          copy.close();
        }
      }
    }
    return graph.with(from, to, length);
  }
}
