package org.geodex.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** Turns a report into JSON and into one HTML page that needs nothing beside itself. */
public final class ReportPage {
  private static final ObjectMapper MAPPER = JsonMapper.builder().build();
  private static final String ECHARTS = "/META-INF/resources/webjars/echarts/5.5.0/echarts.min.js";

  private ReportPage() {}

  /** The content of {@code report.json}, indented. */
  public static String json(Report report) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(content(report)) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("report.json: " + e.getMessage(), e);
    }
  }

  /** The content of {@code report.html}: style, ECharts, data and script inlined. */
  public static String html(Report report) {
    try {
      // "<" never stands raw inside the data, so no text of a user can end the script element.
      String data = MAPPER.writeValueAsString(content(report)).replace("<", "\\u003c");
      return resource("report.html")
          .replace("{{title}}", escape(report.title()))
          .replace("{{style}}", resource("report.css"))
          .replace("{{echarts}}", resource(ECHARTS))
          .replace("{{script}}", resource("report.js"))
          .replace("{{data}}", data);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("report.html: " + e.getMessage(), e);
    }
  }

  private static Map<String, Object> content(Report report) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("title", report.title());
    content.put("summary", report.summary());
    content.put("provenance", report.finalProvenance());
    content.put("results", report.results());
    content.put("seconds", report.seconds());
    content.put("sections", report.sections());
    return content;
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }

  private static String resource(String name) {
    try (InputStream in = ReportPage.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
