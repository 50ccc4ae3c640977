package org.geodex.token;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.geodex.activation.TokenTable;
import org.geodex.error.InputException;
import org.geodex.model.BertConfig;
import org.geodex.model.ModelConfig;
import org.geodex.model.T5Config;
import org.geodex.model.Tokenizer;

/**
 * A run of tokens whose last one, the target, is to be explained by those before it, and what a
 * model is asked about it: a causal model for the token after the target, BERT and RoBERTa for the
 * target behind a mask, T5 for the target behind its first sentinel.
 *
 * @param ids tokens up to the target
 * @param first the first token that may explain; those before it were added by the tokenizer
 * @param tail tokens that the tokenizer added behind
 * @param question what stands in the target's place when the model is asked
 * @param answer the token that is asked for; −1 when nothing can be asked
 * @param content which tokens belong to content words; null where there is no text
 */
public record Context(
    int[] ids, int first, int[] tail, int question, int answer, boolean[] content) {

  /** The target's place. */
  int target() {
    return ids.length - 1;
  }

  /** Tokens that may explain the target. */
  int candidates() {
    return target() - first;
  }

  /**
   * Refuses tokens that are one and the same where a model has relative positions alone: their rows
   * are equal, and what f32 leaves between them is rounding.
   *
   * @param name of the tokens, for the sentence
   */
  static void requireDifferent(ModelConfig config, String name, int... ids) {
    if (ids.length > 1 && !config.limitedLength() && Arrays.stream(ids).distinct().count() == 1) {
      throw new InputException(
          "%s: its %d tokens are one and the same, which %s, of relative positions, cannot tell apart",
          name, ids.length, config.modelType());
    }
  }

  /** All its tokens, as the model reads them. */
  int[] whole() {
    return IntStream.concat(Arrays.stream(ids), Arrays.stream(tail)).toArray();
  }

  /** A changed context that ends in the target, as the model is asked about it. */
  int[] asked(int[] changed) {
    int[] asked = Arrays.copyOf(changed, changed.length + tail.length);
    asked[changed.length - 1] = question;
    System.arraycopy(tail, 0, asked, changed.length, tail.length);
    return asked;
  }

  /** How contexts are cut from the windows of a text. */
  public static final class Cutter {
    private final ModelConfig config;
    private final int maxLength;
    private final Target target;
    private final Integer mask;

    /**
     * Prepares.
     *
     * @param tokenizer names the mask; null where there is none
     * @param maxLength the most tokens of a context, those behind the target with it
     * @param target chooses among the tokens of a window
     */
    public Cutter(ModelConfig config, Tokenizer tokenizer, int maxLength, Target target) {
      this.config = config;
      this.maxLength = maxLength;
      this.target = target;
      this.mask =
          tokenizer == null
              ? null
              : switch (config) {
                case BertConfig bert -> tokenizer.id("[MASK]", "<mask>");
                case T5Config t5 when t5.decoderLayers() > 0 -> tokenizer.id("<extra_id_0>");
                default -> null;
              };
    }

    /** One context for each window that has the target and what is asked for. */
    public List<Context> cut(TokenTable table) {
      boolean[] content = table.texts().isEmpty() ? null : ContentWords.of(table);
      List<Context> contexts = new ArrayList<>();
      for (TokenTable.Window window : table.windows()) {
        Context context = cut(table, window, content);
        if (context != null) {
          contexts.add(context);
        }
      }
      if (contexts.isEmpty()) {
        throw new InputException(
            "no window of the text has a token to explain with one before it and what is asked"
                + " about it");
      }
      return contexts;
    }

    private Context cut(TokenTable table, TokenTable.Window window, boolean[] content) {
      int begin = window.first();
      int end = begin + window.length();
      // Without a text nothing is known to be added.
      boolean text = content != null;
      int first = begin;
      while (text && first < end && table.starts()[first] < 0) {
        first++;
      }
      int last = end;
      while (text && last > first && table.starts()[last - 1] < 0) {
        last--;
      }
      int most = Math.min(last, begin + maxLength - (end - last));
      int asked = config.causal() ? 1 : 0;
      int count = most - asked - first;
      int place = first + target.place(count);
      if (place <= first || place >= first + count) {
        return null;
      }
      int[] ids = Arrays.copyOfRange(table.tokens(), begin, place + 1);
      int[] tail = Arrays.copyOfRange(table.tokens(), last, end);
      boolean[] words = text ? Arrays.copyOfRange(content, begin, place + 1) : null;
      int own = table.tokens()[place];
      int answer = config.causal() ? table.tokens()[place + 1] : mask == null ? -1 : own;
      return new Context(ids, first - begin, tail, mask == null ? own : mask, answer, words);
    }
  }

  /** The places that may explain, by whether they belong to content words. */
  int[] places(boolean isContent) {
    return IntStream.range(first, target()).filter(i -> content[i] == isContent).toArray();
  }
}
