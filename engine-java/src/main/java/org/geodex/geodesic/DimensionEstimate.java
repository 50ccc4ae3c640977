package org.geodex.geodesic;

/**
 * An intrinsic dimension with its bootstrap interval.
 *
 * @param value the estimate
 * @param low lower end of the 95 % percentile interval, NaN without bootstrap
 * @param high upper end, NaN without bootstrap
 * @param used rows that the estimate rests on
 * @param zeroDistances rows left out because a neighbour that the estimator divides by is at
 *     distance 0 (duplicates)
 */
public record DimensionEstimate(
    double value, double low, double high, int used, int zeroDistances) {}
