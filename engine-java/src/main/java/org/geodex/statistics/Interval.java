package org.geodex.statistics;

/**
 * An estimate with an interval.
 *
 * @param value the estimate from all data
 * @param low lower end
 * @param high upper end
 * @param level coverage, such as 0.95
 */
public record Interval(double value, double low, double high, double level) {}
