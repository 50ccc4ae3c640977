package org.geodex.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Prints a command's result: one JSON object, or lines for a reader. Numbers have full precision in
 * JSON; NaN and the infinities, which JSON lacks, are the strings "NaN", "Infinity", "-Infinity".
 */
final class ResultPrinter {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ResultPrinter() {}

  static void print(PrintWriter out, boolean json, Map<String, Object> result) {
    if (json) {
      out.println(json(result));
    } else {
      lines(out, "", result);
    }
    out.flush();
  }

  private static String json(Map<String, Object> result) {
    try {
      return JSON.writeValueAsString(result);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void lines(PrintWriter out, String indent, Map<?, ?> result) {
    result.forEach(
        (key, value) -> {
          if (value instanceof Map<?, ?> nested) {
            out.println(indent + key);
            lines(out, indent + "  ", nested);
          } else if (value instanceof List<?> list && isTable(list)) {
            out.println(indent + key);
            table(out, indent + "  ", list);
          } else {
            out.printf("%-18s %s%n", indent + key, text(value));
          }
        });
  }

  /** Objects with the same fields. */
  private static boolean isTable(List<?> list) {
    return !list.isEmpty()
        && list.stream().allMatch(row -> row instanceof Record || row instanceof Map)
        && list.stream().map(row -> fields(row).keySet()).distinct().count() == 1;
  }

  private static Map<?, ?> fields(Object object) {
    return object instanceof Map<?, ?> map ? map : JSON.convertValue(object, Map.class);
  }

  /** One line for each object of a list, under the names of their fields. */
  private static void table(PrintWriter out, String indent, List<?> objects) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(fields(objects.getFirst()).keySet().stream().map(String::valueOf).toList());
    for (Object object : objects) {
      rows.add(fields(object).values().stream().map(ResultPrinter::cell).toList());
    }
    int columns = rows.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int c = 0; c < columns; c++) {
        widths[c] = Math.max(widths[c], row.get(c).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder(indent);
      for (int c = 0; c < columns; c++) {
        line.append(row.get(c)).append(" ".repeat(widths[c] - row.get(c).length() + 2));
      }
      out.println(line.toString().stripTrailing());
    }
  }

  /** A number with six digits, as a line holds many. */
  private static String cell(Object value) {
    if (!(value instanceof Double number) || !Double.isFinite(number)) {
      return text(value);
    }
    double size = Math.abs(number);
    return size == 0 || size >= 1e-4 && size < 1e9
        ? new BigDecimal(number, new MathContext(6)).stripTrailingZeros().toPlainString()
        : "%.5e".formatted(number);
  }

  private static String text(Object value) {
    return switch (value) {
      case List<?> list -> String.join(", ", list.stream().map(ResultPrinter::text).toList());
      case double[] values ->
          String.join(", ", Arrays.stream(values).mapToObj(String::valueOf).toList());
      case int[] values ->
          String.join(", ", Arrays.stream(values).mapToObj(String::valueOf).toList());
      case null, default -> String.valueOf(value);
    };
  }
}
