package org.geodex.geodesic;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The connected components of a graph, numbered in the order of their lowest vertex.
 *
 * @param label component of each vertex
 * @param size vertices of each component
 * @param first lowest vertex of each component
 */
public record Components(int[] label, int[] size, int[] first) {

  public static Components of(Graph graph) {
    int n = graph.n();
    int[] label = new int[n];
    Arrays.fill(label, -1);
    int[] size = new int[n];
    int[] first = new int[n];
    int[] stack = new int[n];
    int count = 0;
    for (int v = 0; v < n; v++) {
      if (label[v] < 0) {
        first[count] = v;
        size[count] = flood(graph, v, count, label, stack);
        count++;
      }
    }
    return new Components(label, Arrays.copyOf(size, count), Arrays.copyOf(first, count));
  }

  private static int flood(Graph graph, int start, int component, int[] label, int[] stack) {
    int top = 0;
    int size = 1;
    stack[top++] = start;
    label[start] = component;
    while (top > 0) {
      int v = stack[--top];
      for (int a = graph.begin(v); a < graph.end(v); a++) {
        int u = graph.target(a);
        if (label[u] < 0) {
          label[u] = component;
          size++;
          stack[top++] = u;
        }
      }
    }
    return size;
  }

  public int count() {
    return size.length;
  }

  /** The vertices of component {@code c}, ascending. */
  public int[] vertices(int c) {
    return IntStream.range(0, label.length).filter(v -> label[v] == c).toArray();
  }

  /** The number of the largest component, of equals the one with the lowest vertex. */
  public int largest() {
    int largest = 0;
    for (int c = 1; c < size.length; c++) {
      if (size[c] > size[largest]) {
        largest = c;
      }
    }
    return largest;
  }

  /** {@code 3 components (120 rows from row 0, 60 from row 17, 20 from row 40)}, largest first. */
  public String describe() {
    int shown = 6;
    String list =
        IntStream.range(0, count())
            .boxed()
            .sorted((a, b) -> Integer.compare(size[b], size[a]))
            .limit(shown)
            .map(
                c ->
                    "%d %s from row %d".formatted(size[c], size[c] == 1 ? "row" : "rows", first[c]))
            .collect(Collectors.joining(", "));
    return "%d components (%s%s)"
        .formatted(
            count(), list, count() > shown ? ", and %d more".formatted(count() - shown) : "");
  }
}
