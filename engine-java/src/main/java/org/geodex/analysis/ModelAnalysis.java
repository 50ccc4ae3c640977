package org.geodex.analysis;

import java.util.List;
import org.geodex.activation.LayerStates;
import org.geodex.activation.RowSample;
import org.geodex.backend.Backend;
import org.geodex.scale.AutomaticPartition;
import org.geodex.scale.Partition;

/**
 * Everything that is measured on one stack of one model.
 *
 * @param found how the partition was found, or null when it was given
 * @param maps the scales in the plane
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
    ScaleAnalysis.Result scales,
    List<ScaleIsomap> maps) {

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
    boolean auto = partitionName.equals("auto");
    if (auto) {
      AutomaticPartition.check(states);
    }
    Partition preset = auto ? null : Partition.preset(partitionName, modelType, states.layers());
    LayerAnalysis.Result layers = LayerAnalysis.of(backend, states, settings, layerDone);
    AutomaticPartition.Found found = auto ? find(backend, states, settings, layers) : null;
    Partition partition = auto ? found.partition() : preset;
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
        ScaleAnalysis.of(backend, states, partition, settings),
        ScaleIsomap.of(backend, states, partition, settings));
  }

  /** The sample of the figures, so that the neighbours and geodesics of a layer are found once. */
  private static AutomaticPartition.Found find(
      Backend backend,
      LayerStates states,
      LayerAnalysis.Settings settings,
      LayerAnalysis.Result layers) {
    return AutomaticPartition.find(
        backend,
        states,
        RowSample.of(states.rows(), settings.maxRows(), settings.seed()),
        settings.k(),
        layers.geodesicCorrelation(),
        settings.maxRows() / 4,
        settings.seed());
  }
}
