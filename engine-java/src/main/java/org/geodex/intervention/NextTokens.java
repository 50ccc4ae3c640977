package org.geodex.intervention;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
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
 * What a model predicts for the tokens of a {@link Passage} from the right tokens around them.
 * GPT-2 and T5 predict a token from those before it. BERT and RoBERTa read the passage {@value
 * #FOLDS} times, each time with every fifth of its tokens masked; or once, as their prompts are
 * made, with three of every seven masked, and predict those alone.
 */
final class NextTokens {
  static final int FOLDS = 5;

  private final Model model;
  private final Integer maskToken;
  private final boolean once;

  /**
   * Prepares.
   *
   * @param maskToken id of the mask token; null for the causal models
   * @param once BERT, RoBERTa: whether they read a passage once
   */
  NextTokens(Model model, Integer maskToken, boolean once) {
    this.model = model;
    this.maskToken = maskToken;
    this.once = once;
  }

  /** The passage's tokens that are predicted together, in a reading of it. */
  private IntStream together(Passage passage, int reading) {
    IntStream all = IntStream.range(0, passage.tokens().length);
    return once ? all.filter(Prompt::isTaken) : all.filter(i -> i % FOLDS == reading);
  }

  /** How many of a passage's tokens are predicted. */
  int count(Passage passage) {
    boolean some = once && model.config() instanceof BertConfig;
    return some ? (int) together(passage, 0).count() : passage.tokens().length;
  }

  int vocabulary() {
    return model.config().vocabulary();
  }

  /**
   * Logits of the tokens of some passages, passage after passage, [Σ {@link #count}, vocabulary];
   * the caller closes it.
   *
   * @param first number of the first passage, which selects the plan's noise
   */
  Matrix.Owned logits(List<Passage> passages, Plan plan, long seed, long first) {
    int rows = passages.stream().mapToInt(this::count).sum();
    Matrix.Owned logits = Matrix.allocate(rows, model.config().vocabulary());
    try {
      long[] sequences = new long[passages.size()];
      Arrays.setAll(sequences, b -> first + b);
      LayerHook hook = plan.hook(seed).batch(sequences, new int[sequences.length]);
      switch (model.config()) {
        case BertConfig bert -> {
          for (int reading = 0; reading < (once ? 1 : FOLDS); reading++) {
            masked(passages, reading, hook, logits);
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
    int[] asked = places(passages, longest(rows), p -> p.before().length - 1);
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
    int[] asked = places(passages, longest(answers), p -> 0);
    try (Activations pass = forward(batch, asked, hook)) {
      logits.copyFrom(pass.get("logits"));
    }
  }

  private void masked(List<Passage> passages, int reading, LayerHook hook, Matrix logits) {
    int[][] rows = new int[passages.size()][];
    for (int b = 0; b < rows.length; b++) {
      Passage p = passages.get(b);
      int[] tokens = p.tokens().clone();
      together(p, reading).forEach(i -> tokens[i] = maskToken);
      rows[b] = joined(joined(p.before(), tokens), p.after());
    }
    int[] asked =
        places(passages, longest(rows), p -> p.before().length, p -> together(p, reading));
    if (asked.length == 0) {
      return;
    }
    try (Activations pass = forward(padded(rows), asked, hook)) {
      Matrix found = pass.get("logits");
      if (once) {
        logits.copyFrom(found);
        return;
      }
      int from = 0;
      int first = 0;
      for (Passage p : passages) {
        for (int i : together(p, reading).toArray()) {
          logits.rows(first + i, first + i + 1).copyFrom(found.rows(from, ++from));
        }
        first += p.tokens().length;
      }
    }
  }

  private static int[] places(List<Passage> passages, int length, ToIntFunction<Passage> first) {
    return places(passages, length, first, p -> IntStream.range(0, p.tokens().length));
  }

  /**
   * Rows of a padded batch that predict these tokens of the passages.
   *
   * @param first place of the row that predicts a passage's token 0
   */
  private static int[] places(
      List<Passage> passages,
      int length,
      ToIntFunction<Passage> first,
      Function<Passage, IntStream> tokens) {
    return IntStream.range(0, passages.size())
        .flatMap(
            b -> {
              int start = b * length + first.applyAsInt(passages.get(b));
              return tokens.apply(passages.get(b)).map(i -> start + i);
            })
        .toArray();
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
