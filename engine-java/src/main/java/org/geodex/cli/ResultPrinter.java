package org.geodex.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
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
          } else {
            out.printf("%-18s %s%n", indent + key, text(value));
          }
        });
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
