package org.geodex.intervention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.geodex.backend.Parallel;
import org.junit.jupiter.api.Test;

/** Effects that were planted, and none where none was. */
class EffectTest {
  private static final int PROMPTS = 40;
  private static final int SEEDS = 3;

  private static List<Cell> cells(SplittableRandom random, double shift) {
    List<Cell> cells = new ArrayList<>();
    for (int s = 0; s < SEEDS; s++) {
      Map<Measure, double[]> values = new EnumMap<>(Measure.class);
      double[] words = new double[PROMPTS];
      double[] depth = new double[PROMPTS];
      for (int i = 0; i < PROMPTS; i++) {
        words[i] = 20 + random.nextGaussian() + shift;
        depth[i] = i % 2 == 0 ? Double.NaN : 5 + random.nextGaussian();
      }
      values.put(Measure.WORDS, words);
      values.put(Measure.DEPTH_MEAN, depth);
      cells.add(new Cell("test", s, 1, List.of(), List.of(), values));
    }
    return cells;
  }

  @Test
  void aPlantedShiftIsFoundAndNothingElse() {
    SplittableRandom random = new SplittableRandom(11);
    Map<Condition, List<Cell>> modified = new LinkedHashMap<>();
    Condition moved = new Condition("local", new TreeSet<>(), Kind.SCALE, false, 2);
    Condition still = new Condition("global", new TreeSet<>(), Kind.SCALE, false, 2);
    modified.put(moved, cells(random, 1));
    modified.put(still, cells(random, 0));
    List<Effect> effects;
    try (Parallel parallel = new Parallel(2)) {
      effects = Effect.of(cells(random, 0), modified, 1, parallel);
    }
    assertEquals(4, effects.size());
    Effect found = effects.getFirst();
    assertEquals("local", found.scale());
    assertEquals(Measure.WORDS, found.measure());
    assertTrue(found.significant());
    assertEquals(PROMPTS * SEEDS, found.pairs());
    // Two normals of variance 1, one apart: P(a > b) − P(a < b) = 2Φ(1/√2) − 1 = 0.5205, with a
    // standard error of about 0.07 for 120 texts a side; relative change 1/20, error about 0.007.
    assertEquals(0.5205, found.delta().value(), 0.25);
    assertEquals(0.05, found.relative().value(), 0.028);
    assertTrue(found.delta().low() < found.delta().value());
    assertTrue(found.delta().value() < found.delta().high());
    for (Effect other : effects.subList(1, 4)) {
      assertFalse(other.significant(), other.toString());
    }
    assertEquals(PROMPTS / 2 * SEEDS, effects.get(1).pairs());
  }

  @Test
  void equalTextsHaveNoEffect() {
    List<Cell> plain = cells(new SplittableRandom(2), 0);
    Condition same = new Condition("local", new TreeSet<>(), Kind.NOISE, true, 0.1);
    List<Effect> effects;
    try (Parallel parallel = new Parallel(1)) {
      effects = Effect.of(plain, Map.of(same, plain), 1, parallel);
    }
    assertEquals(1, effects.getFirst().adjusted());
    assertEquals(0, effects.getFirst().delta().value());
    assertEquals(0, effects.getFirst().relative().value());
  }
}
