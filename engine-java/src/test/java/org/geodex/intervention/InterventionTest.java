package org.geodex.intervention;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.geodex.backend.Backend;
import org.geodex.backend.BackendOptions;
import org.geodex.backend.Backends;
import org.geodex.corpus.ShippedModels;
import org.geodex.error.UsageException;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.Generation;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.Sampling;
import org.geodex.model.TokenBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Interventions against a forward pass by hand, on the smallest shipped model: 2 layers of 16. */
class InterventionTest {
  private static final Path FOLDER = ShippedModels.folder("gpt2-16");
  private static final int[] TOKENS = {828, 300, 411, 520, 333, 640, 702, 289, 415, 512};
  private static final int WIDTH = 16;

  /** f32 against f64: rounding of some hundred operations on values of at most some ten. */
  private static final double ROUNDING = 2e-4;

  private static Intervention of(Kind kind, double alpha, Integer... states) {
    Map<Integer, float[]> vectors = new java.util.HashMap<>();
    float[] u = new float[WIDTH];
    for (int j = 0; j < WIDTH; j++) {
      u[j] = j < 4 ? -0.25f : 0.25f;
    }
    for (int state : states) {
      vectors.put(state, u);
    }
    SortedSet<Integer> at = new TreeSet<>(List.of(states));
    return new Intervention(
        kind,
        alpha,
        at,
        false,
        kind == Kind.TRANSLATE ? new Direction("test", vectors) : null,
        kind == Kind.REMOVE_HEADS ? List.of(1) : List.of(),
        kind == Kind.ATTENTION_SPAN ? 2 : 0);
  }

  private static float[][] logits(Model model, Intervention one) {
    LayerHook hook = new Plan(List.of(one)).hook(7);
    try (Activations pass =
        model.forward(TokenBatch.of(TOKENS), Keep.nothing().withHeads(), hook)) {
      return pass.get("logits").toArray();
    }
  }

