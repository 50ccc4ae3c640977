package org.geodex.intervention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.corpus.ShippedModels;
import org.geodex.model.Model;
import org.junit.jupiter.api.Test;

/** The dose of an intervention, and the strength for a dose. */
class DoseTest {
  private static final Path FOLDER = ShippedModels.folder("gpt2-16");
  private static final int[] BEFORE = {828, 300, 411, 520};
  private static final int[] TOKENS = {333, 640, 702, 289, 415};
  private static final List<Passage> TEXT =
      List.of(
          new Passage(BEFORE, TOKENS, new int[0]),
          new Passage(new int[] {828}, new int[] {500, 501}, new int[0]));

  private static Plan scale(double alpha) {
    return new Plan(
        List.of(
            new Intervention(
                Kind.SCALE, alpha, new TreeSet<>(List.of(1)), false, null, List.of(), 0)));
  }

  /** ½ and ½ against ¼ and ¾: ½ ln 2 + ½ ln ⅔; logits may have any offset. */
  @Test
  void divergenceOfTwoCoins() {
    double[] p = {3, 3};
    double[] q = {Math.log(0.25) - 7, Math.log(0.75) - 7};
    assertEquals(0.5 * Math.log(2) + 0.5 * Math.log(2.0 / 3), Dose.kl(p, q), 1e-12);
    assertEquals(0, Dose.kl(new double[] {1, 2}, new double[] {5, 6}), 1e-12);
  }

  /** Against the forward pass by hand, whose logits give the same mean divergence. */
  @Test
  void doseEqualsAForwardByHand() throws IOException {
    HandGpt2 hand = new HandGpt2(FOLDER);
    HandGpt2.Edit doubled =
        new HandGpt2.Edit() {
          @Override
          public void residual(int state, int place, double[] h) {
            if (state == 1) {
              Arrays.setAll(h, j -> 3 * h[j]);
            }
          }
        };
    double sum = 0;
    int count = 0;
    for (Passage passage : TEXT) {
      int n = passage.before().length;
      int[] all = Arrays.copyOf(passage.before(), n + passage.tokens().length);
      System.arraycopy(passage.tokens(), 0, all, n, passage.tokens().length);
      double[][] p = hand.logits(all, new HandGpt2.Edit() {});
      double[][] q = hand.logits(all, doubled);
      for (int t = n - 1; t < all.length - 1; t++) {
        double zp = Arrays.stream(p[t]).map(Math::exp).sum();
        double zq = Arrays.stream(q[t]).map(Math::exp).sum();
        for (int v = 0; v < p[t].length; v++) {
          sum += Math.exp(p[t][v]) / zp * (p[t][v] - q[t][v] + Math.log(zq / zp));
        }
        count++;
      }
    }
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(FOLDER, backend);
        Dose dose = new Dose(new NextTokens(model, null, true), TEXT, 0)) {
      assertEquals(sum / count, dose.of(scale(3)), 1e-4 * sum / count);
      assertEquals(0, dose.of(scale(1)));
    }
  }

  @Test
  void theStrengthFoundGivesTheDose() {
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(FOLDER, backend);
        Dose dose = new Dose(new NextTokens(model, null, true), TEXT, 0)) {
      double target = dose.of(scale(1.8));
      Dose.Found found = dose.search(Kind.SCALE, target, DoseTest::scale);
      assertEquals(target, dose.of(scale(found.alpha())), Dose.TOLERANCE * target);
      assertEquals(1.8, found.alpha(), 0.1);
      Dose.Found beyond = dose.search(Kind.SCALE, 1e6, DoseTest::scale);
      assertTrue(Double.isNaN(beyond.alpha()));
    }
  }
}
