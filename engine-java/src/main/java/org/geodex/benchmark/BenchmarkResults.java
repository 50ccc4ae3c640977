package org.geodex.benchmark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.geodex.error.InputException;
import org.geodex.file.TextFile;

/**
 * A results file: JMH's own JSON ({@code -rf json}), or the same under {@code results} beside an
 * {@code environment}, as {@code geodex bench run} writes it.
 *
 * @param path the file
 * @param environment where it was measured: key and value, as far as the file tells
 * @param results by {@link BenchmarkResult#key}, in the order of the file
 */
public record BenchmarkResults(
    Path path, Map<String, String> environment, SequencedMap<String, BenchmarkResult> results) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** JMH repeats these with every benchmark; they tell one machine's Java from another's. */
  private static final List<String> JMH_ENVIRONMENT = List.of("jdkVersion", "vmName", "vmVersion");

  /**
   * Reads a file.
   *
   * @throws InputException when it is missing, no JSON, or no JMH result
   */
  public static BenchmarkResults read(Path path) {
    JsonNode root = TextFile.json(path);
    JsonNode list = root.isObject() ? root.path("results") : root;
    if (!list.isArray() || list.isEmpty()) {
      throw new InputException(
          "%s: expected a list of JMH results (-rf json), or an object with \"results\"", path);
    }
    Map<String, String> environment = new LinkedHashMap<>();
    root.path("environment")
        .properties()
        .forEach(entry -> environment.put(entry.getKey(), entry.getValue().asText()));
    SequencedMap<String, BenchmarkResult> results = new LinkedHashMap<>();
    for (int i = 0; i < list.size(); i++) {
      JsonNode node = list.get(i);
      BenchmarkResult result = new Reader(path, i).result(node);
      if (results.put(result.key(), result) != null) {
        throw new InputException("%s: holds %s twice", path, result.key());
      }
      for (String key : JMH_ENVIRONMENT) {
        if (node.path(key).isTextual()) {
          environment.putIfAbsent(key, node.get(key).textValue());
        }
      }
    }
    return new BenchmarkResults(path, environment, results);
  }

  /** Writes a file that {@link #read} takes, with the fields of JMH's JSON that are known here. */
  public void write(Path file) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode block = root.putObject("environment");
    environment.forEach(block::put);
    ArrayNode list = root.putArray("results");
    for (BenchmarkResult result : results.values()) {
      ObjectNode node = list.addObject();
      node.put("benchmark", result.name());
      node.put("mode", result.mode());
      node.put("threads", result.threads());
      node.put("forks", result.forks().size());
      node.set("params", JSON.valueToTree(result.params()));
      ObjectNode metric = node.putObject("primaryMetric");
      metric.put("score", BenchmarkResult.median(result.samples()));
      metric.put("scoreUnit", result.unit());
      metric.set("rawData", JSON.valueToTree(result.forks()));
    }
    JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), root);
  }

  /** One entry of the list, every field checked. */
  private record Reader(Path path, int index) {
    BenchmarkResult result(JsonNode node) {
      JsonNode metric = node.path("primaryMetric");
      Map<String, String> params = new LinkedHashMap<>();
      node.path("params")
          .properties()
          .forEach(entry -> params.put(entry.getKey(), entry.getValue().asText()));
      return new BenchmarkResult(
          text(node, "benchmark"),
          text(node, "mode"),
          node.path("threads").asInt(1),
          params,
          text(metric, "scoreUnit"),
          forks(metric));
    }

    private List<List<Double>> forks(JsonNode metric) {
      boolean histogram = metric.has("rawDataHistogram") && !metric.has("rawData");
      JsonNode data = metric.path(histogram ? "rawDataHistogram" : "rawData");
      List<List<Double>> forks = new ArrayList<>();
      for (JsonNode fork : data) {
        List<Double> iterations = new ArrayList<>();
        for (JsonNode iteration : fork) {
          iterations.add(histogram ? histogramMedian(iteration) : score(iteration));
        }
        if (iterations.isEmpty()) {
          throw bad("has a fork without iterations");
        }
        forks.add(iterations);
      }
      if (forks.isEmpty()) {
        throw bad("has no raw data (primaryMetric.rawData)");
      }
      return forks;
    }

    /** Sample mode stores [value, count] pairs in the order of the values. */
    private double histogramMedian(JsonNode pairs) {
      long total = 0;
      for (JsonNode pair : pairs) {
        total += pair.path(1).asLong();
      }
      long seen = 0;
      for (JsonNode pair : pairs) {
        seen += pair.path(1).asLong();
        if (2 * seen >= total) {
          return score(pair.path(0));
        }
      }
      throw bad("has an empty histogram");
    }

    private double score(JsonNode node) {
      double score = node.isNumber() ? node.doubleValue() : Double.NaN;
      if (!(score > 0) || Double.isInfinite(score)) {
        throw bad("has the score " + node + ", expected a number above 0");
      }
      return score;
    }

    private String text(JsonNode node, String key) {
      if (!node.path(key).isTextual()) {
        throw bad("lacks \"" + key + "\"");
      }
      return node.get(key).textValue();
    }

    private InputException bad(String what) {
      return new InputException("%s: result %d %s", path, index, what);
    }
  }
}
