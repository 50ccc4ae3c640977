package org.geodex.analysis;

/**
 * The figures of one layer.
 *
 * @param layer index of the hidden state, 0 … L
 * @param codingLength coding length of all token rows at unit length over its largest value, at ε
 * @param matrixEntropy von Neumann entropy of the centred rows, nats
 * @param effectiveRank its exponential
 * @param participationRatio (Σλ)²/Σλ² of the covariance
 * @param isoScore 1 for rows spread evenly over all dimensions, 0 on a line
 * @param dimension TwoNN intrinsic dimension of the sample
 * @param dimensionLow lower end of its 95 % bootstrap interval
 * @param dimensionHigh upper end
 * @param geodesicMean mean geodesic distance of the sample
 * @param geodesicDiameter the largest
 * @param components of the sample's neighbour graph
 * @param tortuosity mean ratio of geodesic to Euclidean distance
 * @param curvature mean angle between successive steps of a text's token sequence, radians
 * @param attentionSpan mean distance attended to in the layer's self-attention, tokens; NaN for
 *     layer 0
 * @param attentionEntropy mean entropy of the layer's self-attention, nats; NaN for layer 0
 * @param errors standard errors of some of them
 */
public record LayerFigures(
    int layer,
    double codingLength,
    double matrixEntropy,
    double effectiveRank,
    double participationRatio,
    double isoScore,
    double dimension,
    double dimensionLow,
    double dimensionHigh,
    double geodesicMean,
    double geodesicDiameter,
    int components,
    double tortuosity,
    double curvature,
    double attentionSpan,
    double attentionEntropy,
    Errors errors) {

  /**
   * Standard errors over documents: the delete-a-block jackknife of the second-moment figures, NaN
   * for fewer than three documents or fewer rows than dimensions.
   */
  public record Errors(
      double codingLength,
      double matrixEntropy,
      double effectiveRank,
      double participationRatio,
      double isoScore) {}
}
