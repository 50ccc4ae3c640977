package org.geodex.alignment;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Arrays;
import java.util.List;
import org.geodex.error.UsageException;

/**
 * How a map and its critic are trained.
 *
 * @param hidden widths of the map's hidden layers; none for a linear map
 * @param critic widths of the critic's hidden layers; the published one has 512 and 256
 * @param batch rows in a step
 * @param epochs passes over the training rows at most
 * @param patience epochs without a lower validation loss before it stops
 * @param rate AdamW's step
 * @param decay AdamW's weight decay
 * @param clip largest norm of the map's gradient, and of the critic's
 * @param memory weight of the past in the moving average of E[exp T]
 * @param neighbours of the geodesic graph
 * @param reach length of the curvature's step in standard deviations of a row
 */
public record TrainingParameters(
    List<Integer> hidden,
    List<Integer> critic,
    int batch,
    int epochs,
    int patience,
    @JsonProperty("learning_rate") double rate,
    double decay,
    double clip,
    double memory,
    int neighbours,
    double reach) {

  public TrainingParameters {
    hidden = List.copyOf(hidden);
    critic = List.copyOf(critic);
    if (critic.isEmpty() || critic.stream().anyMatch(w -> w < 1)) {
      throw new UsageException("--critic: expected widths such as 512,256");
    }
    if (hidden.stream().anyMatch(w -> w < 1)) {
      throw new UsageException("--hidden: expected widths such as 256");
    }
    if (batch < 8) {
      throw new UsageException("--batch-rows %d: expected at least 8", batch);
    }
    if (epochs < 1 || patience < 1) {
      throw new UsageException("--epochs %d --patience %d: expected at least 1", epochs, patience);
    }
    if (!(rate > 0)) {
      throw new UsageException("--learning-rate %s: expected more than 0", rate);
    }
    if (neighbours < 1) {
      throw new UsageException("--k %d: expected at least 1", neighbours);
    }
  }

  /** A hidden layer of 256, the published critic, batches of 256, at most 200 epochs. */
  public static TrainingParameters defaults() {
    return new TrainingParameters(
        List.of(256), List.of(512, 256), 256, 200, 20, 3e-3, 1e-2, 1, 0.99, 15, 0.5);
  }

  /** The same for a linear map. */
  public TrainingParameters linear() {
    return new TrainingParameters(
        List.of(), critic, batch, epochs, patience, rate, decay, clip, memory, neighbours, reach);
  }

  int[] mapSizes(int d) {
    int[] sizes = new int[hidden.size() + 2];
    Arrays.fill(sizes, d);
    for (int l = 0; l < hidden.size(); l++) {
      sizes[l + 1] = hidden.get(l);
    }
    return sizes;
  }

  int[] criticSizes() {
    return critic.stream().mapToInt(Integer::intValue).toArray();
  }
}
