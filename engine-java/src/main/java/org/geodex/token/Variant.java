package org.geodex.token;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A changed context.
 *
 * @param action what was done: drop, keep, shuffle or replace
 * @param method who chose the tokens
 * @param ids the tokens that the model is given
 * @param target place of the target token in {@code ids}
 */
record Variant(String action, String method, int[] ids, int target) {

  /** The context up to the target without the chosen tokens. */
  static Variant drop(String action, String method, int[] ids, int target, int[] chosen) {
    int[] kept =
        IntStream.rangeClosed(0, target)
            .filter(i -> Arrays.stream(chosen).noneMatch(j -> i == j))
            .map(i -> ids[i])
            .toArray();
    return new Variant(action, method, kept, kept.length - 1);
  }

  /** The chosen tokens, in their order, and the target. */
  static Variant keep(String method, int[] ids, int target, int[] chosen) {
    int[] kept =
        IntStream.concat(Arrays.stream(chosen).sorted(), IntStream.of(target))
            .map(i -> ids[i])
            .toArray();
    return new Variant("keep", method, kept, kept.length - 1);
  }

  /** The chosen tokens change places among themselves. */
  static Variant shuffle(
      String method, int[] ids, int target, int[] chosen, SplittableRandom random) {
    int[] changed = Arrays.copyOf(ids, target + 1);
    int[] order = Selections.random(chosen.length, chosen.length, random);
    for (int i = 0; i < chosen.length; i++) {
      changed[chosen[i]] = ids[chosen[order[i]]];
    }
    return new Variant("shuffle", method, changed, target);
  }

  /** The chosen tokens become tokens drawn from all contexts. */
  static Variant replace(
      String method, int[] ids, int target, int[] chosen, int[] pool, SplittableRandom random) {
    int[] changed = Arrays.copyOf(ids, target + 1);
    for (int place : chosen) {
      changed[place] = pool[random.nextInt(pool.length)];
    }
    return new Variant("replace", method, changed, target);
  }
}
