package org.geodex.token;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.SplittableRandom;
import org.geodex.error.InputException;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.junit.jupiter.api.Test;

/** Choices of tokens, what they explain, and how spread a quantity is; values by hand. */
class SelectionsTest {

  @Test
  void largestComeFirstAndTiesByPlace() {
    assertArrayEquals(new int[] {3, 0, 2}, Selections.largest(new double[] {2, 1, 2, 5}, 3));
    assertArrayEquals(
        new int[] {0, 1, 2, 3},
        java.util.stream.IntStream.of(Selections.random(4, 9, new SplittableRandom(1)))
            .sorted()
            .toArray());
  }

  @Test
  void jaccardCountsSharedTokens() {
    assertEquals(0.5, Selections.jaccard(new int[] {1, 2, 3}, new int[] {3, 2, 9}));
    assertEquals(1, Selections.jaccard(new int[] {}, new int[] {}));
  }

  /** The target (1, 2, 2) by the rows (1, 0, 0) and, not orthogonal to it, (1, 1, 0). */
  @Test
  void unexplainedIsTheShareOutsideTheSpan() {
    try (Matrix.Owned z =
        Matrix.of(
            new float[] {1, 0, 0},
            new float[] {1, 1, 0},
            new float[] {3, 3, 0},
            new float[] {1, 2, 2})) {
      assertEquals(8 / 9.0, Selections.unexplained(z, 3, 0, new int[] {0}), 1e-15);
      assertEquals(4 / 9.0, Selections.unexplained(z, 3, 0, new int[] {0, 1, 2}), 1e-15);
      assertEquals(4.5 / 9, Selections.unexplained(z, 3, 0, new int[] {2}), 1e-15);
      assertEquals(1, Selections.unexplained(z, 3, 0, new int[] {}), 1e-15);
    }
  }

  /** Gini by its definition Σᵢⱼ|xᵢ − xⱼ| / (2n²·mean), another formula than ours. */
  @Test
  void spreadEqualsItsDefinition() {
    double[] x = {4, 0, 1, 1, 10};
    double differences = 0;
    for (double a : x) {
      for (double b : x) {
        differences += Math.abs(a - b);
      }
    }
    Spread spread = Spread.of(x);
    assertEquals(differences / (2 * 25 * 16 / 5.0), spread.gini(), 1e-15);
    double product = Math.pow(4, 4) * Math.pow(10, 10);
    assertEquals(16 / Math.pow(product, 1 / 16.0), spread.effectiveNumber(), 1e-12);
    assertEquals(0, Spread.of(new double[] {2, 2, 2}).gini(), 1e-15);
    assertEquals(1, Spread.of(new double[] {2, 2, 2}).effectiveShare(), 1e-15);
    assertThrows(InputException.class, () -> Spread.of(new double[] {0, 0}));
    assertThrows(InputException.class, () -> Spread.of(new double[] {1, -1}));
  }

  @Test
  void lossIsTheLogarithmOfTheSoftmax() {
    try (Matrix.Owned logits = Matrix.of(new float[] {0, 0, 0}, new float[] {1000, 1000, 999})) {
      assertEquals(Math.log(3), NextTokenLoss.of(logits, 0, 2), 1e-15);
      assertEquals(1 + Math.log(2 + Math.exp(-1)), NextTokenLoss.of(logits, 1, 2), 1e-12);
    }
  }

  @Test
  void targetsAreReadFromText() {
    assertEquals(9, Target.parse("last", 1).place(10));
    assertEquals(4, Target.parse("4", 1).place(10));
    Target random = Target.parse("random", 1);
    for (int i = 0; i < 50; i++) {
      int place = random.place(10);
      assertEquals(7, place, 2.5, "in the second half");
    }
    for (String wrong : new String[] {"0", "-1", "first", "", "1.5"}) {
      assertThrows(UsageException.class, () -> Target.parse(wrong, 1), wrong);
    }
  }
}
