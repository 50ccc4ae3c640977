package org.geodex.intervention;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.geodex.error.InputException;
import org.geodex.model.BertConfig;
import org.geodex.model.Generation;
import org.geodex.model.Infilling;
import org.geodex.model.LayerHook;
import org.geodex.model.Model;
import org.geodex.model.ModelConfig;
import org.geodex.model.Sampling;
import org.geodex.model.Tokenizer;

/**
 * Writes texts with a model under a plan: GPT-2 continues, T5 answers, BERT and RoBERTa fill masks
 * behind the prompt.
 *
 * @param newTokens most tokens to add to each prompt
 * @param sampling how a token is chosen
 * @param gibbs BERT, RoBERTa: Gibbs sampling instead of mask–predict
 * @param iterations BERT, RoBERTa: rounds or sweeps
 * @param batch prompts that run together
 */
public record TextWriter(
    int newTokens, Sampling sampling, boolean gibbs, int iterations, int batch) {

  /** The method, for the result. */
  public String method(ModelConfig config) {
    if (config instanceof BertConfig) {
      return gibbs ? "gibbs" : "mask-predict";
    }
    return sampling.isGreedy() ? "greedy" : "sampling";
  }

  /** The tokens added to each prompt. Prompts of like length run together. */
  List<int[]> write(Model model, Tokenizer tokenizer, List<Prompt> prompts, long seed, Plan plan) {
    LayerHook hook = plan.hook(seed);
    long[] order =
        LongStream.range(0, prompts.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> prompts.get(i.intValue()).ids().length))
            .mapToLong(Long::longValue)
            .toArray();
    int[][] written = new int[order.length][];
    for (int from = 0; from < order.length; from += batch) {
      long[] some = Arrays.copyOfRange(order, from, Math.min(from + batch, order.length));
      int[][] ids =
          Arrays.stream(some).mapToObj(i -> prompts.get((int) i).ids()).toArray(int[][]::new);
      List<int[]> added = write(model, tokenizer, ids, some, seed, hook);
      for (int b = 0; b < some.length; b++) {
        written[(int) some[b]] = added.get(b);
      }
    }
    return List.of(written);
  }

  private List<int[]> write(
      Model model, Tokenizer tokenizer, int[][] ids, long[] numbers, long seed, LayerHook hook) {
    ModelConfig config = model.config();
    if (config instanceof BertConfig) {
      int mask = maskToken(config, tokenizer);
      return new Infilling(newTokens, gibbs, iterations, sampling, seed, mask)
          .run(model, ids, numbers, hook);
    }
    Set<Integer> ends = Set.copyOf(config.endTokens());
    return new Generation(newTokens, sampling, seed, ends, true).run(model, ids, numbers, hook);
  }

  /**
   * The mask token of BERT and RoBERTa; null for the others.
   *
   * @throws InputException when the tokenizer names none
   */
  static Integer maskToken(ModelConfig config, Tokenizer tokenizer) {
    if (!(config instanceof BertConfig)) {
      return null;
    }
    Integer mask = tokenizer.id("[MASK]", "<mask>");
    if (mask == null) {
      throw new InputException("the tokenizer names no mask token ([MASK] or <mask>)");
    }
    return mask;
  }
}
