package org.geodex.report;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.util.ArrayList;
import java.util.List;

/**
 * One thing to look at in a section of the report. Numbers only: how a figure is drawn is the
 * page's business. A value that is not finite becomes {@code null}, which the page shows as a gap.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Figure.Lines.class, name = "lines"),
  @JsonSubTypes.Type(value = Figure.HeatMap.class, name = "heatmap"),
  @JsonSubTypes.Type(value = Figure.Scatter.class, name = "scatter"),
  @JsonSubTypes.Type(value = Figure.Bars.class, name = "bars"),
  @JsonSubTypes.Type(value = Figure.Table.class, name = "table")
})
public sealed interface Figure {
  String title();

  /** Curves over common x values, each with an optional band; {@code spans} may be empty. */
  record Lines(
      String title,
      String caption,
      String xLabel,
      String yLabel,
      List<?> x,
      List<Series> series,
      List<Span> spans)
      implements Figure {
    public Lines(
        String title,
        String caption,
        String xLabel,
        String yLabel,
        List<?> x,
        List<Series> series) {
      this(title, caption, xLabel, yLabel, x, series, List.of());
    }
  }

  /** A named stretch of the x axis, shaded behind the curves; both ends are indices into x. */
  record Span(String name, int first, int last) {}

  /**
   * One curve.
   *
   * @param low lower ends of the band, or null
   * @param high upper ends of the band, or null
   */
  record Series(String name, List<Double> values, List<Double> low, List<Double> high) {
    public static Series of(String name, double... values) {
      return new Series(name, numbers(values), null, null);
    }

    /** With a band of ± 1.96 standard errors; none where the first is not known. */
    public static Series withErrors(String name, double[] values, double[] errors) {
      if (Double.isNaN(errors[0])) {
        return of(name, values);
      }
      double[] low = new double[values.length];
      double[] high = new double[values.length];
      for (int i = 0; i < values.length; i++) {
        low[i] = values[i] - 1.96 * errors[i];
        high[i] = values[i] + 1.96 * errors[i];
      }
      return withBand(name, values, low, high);
    }

    public static Series withBand(String name, double[] values, double[] low, double[] high) {
      return new Series(name, numbers(values), numbers(low), numbers(high));
    }
  }

  /**
   * A matrix of values; {@code scale} is {@code sequential} or {@code diverging} (about zero).
   *
   * @param faint cells to show in grey, or null
   */
  record HeatMap(
      String title,
      String caption,
      String xLabel,
      String yLabel,
      String unit,
      String scale,
      List<String> columns,
      List<String> rows,
      List<List<Double>> values,
      List<List<Boolean>> faint)
      implements Figure {
    public HeatMap(
        String title,
        String caption,
        String xLabel,
        String yLabel,
        String unit,
        String scale,
        List<String> columns,
        List<String> rows,
        List<List<Double>> values) {
      this(title, caption, xLabel, yLabel, unit, scale, columns, rows, values, null);
    }
  }

  /** Points in the plane, in named groups. */
  record Scatter(String title, String caption, String xLabel, String yLabel, List<Group> groups)
      implements Figure {}

  /** The points of one group; {@code labels} may be null. */
  record Group(String name, List<List<Double>> points, List<String> labels) {}

  /** Bars of several series over categories. */
  record Bars(String title, String caption, String yLabel, List<String> x, List<Series> series)
      implements Figure {}

  /** Rows of texts and numbers. */
  record Table(String title, String caption, List<String> columns, List<List<Object>> rows)
      implements Figure {}

  /** Boxed values, with null for what is not finite. */
  static List<Double> numbers(double... values) {
    List<Double> numbers = new ArrayList<>(values.length);
    for (double value : values) {
      numbers.add(Double.isFinite(value) ? value : null);
    }
    return numbers;
  }

  /** Boxed rows, with null for what is not finite. */
  static List<List<Double>> numbers(double[][] values) {
    List<List<Double>> rows = new ArrayList<>(values.length);
    for (double[] row : values) {
      rows.add(numbers(row));
    }
    return rows;
  }
}
