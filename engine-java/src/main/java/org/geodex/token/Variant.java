package org.geodex.token;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A changed context. Tokens that the tokenizer added always stay.
 *
 * @param action what was done: whole, drop, keep, shuffle or replace
 * @param method who chose the tokens
 * @param ids the tokens up to the target, which is the last
 */
record Variant(String action, String method, int[] ids) {

  /** Nothing changed: what the others are compared with. */
  static Variant whole(Context context) {
    return new Variant("whole", "", context.ids());
  }

  /** The context without the chosen tokens. */
  static Variant drop(String action, String method, Context context, int[] chosen) {
    return some(action, method, context, i -> !contains(chosen, i));
  }

  /** The chosen tokens, in their order, and the target. */
  static Variant keep(String method, Context context, int[] chosen) {
    return some("keep", method, context, i -> i < context.first() || contains(chosen, i));
  }

  private static Variant some(
      String action, String method, Context context, java.util.function.IntPredicate stays) {
    int target = context.target();
    int[] ids =
        IntStream.rangeClosed(0, target)
            .filter(i -> i == target || stays.test(i))
            .map(i -> context.ids()[i])
            .toArray();
    return new Variant(action, method, ids);
  }

  private static boolean contains(int[] chosen, int place) {
    return Arrays.stream(chosen).anyMatch(i -> i == place);
  }

  /** The chosen tokens change places among themselves. */
  static Variant shuffle(String method, Context context, int[] chosen, SplittableRandom random) {
    int[] changed = context.ids().clone();
    int[] order = Selections.random(chosen.length, chosen.length, random);
    for (int i = 0; i < chosen.length; i++) {
      changed[chosen[i]] = context.ids()[chosen[order[i]]];
    }
    return new Variant("shuffle", method, changed);
  }

  /** The chosen tokens become tokens drawn from all contexts. */
  static Variant replace(
      String method, Context context, int[] chosen, int[] pool, SplittableRandom random) {
    int[] changed = context.ids().clone();
    for (int place : chosen) {
      changed[place] = pool[random.nextInt(pool.length)];
    }
    return new Variant("replace", method, changed);
  }
}
