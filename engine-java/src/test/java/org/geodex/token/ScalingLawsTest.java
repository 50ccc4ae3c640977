package org.geodex.token;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.geodex.statistics.GrowthFit.Law;
import org.geodex.token.ScalingStudy.Measurement;
import org.junit.jupiter.api.Test;

/** Planted laws come out as what they are. */
class ScalingLawsTest {
  private static final int TEXTS = 50;

  private static List<Measurement> models() {
    Random random = new Random(4);
    List<Measurement> models = new ArrayList<>();
    for (long size : new long[] {1_000, 4_000, 16_000, 64_000, 256_000}) {
      double[] power = new double[TEXTS];
      double[] flat = new double[TEXTS];
      double[] loss = new double[TEXTS];
      double[] negative = new double[TEXTS];
      for (int t = 0; t < TEXTS; t++) {
        double noise = 0.01 * random.nextGaussian();
        power[t] = 3 * Math.pow(size, -0.2) * (1 + noise);
        flat[t] = 5 + noise;
        loss[t] = 1 + power[t];
        negative[t] = -1;
      }
      models.add(
          new Measurement(
              "m" + size,
              size,
              8,
              100,
              Map.of(
                  "conditional_entropy", power, "flat", flat, "loss", loss, "diff_erank", negative),
              new double[] {4, 2, 2 * Math.pow(2, -0.5), 2 * Math.pow(3, -0.5)},
              new double[0],
              new double[0]));
    }
    return models;
  }

  @Test
  void aicNamesThePlantedLaw() {
    ScalingLaws laws = new ScalingLaws(models(), 1);
    Map<String, ScalingLaws.Laws> fits = laws.fit();
    ScalingLaws.Laws power = fits.get("conditional_entropy");
    assertTrue(
        power.fits().get(Law.POWER).aic() + 2 < power.fits().get(Law.LOGARITHMIC).aic()
            && power.fits().get(Law.POWER).aic() + 2 < power.fits().get(Law.CONSTANT).aic());
    assertEquals(-0.2, power.exponent().value(), 0.002);
    assertTrue(power.exponent().low() < -0.2 && power.exponent().high() > -0.2);
    assertTrue(fits.get("flat").exponent().low() <= 0 && fits.get("flat").exponent().high() >= 0);
    assertFalse(fits.containsKey("diff_erank"), "no law of growth through negative values");
  }

  @Test
  void lossFollowsConditionalEntropy() {
    ScalingLaws laws = new ScalingLaws(models(), 1);
    assertEquals(1, laws.lossCorrelation().spearman().value(), 1e-12);
    assertEquals(1, laws.lossCorrelation().pearson().low(), 1e-12);
    assertEquals(-0.5, ScalingLaws.decay(models().getFirst()).parameters()[1], 1e-12);
  }
}
