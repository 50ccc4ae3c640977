package org.geodex.geodesic;

/**
 * What a run of shortest paths tells beside the lengths.
 *
 * @param algorithm the choice that was made, in words
 * @param longest the largest finite length that was found, 0 where there is none
 */
public record ShortestPaths(String algorithm, double longest) {}
