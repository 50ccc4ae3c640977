package org.geodex.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResultPrinterTest {
  record Cost(String name, double seconds) {}

  private static String print(boolean json, Map<String, Object> result) {
    StringWriter text = new StringWriter();
    ResultPrinter.print(new PrintWriter(text), json, result);
    return text.toString();
  }

  /** Nested objects are indented; a list of objects is a table with six digits. */
  @Test
  void linesForAReader() {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("n", 3);
    result.put("part", Map.of("mean", 0.1));
    result.put("costs", List.of(new Cost("first", 1 / 3.0), new Cost("b", 20)));
    result.put("mixed", List.of(Map.of("a", 1), Map.of("b", 2)));
    assertEquals(
        """
        n                  3
        part
          mean             0.1
        costs
          name   seconds
          first  0.333333
          b      20
        mixed              {a=1}, {b=2}
        """,
        print(false, result));
  }

  @Test
  void oneObjectWithEveryDigit() {
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("costs", List.of(new Cost("first", 1 / 3.0)));
    result.put("none", Double.NaN);
    assertEquals(
        "{\"costs\":[{\"name\":\"first\",\"seconds\":0.3333333333333333}],\"none\":\"NaN\"}\n",
        print(true, result));
  }
}
