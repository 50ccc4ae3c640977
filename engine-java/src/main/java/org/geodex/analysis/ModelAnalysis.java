package org.geodex.analysis;

import org.geodex.activation.LayerStates;
import org.geodex.backend.Backend;
import org.geodex.scale.AutomaticPartition;
import org.geodex.scale.Partition;

/**
 * Everything that is measured on one stack of one model.
 *
 * @param found how the partition was found, or null when it was given
 */
public record ModelAnalysis(
    String modelType,
    int lastState,
    long tokens,
    int k,
    double eps,
    LayerAnalysis.Result layers,
    Partition partition,
    String partitionName,
    AutomaticPartition.Found found,
    ScaleAnalysis.Result scales) {

  /**
   * Runs the analysis.
   *
   * @param partitionName {@code auto}, a preset, or {@code a-b/c-d/e-f}
   */
  public static ModelAnalysis of(
      Backend backend,
      String modelType,
      LayerStates states,
      String partitionName,
      LayerAnalysis.Settings settings,
      Runnable layerDone) {
    AutomaticPartition.Found found = null;
    Partition partition;
    if (partitionName.equals("auto")) {
      found = AutomaticPartition.find(backend, states, settings.maxRows() / 2, settings.seed());
      partition = found.partition();
    } else {
      partition = Partition.preset(partitionName, modelType, states.layers());
    }
    LayerAnalysis.Result layers = LayerAnalysis.of(backend, states, settings, layerDone);
    return new ModelAnalysis(
        modelType,
        states.layers(),
        states.rows(),
        settings.k(),
        settings.eps(),
        layers,
        partition,
        partitionName,
        found,
        ScaleAnalysis.of(backend, states, partition, settings));
  }
}
