package org.geodex.intervention;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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

  /** The tokens added to each prompt. */
  List<int[]> write(
      Model model, Tokenizer tokenizer, List<Prompt> prompts, long seed, Plan plan) {
    List<int[]> written = new ArrayList<>();
    ModelConfig config = model.config();
    for (int from = 0; from < prompts.size(); from += batch) {
      int to = Math.min(from + batch, prompts.size());
      int[][] ids = prompts.subList(from, to).stream().map(Prompt::ids).toArray(int[][]::new);
      if (config instanceof BertConfig) {
        written.addAll(infilled(model, tokenizer, ids, from, seed, plan));
      } else {
        LayerHook hook = plan.hook(seed, numbers(from, ids.length), padding(config, ids));
        var ends = Set.copyOf(config.endTokens());
        written.addAll(
            new Generation(newTokens, sampling, seed, ends, true).run(model, ids, from, hook));
      }
    }
    return written;
  }

  private List<int[]> infilled(
      Model model, Tokenizer tokenizer, int[][] ids, int from, long seed, Plan plan) {
    Integer mask = maskToken(model.config(), tokenizer);
    Infilling infilling = new Infilling(newTokens, gibbs, iterations, sampling, seed, mask);
    List<int[]> written = new ArrayList<>();
    for (int b = 0; b < ids.length; b++) {
      LayerHook hook = plan.hook(seed, numbers(from + b, 1), new int[1]);
      written.addAll(infilling.run(model, new int[][] {ids[b]}, from + b, hook));
    }
    return written;
  }

  /** The mask token of BERT and RoBERTa; null for the others. */
  static Integer maskToken(ModelConfig config, Tokenizer tokenizer) {
    return config instanceof BertConfig ? tokenizer.id("[MASK]", "<mask>") : null;
  }

  private static long[] numbers(int from, int count) {
    long[] numbers = new long[count];
    java.util.Arrays.setAll(numbers, b -> (long) from + b);
    return numbers;
  }

  /** GPT-2's prompts are padded in front, T5's behind. */
  private static int[] padding(ModelConfig config, int[][] ids) {
    int longest = java.util.Arrays.stream(ids).mapToInt(row -> row.length).max().orElse(0);
    int[] padding = new int[ids.length];
    if (config.decoderLayers() == 0) {
      java.util.Arrays.setAll(padding, b -> longest - ids[b].length);
    }
    return padding;
  }
}
