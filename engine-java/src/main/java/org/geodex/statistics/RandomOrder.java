package org.geodex.statistics;

import java.util.random.RandomGenerator;

/** Orders drawn at random, each as likely as any other. */
public final class RandomOrder {
  private RandomOrder() {}

  /** The numbers 0 … n−1, shuffled (Fisher–Yates, inside out); n draws. */
  public static int[] of(int n, RandomGenerator random) {
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }
}
