package org.geodex.token;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What was measured in one context, by name. */
final class Observation {
  private final Map<String, Double> values = new LinkedHashMap<>();

  /** Adds a value; NaN, which stands for not defined here, is left out. */
  void add(String key, double value) {
    if (!Double.isNaN(value)) {
      values.put(key, value);
    }
  }

  boolean has(String key) {
    return values.containsKey(key);
  }

  double get(String key) {
    return values.get(key);
  }

  Iterable<String> keys() {
    return values.keySet();
  }

  /** Values of one name over the contexts that have it, in their order. */
  static double[] values(List<Observation> observations, String key) {
    return observations.stream().filter(o -> o.has(key)).mapToDouble(o -> o.get(key)).toArray();
  }
}
