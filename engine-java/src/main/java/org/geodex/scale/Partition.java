package org.geodex.scale;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.geodex.error.UsageException;

/**
 * The layers of the three scales: local (words and syntax), intermediate (relations between
 * sentences), global (topic and discourse). Indices are those of the hidden states, 0 … L.
 */
public record Partition(LayerRange local, LayerRange intermediate, LayerRange global) {
  public Partition {
    if (intermediate.first() <= local.last() || global.first() <= intermediate.last()) {
      throw new UsageException(
          "partition %s/%s/%s: expected three ranges in ascending order without overlap",
          local, intermediate, global);
    }
  }

  /** The three ranges in order, named. */
  public Map<String, LayerRange> scales() {
    Map<String, LayerRange> scales = new LinkedHashMap<>();
    scales.put("local", local);
    scales.put("intermediate", intermediate);
    scales.put("global", global);
    return scales;
  }

  @Override
  public String toString() {
    return local + "/" + intermediate + "/" + global;
  }

  /** Cuts the states 0 … L before {@code second} and {@code third}. */
  public static Partition cut(int second, int third, int layers) {
    return new Partition(
        new LayerRange(0, second - 1),
        new LayerRange(second, third - 1),
        new LayerRange(third, layers));
  }

  /**
   * Reads {@code a-b/c-d/e-f}.
   *
   * @param layers L, the last hidden state's index
   */
  public static Partition parse(String text, int layers) {
    String[] parts = text.split("/", -1);
    if (parts.length != 3) {
      throw new UsageException(
          "--partition %s: expected auto, thirds, readme, code, figure or a-b/c-d/e-f", text);
    }
    Partition partition =
        new Partition(
            LayerRange.parse(parts[0]), LayerRange.parse(parts[1]), LayerRange.parse(parts[2]));
    if (partition.global.last() > layers) {
      throw new UsageException(
          "--partition %s: hidden state %d does not exist, the last one is %d",
          text, partition.global.last(), layers);
    }
    return partition;
  }

  /**
   * A named partition. {@code thirds} cuts the L+1 states into three runs as equal as can be,
   * longer ones first. {@code readme}, {@code code} and {@code figure} are the three that the
   * authors of arXiv 2505.20333 published and that disagree; they were given for 12 layers (T5: 6),
   * and are scaled in proportion for another depth.
   *
   * @param modelType {@code gpt2}, {@code bert}, {@code roberta}, {@code t5}
   * @param layers L
   */
  public static Partition preset(String name, String modelType, int layers) {
    if (layers < 2) {
      throw new UsageException(
          "--partition %s: %d layer(s) cannot be cut into three scales, expected at least 2",
          name, layers);
    }
    if (name.equalsIgnoreCase("thirds")) {
      return cut(Math.ceilDiv(layers + 1, 3), Math.ceilDiv(2 * (layers + 1), 3), layers);
    }
    Published published = published(name, modelType);
    return published == null ? parse(name, layers) : published.scaled(layers);
  }

  /** Whether a preset is the published partition itself, for a model of the published depth. */
  public static boolean isPublished(String name, String modelType, int layers) {
    Published published = published(name, modelType);
    return published != null && published.layers == layers;
  }

  /** Null for another name. The code never uses the last state, nor for BERT the one before. */
  private static Published published(String name, String modelType) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "readme" ->
          switch (modelType) {
            case "gpt2" -> new Published(12, 0, 2, 3, 8, 9, 12);
            case "t5" -> new Published(6, 0, 2, 3, 4, 5, 6);
            default -> new Published(12, 0, 4, 5, 8, 9, 12);
          };
      case "code" -> new Published(12, 0, 3, 4, 7, 8, modelType.equals("gpt2") ? 11 : 10);
      case "figure" -> new Published(12, 1, 4, 5, 8, 9, 12);
      default -> null;
    };
  }

  /** The ends a-b/c-d/e-f for a depth. */
  private record Published(int layers, int... ends) {
    /** Moves the ends to another depth; no scale may become empty. */
    Partition scaled(int depth) {
      int[] last = new int[3];
      int[] first = new int[3];
      for (int s = 0; s < 3; s++) {
        first[s] = Math.round(ends[2 * s] * (float) depth / layers);
        last[s] = Math.round(ends[2 * s + 1] * (float) depth / layers);
      }
      for (int s = 0; s < 3; s++) {
        first[s] = Math.max(first[s], s == 0 ? 0 : last[s - 1] + 1);
        last[s] = Math.min(Math.max(last[s], first[s]), depth - 2 + s);
        first[s] = Math.min(first[s], last[s]);
      }
      return new Partition(
          new LayerRange(first[0], last[0]),
          new LayerRange(first[1], last[1]),
          new LayerRange(first[2], last[2]));
    }
  }
}
