package org.geodex.backend.transformer;

import java.util.Arrays;

/**
 * How far and how evenly the heads of one layer attend, summed over the queries that are tokens:
 * the mean distance Σⱼ pᵢⱼ·|i − j| and the entropy −Σⱼ pᵢⱼ·ln pᵢⱼ, in tokens and nats. The weights
 * themselves are not stored. Sums are kept in f64 and added in a fixed order.
 */
public final class AttentionStatistics {
  private final double[] distance;
  private final double[] entropy;
  private long queries;

  public AttentionStatistics(int heads) {
    distance = new double[heads];
    entropy = new double[heads];
  }

  public int heads() {
    return distance.length;
  }

  /** Adds the sums over {@code count} queries of one head; head 0 counts the queries. */
  public void add(int head, double distanceSum, double entropySum, long count) {
    distance[head] += distanceSum;
    entropy[head] += entropySum;
    if (head == 0) {
      queries += count;
    }
  }

  /** Adds what another batch of the same layer counted. */
  public void add(AttentionStatistics other) {
    for (int head = 0; head < heads(); head++) {
      add(head, other.distance[head], other.entropy[head], other.queries);
    }
  }

  /** Queries counted so far. */
  public long queries() {
    return queries;
  }

  /** Mean distance between a token and what it attends to, in tokens. */
  public double meanDistance(int head) {
    return distance[head] / queries;
  }

  /** Mean entropy of a token's attention, in nats. */
  public double meanEntropy(int head) {
    return entropy[head] / queries;
  }

  /** Mean over the heads of {@link #meanDistance(int)}. */
  public double meanDistance() {
    return Arrays.stream(distance).sum() / (queries * (double) heads());
  }

  /** Mean over the heads of {@link #meanEntropy(int)}. */
  public double meanEntropy() {
    return Arrays.stream(entropy).sum() / (queries * (double) heads());
  }
}
