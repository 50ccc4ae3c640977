package org.geodex.corpus;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.geodex.backend.Parallel;
import org.geodex.matrix.Matrix;

/**
 * The ground truth beside an automatic partition: {@linkplain LinearProbe linear probes} of word
 * class (local), sentence frame (intermediate) and topic (global) at every layer.
 *
 * @param byLabel held-out accuracy at each layer, under {@code word_class}, {@code frame} and
 *     {@code topic}
 */
public record StructureProbes(Map<String, List<LinearProbe.Accuracy>> byLabel) {

  /**
   * Probes every layer.
   *
   * @param layers activations of the rows that {@code labels} names, one matrix a layer
   */
  public static StructureProbes of(
      TokenLabels labels, List<? extends Matrix> layers, long seed, Parallel parallel) {
    Map<String, int[]> truths = new LinkedHashMap<>();
    truths.put("word_class", labels.wordClass());
    truths.put("frame", labels.frame());
    truths.put("topic", labels.topic());
    int depth = layers.size();
    List<LinearProbe> probes =
        truths.values().stream().map(t -> new LinearProbe(t, labels.documents(), seed)).toList();
    LinearProbe.Accuracy[] results = new LinearProbe.Accuracy[probes.size() * depth];
    parallel.forEach(
        results.length,
        task -> {
          int t = (int) task;
          results[t] = probes.get(t / depth).accuracy(layers.get(t % depth));
        });
    Map<String, List<LinearProbe.Accuracy>> byLabel = new LinkedHashMap<>();
    int first = 0;
    for (String name : truths.keySet()) {
      byLabel.put(name, List.of(results).subList(first, first + depth));
      first += depth;
    }
    return new StructureProbes(byLabel);
  }

  /** The first layer whose accuracy is within one standard error of the best layer's. */
  public int peak(String label) {
    List<LinearProbe.Accuracy> accuracies = byLabel.get(label);
    LinearProbe.Accuracy best = accuracies.getFirst();
    for (LinearProbe.Accuracy accuracy : accuracies) {
      best = accuracy.accuracy() > best.accuracy() ? accuracy : best;
    }
    for (int layer = 0; layer < accuracies.size(); layer++) {
      if (accuracies.get(layer).accuracy() >= best.accuracy() - best.standardError()) {
        return layer;
      }
    }
    throw new IllegalStateException("no layer reaches the best accuracy");
  }

  /** Whether word class peaks at an earlier layer than topic. */
  public boolean localBeforeGlobal() {
    return peak("word_class") < peak("topic");
  }
}