  private static void assertEqualsByHand(HandGpt2.Edit edit, Intervention one) throws IOException {
    double[][] expected = new HandGpt2(FOLDER).logits(TOKENS, edit);
    double[][] plain = new HandGpt2(FOLDER).logits(TOKENS, new HandGpt2.Edit() {});
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(FOLDER, backend)) {
      float[][] ours = logits(model, one);
      double changed = 0;
      for (int t = 0; t < expected.length; t++) {
        for (int v = 0; v < expected[t].length; v++) {
          assertEquals(expected[t][v], ours[t][v], ROUNDING, "place " + t + ", token " + v);
          changed = Math.max(changed, Math.abs(expected[t][v] - plain[t][v]));
        }
      }
      assertTrue(changed > 100 * ROUNDING, "the intervention moves logits by " + changed);
    }
  }

  @Test
  void scaleEqualsAForwardByHand() throws IOException {
    assertEqualsByHand(
        new HandGpt2.Edit() {
          @Override
          public void residual(int state, int place, double[] h) {
            if (state == 1) {
              Arrays.setAll(h, j -> 2.5 * h[j]);
            }
          }
        },
        of(Kind.SCALE, 2.5, 1));
  }

  @Test
  void translateMovesByALengthOfTheRow() throws IOException {
    assertEqualsByHand(
        new HandGpt2.Edit() {
          @Override
          public void residual(int state, int place, double[] h) {
            double norm = Math.sqrt(Arrays.stream(h).map(v -> v * v).sum());
            if (state <= 1) {
              Arrays.setAll(h, j -> h[j] + 0.8 * norm * (j < 4 ? -0.25 : 0.25));
            }
          }
        },
        of(Kind.TRANSLATE, 0.8, 0, 1));
  }

  @Test
  void temperatureDividesTheScores() throws IOException {
    assertEqualsByHand(
        new HandGpt2.Edit() {
          @Override
          public void scores(int layer, int head, int place, double[] scores) {
            if (layer == 1) {
              Arrays.setAll(scores, k -> scores[k] / 3);
            }
          }
        },
        of(Kind.ATTENTION_TEMPERATURE, 3, 2));
  }

  @Test
  void uniformMixesOverTheKeysSeen() throws IOException {
    assertEqualsByHand(
        new HandGpt2.Edit() {
          @Override
          public void weights(int layer, int head, int place, double[] w) {
            Arrays.setAll(w, k -> 0.4 * w[k] + 0.6 / w.length);
          }
        },
        of(Kind.ATTENTION_UNIFORM, 0.6, 1, 2));
  }

  @Test
  void spanTakesFarKeysAway() throws IOException {
    assertEqualsByHand(
        new HandGpt2.Edit() {
          @Override
          public void weights(int layer, int head, int place, double[] w) {
            Arrays.setAll(w, k -> place - k > 2 ? 0 : w[k]);
            double sum = Arrays.stream(w).sum();
            Arrays.setAll(w, k -> w[k] / sum);
          }
        },
        of(Kind.ATTENTION_SPAN, 1, 1, 2));
  }

  @Test
  void removedHeadsGiveNothing() throws IOException {
    assertEqualsByHand(
        new HandGpt2.Edit() {
          @Override
          public void weights(int layer, int head, int place, double[] w) {
            if (head == 1) {
              Arrays.fill(w, 0);
            }
          }
        },
        of(Kind.REMOVE_HEADS, 1, 1, 2));
  }

  /** Mean 0 and the asked size over many rows; four standard errors. */
  @Test
  void noiseHasTheSizeOfTheRow() {
    int rows = 2000;
    LayerHook hook = new Plan(List.of(of(Kind.NOISE, 0.5, 0))).hook(3);
    try (Matrix.Owned x = Matrix.allocate(rows, WIDTH)) {
      x.fill(2);
      hook.residual(new LayerHook.Site(org.geodex.model.Stack.ONLY, 0, 1, rows, rows, 0, false), x);
      double sum = 0;
      double squares = 0;
      for (float[] row : x.toArray()) {
        for (float value : row) {
          sum += value - 2;
          squares += (value - 2) * (value - 2);
        }
      }
      int n = rows * WIDTH;
      assertEquals(0, sum / n, 4 / Math.sqrt(n));
      assertEquals(1, squares / n, 4 * Math.sqrt(2.0 / n));
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void strengthZeroChangesNoBit(Kind kind) {
    assertEquals(kind.identity(), kind.alpha(0));
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(FOLDER, backend)) {
      Plan plan = new Plan(List.of(of(kind, kind.alpha(0), 1, 2)));
      Generation drawn = new Generation(20, new Sampling(1, 0, 1), 5, Set.of(), true);
      int[][] prompt = {TOKENS};
      assertArrayEquals(
          drawn.run(model, prompt, 0, LayerHook.NONE).getFirst(),
          drawn.run(model, prompt, 0, plan.hook(5)).getFirst());
      try (Activations plain =
              model.forward(TokenBatch.of(TOKENS), Keep.hiddenStates(), LayerHook.NONE);
          Activations zero =
              model.forward(TokenBatch.of(TOKENS), Keep.hiddenStates(), plan.hook(5))) {
        for (int i = 0; i <= 2; i++) {
          String name = "hidden_states." + i;
          assertEquals(-1, plain.get(name).segment().mismatch(zero.get(name).segment()), name);
        }
      }
    }
  }

  /** Two prompts of different length under noise: cached or not, together or alone. */
  @ParameterizedTest
  @EnumSource(Kind.class)
  void textIsTheSameWithAndWithoutCacheTogetherAndAlone(Kind kind) {
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(FOLDER, backend)) {
      Plan plan = new Plan(List.of(of(kind, kind.alpha(0.7), 1, 2)));
      int[][] prompts = {TOKENS, Arrays.copyOf(TOKENS, 4)};
      Generation greedy = new Generation(12, Sampling.GREEDY, 5, Set.of(), true);
      List<int[]> together = greedy.run(model, prompts, 0, plan.hook(5));
      List<int[]> uncached = greedy.withCache(false).run(model, prompts, 0, plan.hook(5));
      int[][] second = {prompts[1]};
      List<int[]> alone = greedy.run(model, second, 1, plan.hook(5));
      assertArrayEquals(together.get(0), uncached.get(0));
      assertArrayEquals(together.get(1), uncached.get(1));
      assertArrayEquals(together.get(1), alone.getFirst());
    }
  }

  @Test
  void whatTheModelDoesNotHaveIsNamed() {
    try (Backend backend = Backends.open(BackendOptions.defaults());
        Model model = Model.load(FOLDER, backend)) {
      assertRefused(model, of(Kind.SCALE, 2, 3), "layer 3 does not exist");
      assertRefused(model, of(Kind.ATTENTION_UNIFORM, 0.5, 0), "hidden state 0 has no attention");
      Intervention heads =
          new Intervention(
              Kind.REMOVE_HEADS, 1, new TreeSet<>(Set.of(1)), false, null, List.of(9), 0);
      assertRefused(model, heads, "head 9 does not exist");
    }
    assertThrows(UsageException.class, () -> of(Kind.ATTENTION_UNIFORM, 1.5, 1));
    assertThrows(UsageException.class, () -> Kind.parse("shift"));
  }

  private static void assertRefused(Model model, Intervention one, String words) {
    UsageException e =
        assertThrows(UsageException.class, () -> new Plan(List.of(one)).check(model.config()));
    assertTrue(e.getMessage().contains(words), e.getMessage());
    assertFalse(e.getMessage().contains("%"), e.getMessage());
  }
}
