package org.geodex.analysis;

import java.util.ArrayList;
import java.util.List;
import org.geodex.activation.LayerStates;
import org.geodex.activation.RowSample;
import org.geodex.backend.Backend;
import org.geodex.geodesic.GeodesicDistances;
import org.geodex.geodesic.GraphOptions;
import org.geodex.geodesic.Isomap;
import org.geodex.geodesic.ManifoldGraph;
import org.geodex.matrix.Matrix;
import org.geodex.scale.Partition;
import org.geodex.scale.ScaleMean;

/**
 * A scale seen from above: the two leading {@linkplain Isomap Isomap} coordinates of a sample of
 * its token rows, a scale being the mean over its layers.
 *
 * @param scale {@code local}, {@code intermediate} or {@code global}
 * @param rows token rows of the sample, the same for every scale
 * @param coordinates [rows][2]
 * @param residualVariance share of the geodesic distances' variance that the plane does not show
 */
public record ScaleIsomap(
    String scale, int[] rows, double[][] coordinates, double residualVariance) {
  /** More points than a reader can tell apart would only make the page heavy. */
  static final int MAX_ROWS = 400;

  /** Maps every scale of a partition; components of the neighbour graph are bridged. */
  static List<ScaleIsomap> of(
      Backend backend, LayerStates states, Partition partition, LayerAnalysis.Settings settings) {
    RowSample sample =
        RowSample.of(states.rows(), Math.min(MAX_ROWS, settings.maxRows()), settings.seed());
    List<ScaleIsomap> maps = new ArrayList<>();
    partition
        .scales()
        .forEach(
            (scale, range) -> {
              try (Matrix.Owned mean = ScaleMean.of(states, range);
                  Matrix.Owned rows = sample.of(mean)) {
                maps.add(map(backend, scale, sample.rows(), rows, settings.k()));
              }
            });
    return maps;
  }

  private static ScaleIsomap map(Backend backend, String scale, int[] sample, Matrix rows, int k) {
    GraphOptions options = GraphOptions.bridged(k, rows.intRows());
    ManifoldGraph manifold = ManifoldGraph.build(backend, rows, scale, options);
    try (Matrix.Owned distances = GeodesicDistances.matrix(backend, manifold.graph());
        Isomap.Embedding embedding = Isomap.classical(backend, distances, 2)) {
      double[][] plane = new double[sample.length][2];
      for (int i = 0; i < plane.length; i++) {
        embedding.coordinates().copyRow(i, plane[i]);
      }
      return new ScaleIsomap(scale, sample, plane, embedding.residualVariance()[1]);
    }
  }
}
