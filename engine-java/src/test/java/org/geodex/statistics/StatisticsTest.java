package org.geodex.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.geodex.error.InputException;
import org.geodex.statistics.GrowthFit.Law;
import org.junit.jupiter.api.Test;

class StatisticsTest {

  /** R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm"). */
  @Test
  void holmEqualsR() {
    assertArrayEquals(
        new double[] {0.03, 0.06, 0.06, 0.02},
        Holm.adjust(new double[] {0.01, 0.04, 0.03, 0.005}),
        1e-15);
  }

  @Test
  void cliffsDeltaCountsPairs() {
    assertEquals(1, CliffsDelta.of(new double[] {3, 4}, new double[] {1, 2}));
    assertEquals(-1, CliffsDelta.of(new double[] {1}, new double[] {2, 2}));
    assertEquals(0, CliffsDelta.of(new double[] {1, 1}, new double[] {1}));
    // 1 > 0; 1 = 1; 1 < 2; 2 > 0, 1; 2 = 2: (1 − 1 + 2)/6
    assertEquals(2.0 / 6, CliffsDelta.of(new double[] {1, 2}, new double[] {0, 1, 2}));
  }

  /** Of the 2³ signs only two give |sum| ≥ 6. */
  @Test
  void smallPairedTestIsExact() {
    double p = new PermutationTest(1000, 1).paired(new double[] {1, 2, 3}, new double[] {0, 0, 0});
    assertEquals(2.0 / 8, p);
  }

  @Test
  void permutationTestsKeepTheirLevelAndFindAShift() {
    Random random = new Random(3);
    int rejected = 0;
    for (int round = 0; round < 200; round++) {
      double[] a = random.doubles(40).toArray();
      double[] b = random.doubles(40).toArray();
      rejected += new PermutationTest(199, round).unpaired(a, b) <= 0.05 ? 1 : 0;
    }
    assertTrue(rejected <= 20, "5 % expected, got " + rejected + " of 200");
    double[] a = random.doubles(40).toArray();
    double[] shifted = Arrays.stream(a).map(v -> v + 0.5).toArray();
    assertTrue(new PermutationTest(999, 1).paired(a, shifted) <= 0.001);
  }

  @Test
  void bootstrapCoversTheMeanOfANormalSample() {
    Random random = new Random(11);
    int covered = 0;
    for (int round = 0; round < 200; round++) {
      double[] sample = random.doubles(50).toArray();
      Interval interval = new Bootstrap(400, 0.95, round).mean(sample);
      covered += interval.low() <= 0.5 && interval.high() >= 0.5 ? 1 : 0;
    }
    assertTrue(covered >= 180, covered + " of 200");
  }

  /** scipy.stats: kendalltau([1,2,2,4],[1,3,2,4]) = 0.912871, spearmanr = 0.948683. */
  @Test
  void correlationsWithTiesEqualScipy() {
    double[] x = {1, 2, 2, 4};
    double[] y = {1, 3, 2, 4};
    assertEquals(0.9128709291752769, Correlations.kendall(x, y), 1e-15);
    assertEquals(0.9486832980505139, Correlations.spearman(x, y), 1e-15);
    assertEquals(0.7762459638285141, Correlations.pearson(x, new double[] {2, 1, 3, 4.5}), 1e-15);
  }

  @Test
  void fitsFindTheirOwnLaw() {
    double[] x = {1e5, 3e5, 1e6, 3e6, 1e7, 3e7};
    double[] power = Arrays.stream(x).map(v -> 3 * Math.pow(v, 0.2)).toArray();
    GrowthFit fit = GrowthFit.of(Law.POWER, x, power);
    assertArrayEquals(new double[] {3, 0.2}, fit.parameters(), 1e-10);
    assertEquals(1, fit.rSquared(), 1e-12);

    double[] logarithmic = Arrays.stream(x).map(v -> -5 + 2 * Math.log(v)).toArray();
    assertArrayEquals(
        new double[] {-5, 2}, GrowthFit.of(Law.LOGARITHMIC, x, logarithmic).parameters(), 1e-8);

    double[] shifted = Arrays.stream(x).map(v -> 2 * Math.pow(v, -0.3) + 1).toArray();
    GrowthFit best = GrowthFit.of(Law.SHIFTED_POWER, x, shifted);
    assertArrayEquals(new double[] {2, -0.3, 1}, best.parameters(), 1e-4);
  }

  /** On noisy data of one law AIC picks that law. */
  @Test
  void aicPrefersTheTrueLaw() {
    Random random = new Random(5);
    double[] x = new double[30];
    double[] power = new double[30];
    double[] constant = new double[30];
    for (int i = 0; i < 30; i++) {
      x[i] = Math.exp(0.3 * i);
      power[i] = Math.pow(x[i], 0.7) * Math.exp(0.02 * random.nextGaussian());
      constant[i] = 4 * Math.exp(0.02 * random.nextGaussian());
    }
    double powerAic = GrowthFit.of(Law.POWER, x, power).aic();
    assertTrue(powerAic < GrowthFit.of(Law.LOGARITHMIC, x, power).aic());
    assertTrue(powerAic < GrowthFit.of(Law.CONSTANT, x, power).aic());
    assertTrue(
        GrowthFit.of(Law.CONSTANT, x, constant).aic()
            < GrowthFit.of(Law.POWER, x, constant).aic() + 2);
  }

  @Test
  void refusesEqualSizesAndValuesThatAreNotPositive() {
    double[] one = {2, 2};
    assertThrows(InputException.class, () -> GrowthFit.of(Law.POWER, one, new double[] {1, 2}));
    assertThrows(
        InputException.class,
        () -> GrowthFit.of(Law.POWER, new double[] {1, 2}, new double[] {0, 1}));
    assertThrows(
        InputException.class, () -> GrowthFit.of(Law.POWER, new double[] {1}, new double[] {1}));
  }
}
