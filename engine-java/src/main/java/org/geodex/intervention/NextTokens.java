package org.geodex.intervention;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.geodex.error.InputException;
import org.geodex.matrix.Matrix;
import org.geodex.model.Activations;
import org.geodex.model.BertConfig;
import org.geodex.model.Keep;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.T5Config;
import org.geodex.model.TokenBatch;

/**
 * What a model predicts for every token of a {@link Passage} from the right tokens around it. GPT-2
 * and T5 predict a token from those before it. BERT and RoBERTa read the passage {@value #FOLDS}
 * times, each time with every fifth of its tokens masked.
 */
final class NextTokens {
  static final int FOLDS = 5;

  private final Model model;
  private final Integer maskToken;

  /**
   * Prepares.
   *
   * @param maskToken id of the mask token; null for the causal models
   */
  NextTokens(Model model, Integer maskToken) {
    this.model = model;
    this.maskToken = maskToken;
  }

  int vocabulary() {
    return model.config().vocabulary();
  }

  /**
   * Logits of the tokens of some passages, passage after passage, [Σ tokens, vocabulary]; the
   * caller closes it.
   *
   * @param first number of the first passage, which selects the plan's noise
   */
  Matrix.Owned logits(List<Passage> passages, Plan plan, long seed, long first) {
    int rows = passages.stream().mapToInt(p -> p.tokens().length).sum();
    Matrix.Owned logits = Matrix.allocate(rows, model.config().vocabulary());
    try {
      long[] sequences = new long[passages.size()];
      Arrays.setAll(sequences, b -> first + b);
      LayerHook hook = plan.hook(seed).batch(sequences, new int[sequences.length]);
      switch (model.config()) {
        case BertConfig bert -> {
          for (int fold = 0; fold < FOLDS; fold++) {
            masked(passages, fold, hook, logits);
          }
        }
        case T5Config t5 -> answered(passages, t5, hook, logits);
        default -> continued(passages, hook, logits);
      }
      return logits;
    } catch (Throwable e) {
      logits.close();
      throw e;
    }
  }

  private void continued(List<Passage> passages, LayerHook hook, Matrix logits) {
    int[][] rows = new int[passages.size()][];
    for (int b = 0; b < rows.length; b++) {
      Passage p = passages.get(b);
      rows[b] = joined(p.before(), Arrays.copyOf(p.tokens(), p.tokens().length - 1));
    }
    int[] asked = places(passages, longest(rows), p -> p.before().length - 1, 0, 1);
    try (Activations pass = forward(padded(rows), asked, hook)) {
      logits.copyFrom(pass.get("logits"));
    }
  }

  private void answered(List<Passage> passages, T5Config config, LayerHook hook, Matrix logits) {
    int[][] questions = passages.stream().map(Passage::before).toArray(int[][]::new);
    int[][] answers = new int[passages.size()][];
    for (int b = 0; b < answers.length; b++) {
      int[] tokens = passages.get(b).tokens();
      answers[b] =
          joined(new int[] {config.startToken()}, Arrays.copyOf(tokens, tokens.length - 1));
    }
    TokenBatch decoder = padded(answers);
    TokenBatch batch = padded(questions).withDecoder(decoder.inputIds(), decoder.attentionMask());
    int[] asked = places(passages, longest(answers), p -> 0, 0, 1);
    try (Activations pass = forward(batch, asked, hook)) {
      logits.copyFrom(pass.get("logits"));
    }
  }

  private void masked(List<Passage> passages, int fold, LayerHook hook, Matrix logits) {
    int[][] rows = new int[passages.size()][];
    for (int b = 0; b < rows.length; b++) {
      Passage p = passages.get(b);
      int[] tokens = p.tokens().clone();
      for (int i = fold; i < tokens.length; i += FOLDS) {
        tokens[i] = maskToken;
      }
      rows[b] = joined(joined(p.before(), tokens), p.after());
    }
    int[] asked = places(passages, longest(rows), p -> p.before().length, fold, FOLDS);
    try (Activations pass = forward(padded(rows), asked, hook)) {
      int from = 0;
      int first = 0;
      for (Passage p : passages) {
        for (int i = fold; i < p.tokens().length; i += FOLDS) {
          logits.rows(first + i, first + i + 1).copyFrom(pass.get("logits").rows(from, ++from));
        }
        first += p.tokens().length;
      }
    }
  }

  /**
   * Rows of a padded batch that predict the passages' tokens {@code from}, {@code from + step} …
   *
   * @param first place of the row that predicts a passage's token 0
   */
  private static int[] places(
      List<Passage> passages, int length, ToIntFunction<Passage> first, int from, int step) {
    IntStream.Builder places = IntStream.builder();
    for (int b = 0; b < passages.size(); b++) {
      Passage p = passages.get(b);
      for (int i = from; i < p.tokens().length; i += step) {
        places.add(b * length + first.applyAsInt(p) + i);
      }
    }
    return places.build().toArray();
  }

  private Activations forward(TokenBatch batch, int[] asked, LayerHook hook) {
    Activations pass = model.forward(batch, Keep.nothing().withLogits(asked), hook);
    if (!pass.has("logits")) {
      pass.close();
      throw new InputException("%s: has no head that predicts tokens", model.folder());
    }
    return pass;
  }

  private static int[] joined(int[] a, int[] b) {
    int[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  private static int longest(int[][] rows) {
    return Arrays.stream(rows).mapToInt(row -> row.length).max().orElse(0);
  }

  private TokenBatch padded(int[][] rows) {
    int length = longest(rows);
    int[][] ids = new int[rows.length][length];
    int[][] mask = new int[rows.length][length];
    for (int b = 0; b < rows.length; b++) {
      Arrays.fill(ids[b], model.config().padToken());
      System.arraycopy(rows[b], 0, ids[b], 0, rows[b].length);
      Arrays.fill(mask[b], 0, rows[b].length, 1);
    }
    return TokenBatch.of(ids, mask);
  }
}
