package org.geodex.information;

/**
 * What the KSG estimators average over: for each observation the number of others within its
 * neighbourhood in each marginal space, itself not counted.
 *
 * @param x counts in the space of x, or of (x, z) in a conditional estimate
 * @param y counts in the space of y, or of (y, z)
 * @param z counts in the space of z; null without a condition
 */
@SuppressWarnings("ArrayRecordComponent")
public record KsgCounts(int[] x, int[] y, int[] z) {}
