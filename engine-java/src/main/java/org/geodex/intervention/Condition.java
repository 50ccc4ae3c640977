package org.geodex.intervention;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.geodex.scale.LayerRange;

/**
 * One cell of the design: where, what and how strongly.
 *
 * @param scale {@code local}, {@code intermediate}, {@code global}; {@code control}, which acts on
 *     layers drawn at random, other ones for each seed; {@code layers a-b}; or {@code plan}, which
 *     stands for a plan file and has no kind
 * @param states hidden states of the scale; those of a control are drawn, and this says how many
 *     there are in a scale on average
 * @param kind what is done; null for {@code plan}
 * @param byDose whether {@code amount} is a dose in nats a token; otherwise it is the number α
 */
record Condition(
    String scale, SortedSet<Integer> states, Kind kind, boolean byDose, double amount) {
  static final String CONTROL = "control";
  static final String PLAN = "plan";

  boolean isControl() {
    return scale.equals(CONTROL);
  }

  /** The strength in words: {@code α 2} or {@code dose 0.1}. */
  String strength() {
    return kind == null ? "" : String.format(Locale.ROOT, byDose ? "dose %s" : "α %s", amount);
  }

  @Override
  public String toString() {
    return kind == null ? scale : scale + ", " + kind + ", " + strength();
  }

  /**
   * The hidden states it acts on at a seed.
   *
   * @param layers L
   */
  SortedSet<Integer> states(int layers, long seed) {
    int first = kind != null && kind.onAttention() ? 1 : 0;
    if (!isControl()) {
      return states;
    }
    List<Integer> all = new ArrayList<>();
    for (int i = first; i <= layers; i++) {
      all.add(i);
    }
    SplittableRandom random = new SplittableRandom(seed);
    SortedSet<Integer> drawn = new TreeSet<>();
    while (drawn.size() < states.size() && !all.isEmpty()) {
      drawn.add(all.remove(random.nextInt(all.size())));
    }
    return drawn;
  }

  /** As many states as a scale has on average; which ones is left to the draw. */
  static SortedSet<Integer> averageSize(Iterable<LayerRange> scales) {
    int sum = 0;
    int count = 0;
    for (LayerRange range : scales) {
      sum += range.size();
      count++;
    }
    SortedSet<Integer> states = new TreeSet<>();
    for (int i = 0; i < Math.round((double) sum / count); i++) {
      states.add(i);
    }
    return states;
  }
}
