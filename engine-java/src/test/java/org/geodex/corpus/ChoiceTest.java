package org.geodex.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ChoiceTest {
  @Test
  void informationIsMinusLogOfTheShareOfTheUnitInterval() {
    for (Choice choice : new Choice[] {Choice.of(0.5, 0.3, 0.2), Choice.zipf(12), Choice.of(1)}) {
      int steps = 100_000;
      int[] counts = new int[12];
      for (int i = 0; i < steps; i++) {
        counts[choice.outcome((i + 0.5) / steps)]++;
      }
      for (int i = 0; i < 12; i++) {
        if (counts[i] > 0) {
          assertEquals(counts[i] / (double) steps, Math.exp(-choice.nats(i)), 2.0 / steps);
        }
      }
    }
  }
}
