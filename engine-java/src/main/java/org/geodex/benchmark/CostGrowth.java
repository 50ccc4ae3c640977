package org.geodex.benchmark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.error.InputException;
import org.geodex.statistics.Bootstrap;
import org.geodex.statistics.GrowthFit;
import org.geodex.statistics.GrowthFit.Law;
import org.geodex.statistics.Interval;

/**
 * How the time of an operation grows with one size: the exponent b of seconds = a·size^b, beside
 * the exponent of the counted arithmetic over the same sizes. A measured exponent below the other
 * is what fixed costs and better use of the machine at larger sizes make; one above it is cost that
 * nobody counted.
 *
 * @param operation its name on the command line
 * @param variable {@code n} rows or {@code d} columns
 * @param sizes values of the variable
 * @param seconds of one call at each
 * @param measured exponent with its bootstrap interval over the points
 * @param counted exponent of the arithmetic
 */
public record CostGrowth(
    String operation,
    String variable,
    List<Double> sizes,
    List<Double> seconds,
    Interval measured,
    double counted) {
  private static final int FIELDS = 5;

  /** One line of the measuring program: operation, variable, size, seconds, arithmetic. */
  private record Point(
      String operation, String variable, double size, double seconds, double count) {
    static Point parse(String line) {
      String[] words = line.split("\t", -1);
      if (words.length != FIELDS) {
        throw new InputException("\"%s\": expected %d fields between tabs", line, FIELDS);
      }
      try {
        return new Point(
            words[0],
            words[1],
            Double.parseDouble(words[2]),
            Double.parseDouble(words[3]),
            Double.parseDouble(words[4]));
      } catch (NumberFormatException e) {
        throw new InputException(e, "\"%s\": expected numbers after operation and variable", line);
      }
    }
  }

  /**
   * Fits each operation and variable, in the order of the lines.
   *
   * @param seed of the bootstrap
   * @throws InputException for a line that is no point, or a ladder with one size
   */
  public static List<CostGrowth> of(List<String> lines, long seed) {
    Map<String, List<Point>> ladders = new LinkedHashMap<>();
    for (String line : lines) {
      Point point = Point.parse(line);
      String key = point.operation + "\t" + point.variable;
      ladders.computeIfAbsent(key, k -> new ArrayList<>()).add(point);
    }
    return ladders.values().stream().map(points -> fit(points, seed)).toList();
  }

  private static CostGrowth fit(List<Point> points, long seed) {
    double[] sizes = points.stream().mapToDouble(Point::size).toArray();
    double[] seconds = points.stream().mapToDouble(Point::seconds).toArray();
    double[] counts = points.stream().mapToDouble(Point::count).toArray();
    Interval measured =
        Bootstrap.of(seed)
            .interval(sizes.length, chosen -> exponent(pick(sizes, chosen), pick(seconds, chosen)));
    Point first = points.getFirst();
    return new CostGrowth(
        first.operation,
        first.variable,
        points.stream().map(Point::size).toList(),
        points.stream().map(Point::seconds).toList(),
        measured,
        exponent(sizes, counts));
  }

  private static double[] pick(double[] values, int[] chosen) {
    double[] picked = new double[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      picked[i] = values[chosen[i]];
    }
    return picked;
  }

  /** NaN where all sizes are equal, which a bootstrap draw may be. */
  private static double exponent(double[] sizes, double[] values) {
    for (double size : sizes) {
      if (size != sizes[0]) {
        return GrowthFit.of(Law.POWER, sizes, values).parameters()[1];
      }
    }
    return Double.NaN;
  }
}
