package org.geodex.intervention;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.file.AtomicOutputs;
import org.geodex.file.TextFile;

/**
 * The texts of one condition and seed, with their measures. A cell is a file of its own, written
 * whole, so that a run that was stopped goes on where it was.
 *
 * @param condition in words; {@code none} for the unmodified texts
 * @param seed of the drawing
 * @param alpha the number α that was used; NaN for none
 * @param states hidden states that were acted on
 * @param texts one a prompt
 * @param measures values by prompt; NaN where a text does not define one
 */
record Cell(
    String condition,
    long seed,
    double alpha,
    List<Integer> states,
    List<String> texts,
    Map<Measure, double[]> measures) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Writes the cell in one piece. */
  void write(Path file) throws IOException {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("condition", condition);
    content.put("seed", seed);
    content.put("alpha", Double.isNaN(alpha) ? null : alpha);
    content.put("states", states);
    content.put("texts", texts);
    Map<String, Object> values = new LinkedHashMap<>();
    measures.forEach((measure, value) -> values.put(measure.key(), nulls(value)));
    content.put("measures", values);
    try (AtomicOutputs outputs = AtomicOutputs.open()) {
      Files.writeString(outputs.file(file), JSON.writeValueAsString(content));
      outputs.commit();
    }
  }

  private static List<Double> nulls(double[] values) {
    List<Double> list = new ArrayList<>();
    for (double value : values) {
      list.add(Double.isFinite(value) ? value : null);
    }
    return list;
  }

  /** Reads a cell; null where there is none that can be read, which makes it anew. */
  static Cell read(Path file) {
    if (!Files.isRegularFile(file)) {
      return null;
    }
    try {
      JsonNode root = JSON.readTree(TextFile.read(file));
      List<Integer> states = new ArrayList<>();
      root.path("states").forEach(state -> states.add(state.asInt()));
      List<String> texts = new ArrayList<>();
      root.path("texts").forEach(text -> texts.add(text.asText()));
      Map<Measure, double[]> measures = new EnumMap<>(Measure.class);
      for (Measure measure : Measure.values()) {
        JsonNode values = root.path("measures").get(measure.key());
        if (values != null && values.size() == texts.size()) {
          measures.put(measure, numbers(values));
        }
      }
      JsonNode alpha = root.path("alpha");
      return new Cell(
          root.path("condition").asText(),
          root.path("seed").asLong(),
          alpha.isNumber() ? alpha.asDouble() : Double.NaN,
          states,
          texts,
          measures);
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  private static double[] numbers(JsonNode list) {
    double[] values = new double[list.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = list.get(i).isNumber() ? list.get(i).asDouble() : Double.NaN;
    }
    return values;
  }
}
