package org.geodex.geodesic;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Chooses the vertices that stand for all others. */
public final class Landmarks {
  private Landmarks() {}

  /** How landmarks are chosen. */
  public enum Selection {
    /** Each as far as possible from those before it; the first one by the seed. */
    MAX_MIN("max-min"),
    /** By the seed, every vertex with the same chance. */
    RANDOM("random");

    private final String label;

    Selection(String label) {
      this.label = label;
    }

    /** The name on the command line. */
    @Override
    public String toString() {
      return label;
    }
  }

  /**
   * Chooses {@code count} different vertices.
   *
   * @param count 1 … n
   */
  public static int[] choose(Graph graph, int count, Selection selection, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return switch (selection) {
      case MAX_MIN -> maxMin(graph, count, random.nextInt(graph.n()));
      case RANDOM -> random(graph.n(), count, random);
    };
  }

  /**
   * Farthest-point selection in geodesic distance (de Silva and Tenenbaum 2004): the next landmark
   * is the vertex with the largest distance to its nearest landmark, of equals the lowest. A vertex
   * that no landmark reaches is at +∞, so each component gets one before any gets a second.
   */
  private static int[] maxMin(Graph graph, int count, int first) {
    Dijkstra dijkstra = new Dijkstra(graph);
    double[] nearest = new double[graph.n()];
    Arrays.fill(nearest, Double.POSITIVE_INFINITY);
    int[] landmarks = new int[count];
    int next = first;
    for (int l = 0; l < count; l++) {
      landmarks[l] = next;
      dijkstra.run(next);
      nearest[next] = -1;
      next = 0;
      for (int v = 0; v < graph.n(); v++) {
        nearest[v] = Math.min(nearest[v], dijkstra.distance(v));
        if (nearest[v] > nearest[next]) {
          next = v;
        }
      }
    }
    return landmarks;
  }

  /** The first entries of a Fisher–Yates shuffle. */
  private static int[] random(int n, int count, SplittableRandom random) {
    int[] vertices = new int[n];
    Arrays.setAll(vertices, v -> v);
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i, n);
      int chosen = vertices[j];
      vertices[j] = vertices[i];
      vertices[i] = chosen;
    }
    return Arrays.copyOf(vertices, count);
  }
}
